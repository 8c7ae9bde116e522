"""2.5: a day's commands, of which some are refused; a refusal is a value."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.runs import other_commands, runs_of, shop_commands, shortest_first
from orderlab.workshop.exercises.telling import differs_twice

QUESTION = """\
Post is delivered once a day, and a whole pile of commands comes in. Some will be refused: that is no accident, it is an
ordinary day. So `decide` does not *raise* a refusal, it *returns* it, and one that comes too late does not keep the
next from being served.

Write `decide_day(commands, at)`. Take the commands in turn, each on the orders as the ones before it have left them,
and return two lists: all events, and all rejections, each in the order in which they came. In the morning there are no
orders. `decide(command, order, order_id=…, at=…)` and `evolve(order, event)` are orderlab's; every command here has an
`order_id`.

For example: place `order-1`, ship `order-2`, ship `order-1` gives the events `OrderPlaced` and `OrderShipped`, and one
rejection, `OrderNotFound("order-2")`.
"""

STARTER = """\
def decide_day(commands, at) -> tuple[list, list]:
    return ...
"""

HINTS = (
    "What `decide` returns tells by its kind which of the two it is: a tuple is events, anything else is a rejection.",
    "Keep a dictionary of orders by id, as in 1.3, and two lists. A command is decided on "
    "`orders.get(command.order_id)`. If events come of it, they go into the list *and* into the order.",
    "`answer = decide(command, orders.get(key), order_id=key, at=at)`. If `isinstance(answer, tuple)`: for each event "
    "`orders[key] = evolve(orders.get(key), event)`, and `events += answer`. Otherwise `rejections.append(answer)`. "
    "Return both lists after the loop.",
)

SOLUTION = """\
from orderlab import decide, evolve


def decide_day(commands, at):
    orders, events, rejections = {}, [], []
    for command in commands:
        key = command.order_id
        answer = decide(command, orders.get(key), order_id=key, at=at)
        if isinstance(answer, tuple):
            for event in answer:
                orders[key] = evolve(orders.get(key), event)
            events += answer
        else:
            rejections.append(answer)
    return events, rejections
"""

WRONG = (
    Wrong(
        "The first refusal ends the day, as an exception would.",
        SOLUTION.replace("rejections.append(answer)\n", "rejections.append(answer)\n            break\n"),
    ),
    Wrong(
        "A refusal is waited for as an exception, which never comes.",
        """\
from orderlab import decide, evolve


def decide_day(commands, at):
    orders, events, rejections = {}, [], []
    for command in commands:
        key = command.order_id
        try:
            for event in decide(command, orders.get(key), order_id=key, at=at):
                orders[key] = evolve(orders.get(key), event)
                events.append(event)
        except ValueError as refused:
            rejections.append(refused)
    return events, rejections
""",
    ),
    Wrong(
        "Refusals are swallowed: nobody is told.",
        SOLUTION.replace("        else:\n            rejections.append(answer)\n", ""),
    ),
    Wrong(
        "What was decided is not taken in, so every command meets an empty shop.",
        """\
from orderlab import decide


def decide_day(commands, at):
    events, rejections = [], []
    for command in commands:
        answer = decide(command, None, order_id=command.order_id, at=at)
        if isinstance(answer, tuple):
            events += answer
        else:
            rejections.append(answer)
    return events, rejections
""",
    ),
    Wrong(
        "Whatever is answered is written down as a fact.",
        """\
from orderlab import decide, evolve


def decide_day(commands, at):
    orders, events, rejections = {}, [], []
    for command in commands:
        key = command.order_id
        answer = decide(command, orders.get(key), order_id=key, at=at)
        if isinstance(answer, tuple):
            (answer,) = answer
            orders[key] = evolve(orders.get(key), answer)
        events.append(answer)
    return events, rejections
""",
    ),
    Wrong(
        "The orders are kept outside the function, so the next morning begins with those of the day before.",
        SOLUTION.replace(
            "def decide_day(commands, at):\n    orders, events, rejections = {}, [], []\n",
            "orders = {}\n\n\ndef decide_day(commands, at):\n    events, rejections = [], []\n",
        ),
    ),
)


@exercise(
    "2.5",
    title="A refusal is a value",
    question=QUESTION,
    answer="decide_day",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A refusal is a value like any other: it is returned, counted and passed on, and ends nothing.",
    runs=lambda: shortest_first(
        runs_of(ORDERS, shop_commands(2), depth=3, every=True), runs_of(ORDERS, other_commands(2), depth=2, every=True)
    ),
)
def day(answer: Any, trace: Trace) -> Problem | None:
    """Compare the two lists with those of the run, in which all is decided at one time."""
    right = Trace.of(ORDERS, trace.commands)
    at = right.steps[0].at if right.steps else None
    wanted = [*right.events], [step.rejection for step in right.steps if step.rejection is not None]
    told = differs_twice(
        lambda: _two_lists(answer(list(trace.commands), at)), wanted, "decide_day(commands, at)", does="Asked"
    )
    told = told.replace("decide_day(commands, at)[0]", "events").replace("decide_day(commands, at)[1]", "rejections")
    kinds = ", ".join(f"{type(each).__name__} of {each.order_id}" for each in trace.commands) or "none"
    return Problem(told, f"That is for the commands {kinds}.", right) if told else None


def _two_lists(found: Any) -> Any:
    """Return two sequences as a tuple of two lists: in what they come does not matter."""
    if isinstance(found, tuple | list) and all(isinstance(each, tuple | list) for each in found):
        return tuple(map(list, found))
    return found
