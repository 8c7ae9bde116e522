"""A line on which everything is announced to everybody, and somebody who waits for something of her own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import OrderPlaced, OrderShipped, ValidationFailed
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording
from orderlab.workshop.exercises.runs import BASKETS

ADA, BEN = "request-1", "request-12"


@dataclass(frozen=True, slots=True)
class Wait(AsTable):
    """Wait for an action of this name that a request of one's own has caused."""

    correlation_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Announced(AsTable):
    """An action that the shop announces: which request caused it, and whether it is the last that comes of that."""

    correlation_id: str
    action: Any
    last: bool


def placed(number: int, customer: str) -> OrderPlaced:
    """Return that a customer's order was placed."""
    return OrderPlaced(f"order-{number}", customer, BASKETS[0], 1_900, AT)


def runs() -> tuple[Trace, ...]:
    """Return the lines that an answer is tried on."""
    wait, shipped = ("ada", Wait(ADA, "OrderPlaced")), ("ada", Wait(ADA, "OrderShipped"))
    refused = ("ada", Announced(ADA, ValidationFailed("items must not be empty"), last=True))
    bens, adas = ("ben", Announced(BEN, placed(1, "ben"), last=True)), Announced(ADA, placed(2, "ada"), last=False)
    on_its_way = ("ada", Announced(ADA, OrderShipped("order-2", "TRACK-2", AT), last=True))
    plans = {
        "An answer at once": (wait, ("ada", Announced(ADA, placed(1, "ada"), last=True))),
        "A refusal, while an order is waited for": (wait, refused),
        "Another customer's order comes first": (wait, bens, ("ada", adas)),
        "A request that causes two events": (shipped, ("ada", adas), on_its_way),
        "The first of two events is waited for": (wait, ("ada", adas), on_its_way),
        "A refusal, and then another customer's order": (wait, refused, bens),
    }
    return tuple(_recorded(plan, title) for title, plan in plans.items())


def _recorded(plan: Sequence[tuple[str, Any]], title: str) -> Trace:
    recording = Recording(ORDERS, title)
    for writer, action in plan:
        said = action.action if isinstance(action, Announced) else None
        events = (said,) if isinstance(said, ORDERS.events) else ()
        recording.tell(writer, action, events, rejection=None if events else said)
    return recording.trace()


class Line:
    """What comes over the line, one after the other; it knows how much was taken from it."""

    def __init__(self, announced: Sequence[Announced]) -> None:
        self._announced, self.taken = announced, 0

    def __iter__(self) -> Iterator[Announced]:
        for each in self._announced:
            self.taken += 1
            yield each
        self.taken += 1


def is_called(name: str, action: Any) -> bool:
    """Tell whether an action is of the type with this name."""
    return type(action).__name__ == name


def wait_for_own(correlation_id: str, matches: Callable[[Any], bool], announced: Any) -> Any:
    """Wait for an action that one's own request has caused."""
    for each in announced:
        if each.correlation_id == correlation_id:
            if matches(each.action):
                return each.action
            if each.last:
                return None
    return None
