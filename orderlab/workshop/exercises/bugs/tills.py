"""6.3: a test that tells faulty deciders from right ones, tried on the zoo."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import Command, ValidationFailed
from orderlab.orders.decider import ORDERS, decide
from orderlab.orders.model import Order
from orderlab.workshop import zoo
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.recording import copies_of
from orderlab.workshop.exercises.telling import shown, unless_alike
from orderlab.workshop.zoo.attempt import Attempt, attempt

ENOUGH = 10
"""So many of the faulty ones a test must catch."""

SECONDS = 3.0
"""So long a test may take on each; it is a few milliseconds if nothing is wrong, and under a second with a search."""

IN_ALL = 5
"""So many seconds a check lasts at the most, with all tills in it."""

QUESTION = f"""\
Dealers offer you tills. Every till is a decider, like `ORDERS`, and says that it keeps the rules of your shop. Fourteen
of them have a mistake each, of a kind that people really make. You cannot look inside all of them, so you write *one*
test, and let it loose on every till.

Write `test_till(decider)`. It returns nothing: it fails, by an `assert`, if the decider is wrong, and passes if it is
right. `Trace.of(decider, commands)` runs commands through it; the trace's `.outcomes` are the names of what came of
each, and `.state.entities` has the orders at the end.

It must catch at least {ENOUGH} of the fourteen, and pass on the right ones. There are two of those: one words its
refusals in its own way, which nobody forbade. It may take {SECONDS:g} seconds on a till, and {IN_ALL} on all of them:
`Trace.of` takes next to nothing, and whoever searches, as with `distinguish(decider, ORDERS)`, has time for it. Mind
that this gives a `Distinction`: a test has to `assert` something of it.

For example: `assert Trace.of(decider, [ShipOrder("order-1", "TRACK-1")]).outcomes == ("OrderNotFound",)` catches a till
that says of an order which nobody placed that it is a draft.
"""

STARTER = """\
from orderlab import CancelOrder, OrderItem, PlaceOrder, ShipOrder, Trace


def test_till(decider):
    assert ...
"""

HINTS = (
    "Go through the notebooks: which rules does an order keep? What follows what, and what is refused; the order of "
    "the checks; the total; what an event does to an order. For each rule ask what a till would do that breaks it.",
    "A run in which most is refused catches most. Ship what was cancelled, cancel what was shipped, place what is "
    'there; ship with a blank tracking number what was shipped already, which is a "ValidationFailed". Order none of '
    "something. Cancel for a blank reason.",
    'What the outcomes do not show, the order at the end does: `order = trace.state.entities["order-1"]`. After two '
    "events `order.version` is 2, `order.total_cents` counts every piece, and `order.updated_at` is "
    "`trace.steps[-1].at`.",
)

_BEGINNING = """\
from orderlab import CancelOrder, OrderItem, PlaceOrder, ShipOrder, Trace

PLACE = PlaceOrder("ada", [OrderItem("mug", "Enamel mug", 2, 950)], "order-1")
SHIP, CANCEL = ShipOrder("order-1", "TRACK-1"), CancelOrder("order-1", "Too late")
NONE = PlaceOrder("ada", [OrderItem("mug", "Enamel mug", 0, 950)], "order-1")
BLANK = [ShipOrder("order-1", " "), CancelOrder("order-1", " "), NONE]


def test_till(decider):
    def outcomes(*commands):
        return Trace.of(decider, commands).outcomes

"""

_STATES = """\
    no = "InvalidOrderState"
    assert outcomes(SHIP, CANCEL) == ("OrderNotFound", "OrderNotFound")
    assert outcomes(PLACE, SHIP, SHIP, CANCEL, PLACE) == ("OrderPlaced", "OrderShipped", no, no, no)
    assert outcomes(PLACE, CANCEL, SHIP, CANCEL, PLACE) == ("OrderPlaced", "OrderCancelled", no, no, no)
"""

SOLUTION = (
    _BEGINNING
    + _STATES
    + """\
    assert outcomes(*BLANK) == ("ValidationFailed",) * 3
    assert outcomes(PLACE, SHIP, *BLANK)[2:] == ("ValidationFailed",) * 3
    trace = Trace.of(decider, [PLACE, SHIP])
    order = trace.state.entities["order-1"]
    assert (order.total_cents, order.version) == (1900, 2)
    assert order.updated_at == trace.steps[-1].at == trace.events[-1].timestamp
"""
)

WRONG = (
    Wrong(
        "Only what should go through is tried, and a till that lets everything through looks best.",
        _BEGINNING
        + """\
    assert outcomes(PLACE, SHIP) == ("OrderPlaced", "OrderShipped")
    assert outcomes(PLACE, CANCEL) == ("OrderPlaced", "OrderCancelled")
