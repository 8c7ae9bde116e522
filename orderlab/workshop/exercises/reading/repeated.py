"""5.5: an event that is handed over twice counts once, and two equal events count twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at, up_to
from orderlab.workshop.exercises.reading.disk import At
from orderlab.workshop.exercises.recording import Recording, brief
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take, Taken

COMMANDS = (Fill("mugs", 9), Take("mugs", 2), Take("mugs", 2))


@dataclass(frozen=True, slots=True)
class Deliver(AsTable):
    """Hand the event at a position to the projection."""

    position: int

    def __str__(self) -> str:
        return f"brings the event at position {self.position}"


def _right(model: dict[str, int], recorded: At) -> dict[str, int]:
    if recorded.position <= model["position"]:
        return model
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {"taken": model["taken"] + pieces, "position": recorded.position}


def _runs() -> tuple[Trace, ...]:
    orders = {
        "The first event": (1,),
        "Each once": (1, 2),
        "The same one twice in a row": (1, 2, 2),
        "Two equal events": (1, 2, 3),
        "The courier goes back to the beginning": (1, 2, 1, 2),
        "The courier goes back, and then goes on": (1, 2, 1, 2, 3),
        "All of it twice": (1, 2, 3, 1, 2, 3),
    }
    return tuple(_run(title, positions) for title, positions in orders.items())


def _run(title: str, positions: Sequence[int]) -> Trace:
    recording = Recording(SHELF, title)
    for command in COMMANDS[: max(positions)]:
        recording.tell(
            "shop", command, SHELF.decide(command, recording.entity("mugs"), key="mugs", at=None), key="mugs"
        )
    for position in positions:
        recording.tell("courier", Deliver(position), key="mugs", part=NOTE)
    return recording.trace()


_IMPORT = "from orderlab.workshop.exercises.shelf import Taken\n\n\n"


@exercise(
    "5.5",
    title="Handed over twice",
    question="""\
A courier brings the events of the log to a projection that counts how many mugs were taken. He promises that
every event comes, in order. He does not promise that it comes once: after a trouble on the way he goes back
some events, and brings them again.

Write `count(model, recorded)`, which returns the model after what was brought. The model is
`{"taken": pieces, "position": position of the last event that is in it}`; both are 0 at first. `recorded` has
`.position` and `.event`, and a `Taken` has `.pieces`. Events of other types count nothing, but are passed.

For example: at position 2 and 3 one mug each was taken. Brought 1, 2, 2, 3 the model is
`{"taken": 2, "position": 3}`.""",
    answer="count",
    starter=f"""\
{_IMPORT}def count(model, recorded):
    return ...
""",
    hints=(
        "Two people can take one mug each. Their events are equal and both count, so looking at the event itself "
        "does not help.",
        "What does no event share with another? And what does the model know about the events that are in it?",
        'Whatever is at or before `model["position"]` is in the model already: `if recorded.position <= '
        'model["position"]: '
        "return model`.",
    ),
    solution=f"""\
{_IMPORT}def count(model, recorded):
    if recorded.position <= model["position"]:
        return model
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + pieces, "position": recorded.position}}
""",
    wrong=(
        Wrong(
            "Whatever is brought is counted.",
            f"""\
{_IMPORT}def count(model, recorded):
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + pieces, "position": recorded.position}}
""",
        ),
        Wrong(
            "The events are counted, and not the mugs.",
            f"""\
{_IMPORT}def count(model, recorded):
    if recorded.position <= model["position"]:
        return model
    taken = 1 if isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + taken, "position": recorded.position}}
""",
        ),
        Wrong(
            "Only the last event can come again.",
            f"""\
{_IMPORT}def count(model, recorded):
    if recorded.position == model["position"]:
        return model
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + pieces, "position": recorded.position}}
""",
        ),
        Wrong(
            "Equal events are taken for the same event.",
            f"""\
{_IMPORT}def count(model, recorded):
    seen = model.get("seen", ())
    if recorded.event in seen:
        return {{**model, "position": max(model["position"], recorded.position)}}
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {{
        "taken": model["taken"] + pieces,
        "position": recorded.position,
        "seen": (*seen, recorded.event),
    }}
""",
        ),
        Wrong(
            "A repetition is not counted, but it moves the position back.",
            f"""\
{_IMPORT}def count(model, recorded):
    is_new = recorded.position > model["position"]
    pieces = recorded.event.pieces if is_new and isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + pieces, "position": recorded.position}}
""",
        ),
        Wrong(
            "The position is counted up by one instead of being taken over, so it runs ahead of the log.",
            f"""\
{_IMPORT}def count(model, recorded):
    if recorded.position < model["position"]:
        return model
    pieces = recorded.event.pieces if isinstance(recorded.event, Taken) else 0
    return {{"taken": model["taken"] + pieces, "position": model["position"] + 1}}
""",
        ),
    ),
    remember="An event is known by its position: what is not after the model's own is in it already.",
    runs=_runs,
)
def repeated(answer: Any, trace: Trace) -> Problem | None:
    """Find the first event after which the model has counted another number than were taken."""
    events = trace.events
    model: Any = {"taken": 0, "position": 0}
    wanted = dict(model)
    for number, step in enumerate(trace.steps, 1):
        if not isinstance(step.command, Deliver):
            continue
        recorded = At(step.command.position, events[step.command.position - 1])
        model, wanted = answer(model, recorded), _right(wanted, recorded)
        where = f"Step {number}, position {recorded.position} is brought ({brief(recorded.event)})"
        so_far = up_to(trace, number)
        if not isinstance(model, dict):
            what = "count does not return the model."
            return found_at(number, what, f"{where}: it returns {brief(model)}.", so_far)
        for field, should in wanted.items():
            if not isinstance(model.get(field), int) or model[field] != should:
                what = f"{field} is wrong after position {recorded.position} was brought."
                seen = f"{field} is {brief(model.get(field))}, and should be {should}"
                return found_at(number, what, f"{where}: {seen}.", so_far)
    return None
