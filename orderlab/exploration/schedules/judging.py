"""Tell from the log what became of the writers of one schedule, and whether an update was lost.

An update is lost if an event was accepted that was decided without knowing of another one before it in its stream:
its writer had read the stream at version v, and there is somebody else's event between v and its own. Both events are
in the log, and either says something that the other does not know of; whether they can follow one another is another
question. It is lost as well if the event store has accepted an event that then is not in the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.decider import Decider
from orderlab.core.log import RecordedEvent
from orderlab.exploration.schedules.running import Attempt

Streams = Mapping[str, Sequence[RecordedEvent]]
"""The log of one schedule: by the key of an entity, its events in the order of their positions."""

_GIVEN = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the writers of one schedule.

    Args:
        verdict: One or a few sentences.
        lost: Whether an update was lost.
        broken: Whether something failed, or the log has an event that cannot follow.
        told: The writers who were told of a conflict.
    """

    verdict: str
    lost: bool
    broken: bool
    told: tuple[str, ...]


def judged(attempts: Sequence[Attempt], streams: Streams, decider: Decider[Any]) -> Judged:
    """Return what became of the writers.

    Args:
        attempts: What they did, in order.
        streams: What is in the log now.
        decider: The domain.
    """
    lost = [sentence for each in attempts if each.accepted for sentence in _lost(each, streams)]
    breaks = [sentence for key in streams for sentence in _breaks(streams[key], decider)]
    told = tuple(dict.fromkeys(each.writer.name for each in attempts if each.conflict))
    others = [_ended(each) for each in attempts if not lost or not each.accepted]
    failed = any(each.failure for each in attempts)
    sentences = [*lost, *breaks, *others]
    return Judged(" ".join(sentences), bool(lost), bool(breaks) or failed, told)


def _lost(attempt: Attempt, streams: Streams) -> Iterable[str]:
    """Yield what shows that an accepted decision did not know of what was before it, or is not in the log."""
    name, events = attempt.writer.name, streams.get(attempt.writer.key, ())
    places = [place for place, each in enumerate(events) if _writer_of(each) == name]
    if len(places) < len(attempt.events):
        yield f"{name} wrote {_names(attempt.events)}, and that is not in the log."
    unseen: dict[str, list[Any]] = {}
    for recorded in events[attempt.version : max(places, default=0)]:
        if _writer_of(recorded) != name:
            unseen.setdefault(_writer_of(recorded), []).append(recorded.event)
    if unseen:
        missed = " and ".join(
            f"{_names(each)} of {other}" if other else f"{_names(each)} from before" for other, each in unseen.items()
        )
        yield f"{name} wrote {_names(attempt.events)} without knowing of {missed}."


def _breaks(events: Sequence[RecordedEvent], decider: Decider[Any]) -> Iterable[str]:
    """Yield which event cannot follow what is before it, for whoever folds the log."""
    entity = None
    for place, recorded in enumerate(events):
        try:
            entity = decider.evolve(entity, recorded.event)
        except Exception:  # noqa: BLE001 - evolve may refuse by any error; that it does is what is told
            before = type(events[place - 1].event).__name__ if place else "nothing"
            yield f"{type(recorded.event).__name__} cannot follow {before}."
            return


def _ended(attempt: Attempt) -> str:
    """Return in one sentence what became of what a writer did."""
    name = attempt.writer.name
    if attempt.failure:
        return f"{name} fails: {attempt.failure.rstrip('.')}."
    if attempt.conflict:
        return f"{name} is told that {attempt.conflict}."
    if attempt.rejection is not None:
        return f"{name} is refused: {type(attempt.rejection).__name__}."
    return f"{name} writes {_names(attempt.events)}." if attempt.events else f"{name} changes nothing."


def _names(events: Iterable[Any]) -> str:
    return " and ".join(dict.fromkeys(type(event).__name__ for event in events))


def _writer_of(recorded: RecordedEvent) -> str:
    """Return who wrote an event, as the log says; empty for what was there before."""
    return str(recorded.metadata.get("writer", _GIVEN))
