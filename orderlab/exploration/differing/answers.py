"""What differs between the answers of two domains to one command, in the order in which it matters."""

from dataclasses import dataclass

from orderlab.drawing.tables import AsTable
from orderlab.exploration.differing.canon import same_canon
from orderlab.exploration.differing.fields import FieldDifference, first_difference
from orderlab.exploration.differing.sides import Answer, Failed, said
from orderlab.exploration.tracestep import TraceStep

Labels = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference(AsTable):
    """What differs first.

    Args:
        what: One sentence that says so; empty if nothing differs.
        field: The field that differs, where it is one.
    """

    what: str = ""
    field: FieldDifference | None = None

    def __bool__(self) -> bool:
        return bool(self.what)


NOTHING = Difference()


def difference_in(one: Answer, other: Answer, labels: Labels, *, effects: bool) -> Difference:
    """Return what differs first; `NOTHING` if nothing does.

    What came of the command comes first, then what tells a pure function (that it leaves alone what it is given, and
    says the same twice), then the fields of what came, then the state after it, and the one that the events fold to.

    Args:
        one: What came of the command on the one side.
        other: The same on the other side.
        labels: What the two are called.
        effects: Compare effects too.
    """
    if _alike(one, other):
        return _purity(one, other, labels) or _replay(one, other, labels)
    return (
        _outcome(one, other, labels)
        or _purity(one, other, labels)
        or _fields(one.step, other.step, labels, effects=effects)
        or _unlike_its_events(one, other, labels)
        or _told(first_difference(one.step.state, other.step.state, "state"), labels)
        or _replay(one, other, labels)
    )


def _alike(one: Answer, other: Answer) -> bool:
    """Tell whether the same came of the command on both sides; that is so nearly always."""
    if one.stays and other.stays:
        return same_canon(said(one.step)[:2], said(other.step)[:2])
    return same_canon(said(one.step), said(other.step))


def _outcome(one: Answer, other: Answer, labels: Labels) -> Difference:
    """Compare what came of the command, in a word or two."""
    kinds = [(each.failure or each.step.outcome, bool(each.step.events)) for each in (one, other)]
    if kinds[0] == kinds[1]:
        return NOTHING
    return Difference(f"{labels[0]} {_did(one)} where {labels[1]} {_did(other)}")


def _did(answer: Answer) -> str:
    step = answer.step
    if step.failure:  # what it says may be another thing each time
        return f"raises {step.failure if step.failure == answer.again.failure else answer.failure}"
    if step.rejection is not None:
        verb = "announces" if type(step.rejection) is type(step.command) else "refuses with"
        return f"{verb} {step.outcome}"
    return f"answers {step.outcome}" if step.events else "causes nothing"


def _purity(one: Answer, other: Answer, labels: Labels) -> Difference:
    """Tell of a side that is no pure function where the other one is."""
    for index, answer, beside in ((0, one, other), (1, other, one)):
        if answer.changed and not beside.changed:
            return Difference(f"{labels[index]} changes the state that it is given, and {labels[1 - index]} does not")
        if not answer.steady and beside.steady:
            field = _unsteady_field(answer)
            return Difference(
                f"{labels[index]} does not say the same twice: asked again on the same state, {field} is another"
            )
    return NOTHING


def _unsteady_field(answer: Answer) -> str:
    """Name the first field that the second answer has another value in."""
    first, again = answer.step, answer.again
    found = (
        first_difference(answer.failure, again.failure.partition(":")[0], "the error")
        or first_difference(first.events, again.events, "events")
        or first_difference(first.effects, again.effects, "effects")
        or first_difference(first.state, again.state, "state")
    )
    return "the answer" if found is None else found.field


def _fields(one: TraceStep, other: TraceStep, labels: Labels, *, effects: bool) -> Difference:
    found = first_difference(one.events, other.events, "events")
    found = found or first_difference(one.rejection, other.rejection, "rejection")
    if found is not None or not effects:
        return _told(found, labels)
    kinds = [", ".join(type(effect).__name__ for effect in step.effects) or "nothing" for step in (one, other)]
    if kinds[0] != kinds[1]:
        return Difference(f"{labels[0]} asks for {kinds[0]} where {labels[1]} asks for {kinds[1]}")
    return _told(first_difference(one.effects, other.effects, "effects"), labels)


def _unlike_its_events(one: Answer, other: Answer, labels: Labels) -> Difference:
    """Tell of a side whose live state is not the one that its events fold to, where that of the other one is."""
    found = [first_difference(each.after.state, each.after.replayed, "state") for each in (one, other)]
    for index, field in enumerate(found):
        if field is not None and found[1 - index] is None and not isinstance(field.other, Failed):
            both = "the live state", "the one replayed from the log"
            return Difference(f"{labels[index]} has another state live than replayed: {field.sentence(both)}")
    return NOTHING


def _replay(one: Answer, other: Answer, labels: Labels) -> Difference:
    """Compare the states that the events fold to, live states being equal."""
    states = one.after.replayed, other.after.replayed
    if (one.stays and other.stays) or same_canon(states[0], states[1]):
        return NOTHING
    for label, state in zip(labels, states, strict=True):
        if isinstance(state, Failed):
            return Difference(f"the events of {label} cannot be replayed: folding them raises {state.kind}")
    told = _unlike_its_events(one, other, labels)
    return told or _told(first_difference(states[0], states[1], "replayed state"), labels)


def _told(found: FieldDifference | None, labels: Labels) -> Difference:
    return NOTHING if found is None else Difference(found.sentence(labels), found)