""",
    ),
    Wrong(
        "It says whether the till is right, but nobody looks at what a test returns.",
        _BEGINNING
        + '    return outcomes(PLACE, CANCEL, SHIP) == ("OrderPlaced", "OrderCancelled", "InvalidOrderState")\n',
    ),
    Wrong(
        "It waits for an error, but a refusal is a value.",
        _BEGINNING
        + """\
    try:
        decider.decide(CANCEL, None, key="order-1", at=None)
    except Exception:
        return
    assert False, "an order that is not there was cancelled"
""",
    ),
    Wrong(
        "It looks at the statuses with care, and never at the fields of a command or at the order that comes of it.",
        _BEGINNING + _STATES,
    ),
    Wrong(
        "It counts how often it was called, for the right ones come first.",
        """\
CALLS = []


def test_till(decider):
    CALLS.append(decider)
    assert len(CALLS) < 3
""",
    ),
    Wrong(
        "It asks for a refusal word for word, and a till that says it otherwise is right as well.",
        SOLUTION
        + """\
    said = Trace.of(decider, BLANK[:1]).steps[0].rejection.error
    assert said == "tracking_number must not be blank"
""",
    ),
)


def _otherwise(command: Command, order: Order | None, /, *, key: str, at: datetime) -> Any:
    """Decide rightly, and word a refusal in another way."""
    answer = decide(command, order, order_id=key, at=at)
    return replace(answer, error="please look at the form again") if isinstance(answer, ValidationFailed) else answer


TILLS = tuple(each for each in zoo.ZOO if each.kind == "decider")
RIGHT = {
    "A right till": ORDERS,
    "A right till that words its refusals in its own way": replace(ORDERS, decide=_otherwise),
}


def _runs() -> tuple[Trace, ...]:
    """Return a run for every till: of a right one an empty one, of another a shortest that shows its mistake."""
    right = [Trace.of(decider, (), title=title) for title, decider in RIGHT.items()]
    faulty = [(number, each.distinction().trace) for number, each in enumerate(TILLS, start=1)]
    shown = [replace(trace, title=f"What till {number} does.") for number, trace in faulty if trace is not None]
    return (*right, *sorted(shown, key=len))


@exercise(
    "6.3",
    title="Fourteen tills",
    question=QUESTION,
    answer="test_till",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A test is worth what it catches: try it on what is wrong, and it shows you what it does not look at.",
    runs=_runs,
)
def tills(answer: Any, trace: Trace) -> Problem | None:
    """Try the test on the one till that a run is of; one that gets away matters only if too few are caught."""
    right = RIGHT.get(trace.title)
    if right is not None:
        made = _attempted(answer, right)
        if made.passed:
            return None
        if made.is_endless:
            return _too_long(trace, trace.title)
        what = "The test fails on a till that is right, so it does not tell right from wrong."
        return Problem(what, f"{trace.title}: it raises {made.error}.", trace)
    return _got_away(answer, trace, next(each for each in range(1, len(TILLS) + 1) if f"till {each} " in trace.title))


def _got_away(answer: Any, trace: Trace, number: int) -> Problem | None:
    """Find that a faulty till gets away, and that too few are caught."""
    made = _attempted(answer, TILLS[number - 1].faulty)
    if made.error:
        return None
    if made.is_endless:
        return _too_long(trace, f"Till {number}")
    score = sum(_caught(answer, each) for each in range(1, len(TILLS) + 1))
    if score >= ENOUGH:
        return None
    told = TILLS[number - 1].distinction()
    what = f"The test catches {score} of {len(TILLS)}, and till {number} is among those that get away."
    if made.returned is not None:
        what += f" It returns {shown(made.returned)}, and nobody looks at what a test returns: assert it."
    told_of = told.what.replace("the faulty one", f"till {number}").replace("the healthy one", "a right till")
    where = f"At step {told.step}: {told_of}."
    right_run = None if told.other is None else unless_alike(replace(told.other, title=trace.title), trace)
    right_run = right_run and replace(right_run, title="What a right till does.")
    return replace(found_at(told.step, f"{told_of}.", where, trace, right_run), what=what)


def _too_long(trace: Trace, till: str) -> Problem:
    what = f"The test takes longer than {SECONDS:g} s on a till: a few commands by Trace.of are quicker."
    return Problem(what, f"{till}: it was ended then.", trace)


def _caught(test: Any, number: int) -> bool:
    return bool(_attempted(test, TILLS[number - 1].faulty).error)


def _attempted(test: Any, till: Decider[Any]) -> Attempt:
    """Run the test on a till that no name tells from another, as a program that has just begun."""

    def decide_so(command: Any, order: Any, /, *, key: str, at: datetime) -> Any:
        return till.decide(command, order, key=key, at=at)

    def evolve_so(order: Any, event: Any, /) -> Any:
        return till.evolve(order, event)

    return attempt(next(copies_of(test)), replace(till, decide=decide_so, evolve=evolve_so), SECONDS)
