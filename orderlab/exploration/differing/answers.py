"""What differs between the answers of two domains to one command, in the order in which it matters."""

from orderlab.exploration.differing.canon import canon
from orderlab.exploration.differing.fields import FieldDifference, first_difference
from orderlab.exploration.differing.sides import Answer, Failed, said
from orderlab.exploration.tracestep import TraceStep

Labels = tuple[str, str]


def difference_in(one: Answer, other: Answer, labels: Labels, *, effects: bool) -> str:
    """Say in one sentence what differs first; an empty text if nothing does.

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
        or _told(first_difference(one.step.state, other.step.state, "state"), labels)
        or _replay(one, other, labels)
    )


def _alike(one: Answer, other: Answer) -> bool:
    """Tell whether the same came of the command on both sides; that is so nearly always."""
    if one.stays and other.stays:
        return canon(said(one.step)[:2]) == canon(said(other.step)[:2])
    return canon(said(one.step)) == canon(said(other.step))


def _outcome(one: Answer, other: Answer, labels: Labels) -> str:
    """Compare what came of the command, in a word or two."""
    kinds = [(each.failure or each.step.outcome, bool(each.step.events)) for each in (one, other)]
    if kinds[0] == kinds[1]:
        return ""
    return f"{labels[0]} {_did(one)} where {labels[1]} {_did(other)}"


def _did(answer: Answer) -> str:
    step = answer.step
    if step.failure:  # what it says may be another thing each time
        return f"raises {step.failure if step.failure == answer.again.failure else answer.failure}"
    if step.rejection is not None:
        return f"refuses with {step.outcome}"
    return f"answers {step.outcome}" if step.events else "causes nothing"


def _purity(one: Answer, other: Answer, labels: Labels) -> str:
    """Tell of a side that is no pure function where the other one is."""
    for index, answer, beside in ((0, one, other), (1, other, one)):
        if answer.changed and not beside.changed:
            return f"{labels[index]} changes the state that it is given, and {labels[1 - index]} does not"
        if not answer.steady and beside.steady:
            field = _unsteady_field(answer)
            return f"{labels[index]} does not say the same twice: asked again on the same state, {field} is another"
    return ""


def _unsteady_field(answer: Answer) -> str:
    """Name the first field that the second answer has another value in."""
    for name, *both in zip(("the error", "effects", "state"), said(answer.step), said(answer.again), strict=True):
        if name == "effects":
            found = first_difference(answer.step.events, answer.again.events, "events")
            found = found or first_difference(*both, name)
        else:
            found = first_difference(*both, name)
        if found is not None:
            return found.field
    return "the answer"


def _fields(one: TraceStep, other: TraceStep, labels: Labels, *, effects: bool) -> str:
    found = first_difference(one.events, other.events, "events")
    found = found or first_difference(one.rejection, other.rejection, "rejection")
    if found is None and effects:
        found = first_difference(one.effects, other.effects, "effects")
    return _told(found, labels)


def _replay(one: Answer, other: Answer, labels: Labels) -> str:
    """Compare the states that the events fold to, live states being equal."""
    states = one.after.replayed, other.after.replayed
    if (one.stays and other.stays) or canon(states[0]) == canon(states[1]):
        return ""
    for index, answer in enumerate((one, other)):
        if isinstance(states[index], Failed):
            return f"the events of {labels[index]} cannot be replayed: folding them raises {states[index].kind}"
        found = first_difference(answer.after.state, states[index], "state")
        if found is not None:
            both = "the live state", "the one replayed from the log"
            return f"{labels[index]} has another state live than replayed: {found.sentence(both)}"
    return _told(first_difference(*states, "replayed state"), labels)


def _told(found: FieldDifference | None, labels: Labels) -> str:
    return "" if found is None else found.sentence(labels)
