"""A run as a sequence diagram: who asked what, what was answered, and what the state became."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orderlab.core.effects import AppendEvents
from orderlab.drawing.sequence import Message, SequenceDiagram, Turn
from orderlab.exploration.mark import mark_of
from orderlab.exploration.telling.story import beginning, in_a_line, one_line, sentence, shown_steps
from orderlab.exploration.telling.words import (
    abbreviated,
    action_in_words,
    became,
    only_happened,
    stale,
    stands,
    who_decides,
)
from orderlab.exploration.tracestep import NOTE, TraceStep, called
from orderlab.timeline.unknown import counted

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

_LOG, _YOU = "log", "you"
_HEAD, _TAIL = 4, 8


def diagram_of(trace: "Trace") -> SequenceDiagram:
    """Return a run as a picture; of a long one the steps in the middle are counted."""
    writers = [step.writer for step in trace.steps] or [""]
    decider = who_decides(trace.reducer)
    turns = [Turn("", note=f"at first: {beginning(trace)}")]
    shown, mark = shown_steps(trace, _HEAD, _TAIL), mark_of(trace)
    for number, step, log in shown:
        if step is None:
            turns.append(Turn("", note=f"… {counted(number, 'step')} left out …"))
            continue
        remark = mark.text if number == mark.step else ""
        changed = became(trace.reducer, step, log)
        left = changed or stands(trace.reducer, step.state, step.key)
        note = sentence(trace, step, log) if step.part == NOTE else ""
        turns.append(
            Turn(
                str(number),
                () if note else tuple(_short(each, step.key) for each in _messages(trace, step, log, decider)),
                abbreviated(left, step.key),
                bool(changed),
                remark,
                note,
                left,
            )
        )
    if not trace.steps:
        turns.append(Turn("", note="nobody asks for anything"))
    deciders = () if trace.steps and all(map(only_happened, trace.steps)) else (decider,)
    names = (*dict.fromkeys(map(_who, writers)), *deciders, _LOG)
    return SequenceDiagram(names, tuple(turns), f"Sequence diagram: {in_a_line(trace)[1:-1]}", "the state then")


def _messages(trace: "Trace", step: TraceStep, log: Any, decider: str) -> tuple[Message, ...]:
    writer, reducer = _who(step.writer), trace.reducer
    if only_happened(step):
        return tuple(Message(_LOG, writer, f"says: {called(event)}") for event in step.events)
    if step.part == "read":
        return (Message(_LOG, writer, f"reads: {stands(reducer, step.before, step.key)}"),)
    if step.part == "append":
        return _appended(step, writer, writer)
    believed = stale(reducer, step, log)
    before = (Message(_LOG, writer, f"had read: {believed}"),) if believed and not step.part else ()
    asked = (*before, Message(writer, decider, action_in_words(step.command, step.key)))
    if step.is_conflict:
        return *asked, *_appended(step, decider, writer)
    if step.events and not step.failure:
        return *asked, *(Message(decider, _LOG, called(event), "good") for event in step.events)
    said, tone = "nothing", "plain"
    if step.failure:
        said, tone = f"raises {one_line(step.failure)}", "failed"
    elif step.rejection is not None:
        said, tone = f"no: {action_in_words(step.rejection, step.key)}", "refused"
    elif step.decided:  # which is not yet in the log
        said, tone = ", ".join(map(called, step.decided)), "good"
    return *asked, Message(decider, writer, said, tone, dashed=True)


def _appended(step: TraceStep, source: str, writer: str) -> tuple[Message, ...]:
    append = next((each for each in step.effects if isinstance(each, AppendEvents)), None)
    expects = "" if append is None or append.expected_version is None else f", if at version {append.expected_version}"
    names = ", ".join(map(called, step.events or step.decided)) or "nothing"
    asked = Message(source, _LOG, f"append {names}{expects}", "good" if step.events else "plain")
    if step.is_conflict:
        return asked, Message(_LOG, writer, one_line(step.conflict), "refused", dashed=True)
    if step.failure:
        return asked, Message(_LOG, writer, one_line(step.failure), "failed", dashed=True)
    return (asked,)


def _who(writer: str) -> str:
    """Return what a writer is called in the picture, where two others have names already."""
    return f"writer {writer}" if writer in (_LOG, "reducer") or writer.endswith(" decider") else writer or _YOU


def _short(message: Message, key: str | None) -> Message:
    return replace(message, text=abbreviated(message.text, key), full=message.text)
