"""`orderlab demo`: the life of three orders, told line by line."""

from typing import Any

from orderlab.cli.console import OUT, perform, show_text
from orderlab.cli.telling import told
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.replay import load_state
from orderlab.runtime import Store

MUG = OrderItem("mug", "Enamel mug", 2, 950)
LAMP = OrderItem("lamp", "Desk lamp", 1, 4_200)

STORY: tuple[tuple[str, Any], ...] = (
    ("Ada orders two mugs and a lamp.", PlaceOrder("ada", (MUG, LAMP))),
    ("The parcel leaves the house.", ShipOrder("order-1", "TRACK-001")),
    ("Grace orders a lamp,", PlaceOrder("grace", (LAMP,))),
    ("and thinks better of it.", CancelOrder("order-2", "Found one in the attic")),
    ("Ada wants to cancel: too late.", CancelOrder("order-1")),
    ("Somebody ships an order that nobody placed.", ShipOrder("order-9", "TRACK-002")),
    ("Alan orders nothing at all.", PlaceOrder("alan", ())),
)


def demo() -> None:
    """Place, ship, cancel, be refused, and replay: the whole idea in a few seconds, in memory."""
    perform(_tell())


async def _tell() -> None:
    clock = TestClock()
    env = OrderEnvironment(clock, SequentialIds())
    async with InMemoryEventStore(clock=clock) as event_store:
        async with Store(OrderReducer(), OrderState(), env, event_store) as store:
            OUT.print("Commands go in; facts come out, or a refusal.\n")
            for line, command in STORY:
                clock.advance(60)
                _say(line, command, await store.send(command))
            live = store.state
        OUT.print("The log holds what happened, and nothing else:\n")
        async for recorded in event_store.read_all():
            show_text(f"  {recorded.position}. {told(recorded.event)}", indent=5)
        for position in range(await event_store.head() + 1):
            state = await load_state(event_store, until=position)
            counted = ", ".join(f"{count} {name}" for name, count in state.counts().items() if count)
            OUT.print(f"\nReplayed up to {position}: {counted or 'no orders yet'}.", end="")
        same = "is" if await load_state(event_store) == live else "IS NOT"
        OUT.print(f"\n\nThe state that was folded again from the log {same} the one the store held.")


def _say(line: str, command: Any, outcome: Outcome) -> None:
    OUT.print(f"[bold]{line}[/bold]")
    show_text(f"  command    {told(command)}", indent=13)
    for event in outcome.events:
        show_text(f"  event      {told(event)}", indent=13)
    if outcome.rejection is not None:
        show_text(f"  rejection  {told(outcome.rejection)}", indent=13)
    OUT.print()
