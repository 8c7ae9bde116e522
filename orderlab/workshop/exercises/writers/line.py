"""A line on which everything is announced to everybody, and somebody who waits for something of her own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.orders.actions import PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording
from orderlab.workshop.exercises.runs import BASKETS

ADA, BEN = "request-1", "request-12"
PLACE_2 = PlaceOrder("ada", BASKETS[0], "order-2")
SHIP_2 = ShipOrder("order-2", "TRACK-2")
EMPTY = PlaceOrder("ada", (), "order-1")


@dataclass(frozen=True, slots=True)
class Wait(AsTable):
    """Wait for an action of this name that a request of one's own has caused."""

    correlation_id: str
    name: str

    def __str__(self) -> str:
        return f"has sent {self.correlation_id}, and waits for {self.name}"


@dataclass(frozen=True, slots=True)
class Announced(AsTable):
    """An action that the shop announces: which request caused it, and whether it is the last that comes of that."""

    correlation_id: str
    action: Any
    last: bool


def runs() -> tuple[Trace, ...]:
    """Return the lines that an answer is tried on; the first step of each is to wait."""
    wait, shipped = ("ada", Wait(ADA, "OrderPlaced")), ("ada", Wait(ADA, "OrderShipped"))
    refused, first = ("ada", EMPTY, ADA, True), ("ada", PlaceOrder("ada", BASKETS[0], "order-1"), ADA, True)
    bens, adas = ("ben", PlaceOrder("ben", BASKETS[0], "order-1"), BEN, True), ("ada", PLACE_2, ADA, False)
    on_its_way = ("ada", SHIP_2, ADA, True)
    bens_wait, adas_first = ("ben", Wait(BEN, "OrderPlaced")), ("ada", PLACE_2, ADA, True)
    another_of_ada = ("ada", PlaceOrder("ada", BASKETS[1], "order-3"), "request-2", True)
    lines: dict[str, tuple[Any, ...]] = {
        "An answer at once": (wait, first),
        "A refusal, while an order is waited for": (wait, refused),
        "Another customer's order comes first": (wait, bens, adas),
        "Another request of the same customer comes first": (wait, another_of_ada, first),
        "It is ben who waits, and ada's order comes first": (bens_wait, adas_first, bens),
        "A request that causes two events": (shipped, adas, on_its_way),
        "The first of two events is waited for": (wait, adas, on_its_way),
        "A refusal, and then another customer's order": (wait, refused, bens),
    }
    return tuple(_recorded(turns, title) for title, turns in lines.items())


def _recorded(turns: Sequence[Any], title: str) -> Trace:
    recording = Recording(ORDERS, title)
    (writer, wait), *announcements = turns
    recording.tell(writer, wait, part=NOTE)
    for name, command, correlation_id, last in announcements:
        said = ORDERS.decide(command, recording.entity(command.order_id), key=command.order_id, at=recording.at)
        [action] = events = said if isinstance(said, tuple) else (said,)
        rejection = None if isinstance(said, tuple) else said
        announced = (Announced(correlation_id, action, last),)
        recording.tell(name, command, () if rejection else events, rejection=rejection, effects=announced)
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
