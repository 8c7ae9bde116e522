"""Runs that show something, of healthy and of faulty domains, for what tells, replays and asks about runs."""

from dataclasses import replace
from typing import Any

from accounts import ACCOUNTS, Deposit, Withdraw
from loans import LOANS, Buy, Lend, LendAgain, Polish

from orderlab.core.decider import Decider, Step
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.core.errors import VersionConflict
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.actions import CancelOrder, OrderPlaced, OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem, OrderState, Shipped
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE, CANCEL, SHIP = PlaceOrder("ada", [MUG]), CancelOrder("order-1"), ShipOrder("order-1", "TRACK-1")
PLACED = OrderPlaced("order-1", "ada", (MUG,), 500, AT)


def _ship_anything(command: Any, order: Any, *, key: str, at: Any) -> Any:
    if isinstance(command, ShipOrder) and order is not None:
        return (OrderShipped(command.order_id, command.tracking_number, at),)
    return ORDERS.decide(command, order, key=key, at=at)


def _believe_anything(order: Any, event: Any) -> Any:
    if isinstance(event, OrderShipped) and order is not None:
        return replace(order, status=Shipped(event.tracking_number, event.timestamp), version=order.version + 1)
    return ORDERS.evolve(order, event)


def _ship_nothing(command: Any, order: Any, *, key: str, at: Any) -> Any:
    if isinstance(command, ShipOrder):
        return (OrderShipped(order.id, command.tracking_number, at),)
    return ORDERS.decide(command, order, key=key, at=at)


SHIPS_CANCELLED: Decider[Any] = replace(ORDERS, decide=_ship_anything, evolve=_believe_anything)
"""Ships a cancelled order, and sees nothing wrong with that."""

CANNOT_FOLD: Decider[Any] = replace(ORDERS, decide=_ship_anything)
"""Ships a cancelled order, which its own evolve does not take."""

CRASHES: Decider[Any] = replace(ORDERS, decide=_ship_nothing)
"""Raises where an order is to be shipped that nobody has placed."""


class Counter:
    """A reducer that was lifted from no decider: it adds what it is given."""

    def initial_state(self) -> int:
        return 0

    def reduce(self, state: int, action: Any, env: Any) -> Step[int]:
        return Step(state + action)


def life() -> Trace:
    """Return an order that is placed and cancelled, and then not shipped."""
    return Trace.of(ORDERS, [PLACE, CANCEL, SHIP])


def counterexample() -> Trace:
    """Return the run on which a faulty domain ships a cancelled order."""
    return Trace.of(SHIPS_CANCELLED, [PLACE, CANCEL, SHIP], title="A cancelled order is shipped")


def mixed(*, check_versions: bool) -> Trace:
    """Return two writers who read, then decide, then append: one ships what the other cancels."""
    reducer = OrderReducer(check_versions=check_versions)
    env = OrderEnvironment(FixedClock(AT), SequentialIds())
    read = reducer.reduce(OrderState(), PLACED, env).state
    ship, cancel = reducer.reduce(read, SHIP, env), reducer.reduce(read, CANCEL, env)
    shipped, cancelled = _appended(ship), _appended(cancel)
    conflict = f"VersionConflict: {VersionConflict('order-order-1', 1, 2)}" if check_versions else ""

    def step(writer: str, part: str, before: Any, state: Any, *, events: Any = (), failure: str = "") -> TraceStep:
        command, effects = (SHIP, ship.effects) if writer == "A" else (CANCEL, cancel.effects)
        asks = () if part == "read" else effects
        return TraceStep(command, AT, before, state, events, None, failure, "order-1", writer, asks, part)

    return Trace(
        reducer,
        read,
        (
            step("A", "read", read, read),
            step("B", "read", read, read),
            step("A", "decide", read, read),
            step("B", "decide", read, read),
            step("A", "append", read, ship.state, events=shipped),
            step("B", "append", ship.state, ship.state, events=() if conflict else cancelled, failure=conflict),
        ),
        "" if conflict else "B has not seen what A did",
        (PLACED,),
    )


def _appended(step: Step[Any]) -> tuple[Any, ...]:
    return tuple(event for effect in step.effects if isinstance(effect, AppendEvents) for event in effect.events)


def runs() -> dict[str, Trace]:
    """Return runs of all kinds, by what they are."""
    ids = [f"an-order-with-a-rather-long-id-{number}" for number in range(20)]
    many = [each for key in ids for each in (PlaceOrder("ada", [MUG], key), CancelOrder(key), ShipOrder(key, "T-1"))]
    return {
        "life": life(),
        "counterexample": counterexample(),
        "one that cannot be folded": Trace.of(CANNOT_FOLD, [PLACE, CANCEL, SHIP], title="It raises"),
        "a crash": Trace.of(CRASHES, [SHIP], title="It raises"),
        "one command": Trace.of(ORDERS, [PLACE]),
        "sixty commands": Trace.of(OrderReducer(), many, title="Nothing of it is shipped"),
        "accounts": Trace.of(ACCOUNTS, [Deposit(None, 100), Withdraw("account-1", 70), Withdraw("account-1", 70)]),
        "loans": Trace.of(LOANS, [Buy(100), Lend("book-1", "ada"), LendAgain("book-1", "bea"), Polish("book-1")]),
        "given": Trace.of(ORDERS, [SHIP, CANCEL], given=[PLACED], writers=["A", "B"]),
        "lost update": mixed(check_versions=False),
        "conflict": mixed(check_versions=True),
        "started": Trace.of(ORDERS, [SHIP], start=life().states[1]),
        "numbers": Trace.of(Counter(), [1, 2, "three"]),
    }
