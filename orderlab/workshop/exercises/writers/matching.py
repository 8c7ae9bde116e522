"""4.3: who waits for an answer must know it for his own; that it fits is not enough."""

from functools import partial
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.recording import brief
from orderlab.workshop.exercises.writers.line import Line, is_called, runs, wait_for_own


@exercise(
    "4.3",
    title="Whose answer is it?",
    question="""\
Two customers order at the same moment, and each waits for *an order that was placed*. The shop announces
everything to everybody. Whoever takes the first announcement that fits may go home with another's order. So
each request carries a `correlation_id`, and so does everything that it causes.

Write `wait_for(correlation_id, matches, announced)`, a plain `def`: going over `announced` with `for` is all the
waiting there is. It gives values
with `.correlation_id`, `.action`, and `.last`, which is true of the last that comes of a request.

- Return the first action that your own request caused and of which `matches(action)` is true.
- If your request has come to its end and nothing matched, return `None` at once. Who asks for more then waits
  for ever.

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
            "Whose it is, is guessed by the customer in it, and one customer can have sent two requests.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        is_adas = getattr(each.action, "customer_id", "ada") == "ada"
        if is_adas and matches(each.action):
            return each.action
        if each.correlation_id == correlation_id and each.last:
            return None
""",
        ),
        Wrong(
            "It waits for the request of the example, whoever asks.",
            """\
def wait_for(correlation_id, matches, announced):
    for each in announced:
        if each.correlation_id == "request-1":
            if matches(each.action):
                return each.action
            if each.last:
                return None
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
    runs=runs,
)
def matching(answer: Any, trace: Trace) -> Problem | None:
    """Find a line on which somebody is handed what is another's, or waits for nothing."""
    (who, wait), announced = (
        (trace.steps[0].writer, trace.steps[0].command),
        [step.effects[0] for step in trace.steps[1:]],
    )
    mine, until = Line(announced), Line(announced)
    matches = partial(is_called, wait.name)
    found, wanted = answer(wait.correlation_id, matches, mine), wait_for_own(wait.correlation_id, matches, until)
    last, waits = until.taken + 1, f"{who} waits for {wait.name} of {wait.correlation_id}"
    if type(found) is not type(wanted) or found != wanted:
        whose = next((each for each in announced if each.action == found), None)
        what = "wait_for returns the wrong thing."
        if whose is not None and whose.correlation_id != wait.correlation_id:
            is_other = trace.steps[1 + announced.index(whose)].writer != who
            owner = "another customer's" if is_other else "another request"
            what = f"{who} is handed what {whose.correlation_id} has caused, which is {owner}."
        where = f"Step {last}, {waits}: it returns {brief(found)}, and should return {brief(wanted)}."
        return found_at(last, what, where, trace)
    if mine.taken > until.taken:
        end = "what is waited for is there" if wanted else "the request has come to its end without it"
        return found_at(
            last,
            f"{who} waits longer than need be, and on a quiet line for ever.",
            f"Step {last}, {waits}: {end}, and wait_for asks for more; it should return {brief(wanted)}.",
            trace,
        )
    return None
