"""4.3: who waits for an answer must know it for his own; that it fits is not enough."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import OrderPlaced, OrderShipped, ValidationFailed
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, brief
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


def _runs() -> tuple[Trace, ...]:
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


class _Line:
    """What comes over the line, one after the other; it knows how much was taken from it."""

    def __init__(self, announced: Sequence[Announced]) -> None:
        self._announced, self.taken = announced, 0

    def __iter__(self) -> Iterator[Announced]:
        for self.taken, each in enumerate(self._announced, 1):
            yield each
        self.taken += 1


def _is_called(name: str, action: Any) -> bool:
    return type(action).__name__ == name


def _right(correlation_id: str, matches: Callable[[Any], bool], announced: Any) -> Any:
    for each in announced:
        if each.correlation_id == correlation_id:
            if matches(each.action):
                return each.action
            if each.last:
                return None
    return None


@exercise(
    "4.3",
    title="Whose answer is it?",
    question="""\
Two customers order at the same moment, and each waits for *an order that was placed*. The shop announces everything to
everybody. Whoever takes the first announcement that fits may go home with another's order. So each request carries a
`correlation_id`, and so does everything that it causes.

Write `wait_for(correlation_id, matches, announced)`. You can go over `announced` with `for`. It gives values with
`.correlation_id`, `.action`, and `.last`, which is true of the last that comes of a request.

- Return the first action that your own request caused and of which `matches(action)` is true.
- If your request has come to its end and nothing matched, return `None` at once. Who asks for more then waits for ever.

For example: ben's `OrderPlaced` is announced, and then ada's. `wait_for` for ada's request returns the second.""",
    answer="wait_for",
    starter="""\
def wait_for(correlation_id, matches, announced):
    return ...
""",
    hints=(
        "What another request has caused is none of your business, whatever it looks like: go on to the next.",
        "Two things can end your waiting: an action of your own that matches, and the last one of your own.",
        "`for each in announced:`, and in it first `if each.correlation_id == correlation_id:`; within that look at "
        "`matches(each.action)`, and after it at `each.last`.",
    ),
    solution="""\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id == correlation_id:
            if matches(each.action):
                return each.action
            if each.last:
                return None
""",
    wrong=(
        Wrong(
            "What fits must be mine.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if matches(each.action):
            return each.action
        if each.correlation_id == correlation_id and each.last:
            return None
""",
        ),
        Wrong(
            "What is mine must be what I wait for.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id == correlation_id:
            return each.action
""",
        ),
        Wrong(
            "After a refusal it goes on waiting for something that cannot come.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id == correlation_id and matches(each.action):
            return each.action
""",
        ),
        Wrong(
            "Everything is collected first, on a line that never ends.",
            """\
def wait_for(correlation_id, matches, announced):
    mine = [each.action for each in announced if each.correlation_id == correlation_id]
    return next(filter(matches, mine), None)
""",
        ),
        Wrong(
            "The first action of one's own decides, though a request can cause several.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id == correlation_id:
            return each.action if matches(each.action) else None
""",
        ),
        Wrong(
            "Ids are compared by how they begin.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id.startswith(correlation_id):
            if matches(each.action):
                return each.action
            if each.last:
                return None
""",
        ),
    ),
    remember="An answer is known by the request that caused it, never by what it looks like.",
    runs=_runs,
)
def matching(answer: Any, trace: Trace) -> Problem | None:
    """Find a line on which somebody is handed what is another's, or waits for nothing."""
    wait, *announced = trace.commands
    mine, right = _Line(announced), _Line(announced)
    matches = partial(_is_called, wait.name)
    found, wanted = answer(wait.correlation_id, matches, mine), _right(wait.correlation_id, matches, right)
    last, waits = right.taken + 1, f"ada waits for {wait.name} of {wait.correlation_id}"
    if found != wanted:
        whose = next((each for each in announced if each.action == found), None)
        what = "`wait_for` returns the wrong thing."
        if whose is not None and whose.correlation_id != wait.correlation_id:
            what = f"ada is handed what {whose.correlation_id} has caused, which is another customer's."
        where = f"Step {last}, {waits}: it returns {brief(found)}, and should return {brief(wanted)}."
        return Problem(what, where, trace)
    if mine.taken > right.taken:
        end = "what she waits for is there" if wanted else "her request has come to its end without it"
        return Problem(
            "ada waits longer than she must, and on a quiet line for ever.",
            f"Step {last}, {waits}: {end}, and `wait_for` asks for more; it should return {brief(wanted)}.",
            trace,
        )
    return None
