"""A log event by event, as it comes: folded, and told in short texts for a page that puts them on one another."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orderlab.core.decider import Decider
from orderlab.core.errors import CorruptStream
from orderlab.core.log import RecordedEvent
from orderlab.timeline.asof.entities import cannot_follow
from orderlab.timeline.asof.moments import Moment
from orderlab.timeline.fields import fields_of, shown

FULL_EVERY = 32
"""All fields are told at every so many versions of a stream, so that a state is never further back than that."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class LiveFold:
    """Fold events one by one, in the order of the log, and say of each what it found and what it left.

    Args:
        decider: The domain.
    """

    def __init__(self, decider: Decider[Any]) -> None:
        self._decider = decider
        self._entities: dict[str, Any] = {}

    def take(self, recorded: RecordedEvent) -> Moment:
        """Take in the next event.

        Raises:
            CorruptStream: It is of another domain, or cannot follow what its stream holds.
        """
        decider = self._decider
        key = decider.key_in(recorded.stream_id)
        before = self._entities.get(key)
        try:
            after = decider.evolve(before, recorded.event)
        except CorruptStream as error:
            raise cannot_follow((recorded.stream_id, recorded.version, recorded.event), error) from error
        self._entities[key] = after
        return Moment(
            recorded.position,
            recorded.recorded_at,
            key,
            recorded.event_type,
            recorded.event,
            before,
            after,
            decider.state_name(before),
            decider.state_name(after),
        )

    def __repr__(self) -> str:
        return f"<LiveFold with {len(self._entities):,} of {self._decider.name}>"


def message_of(moment: Moment, version: int) -> dict[str, Any]:
    """Return one event as a view takes it that follows a log: what it changed, as short text; None for what is gone.

    Args:
        moment: The event.
        version: Its version in its stream.
    """
    before, after = _texts(moment.before), _texts(moment.after)
    is_full = version % FULL_EVERY == 1
    changed = {name: text for name, text in after.items() if is_full or before.get(name) != text}
    return {
        "key": moment.key,
        "type": moment.event_type,
        "state": moment.after_name,
        "time": (moment.recorded_at - _EPOCH) // _MILLISECOND,
        "fields": changed | {name: None for name in before if name not in after},
    }


def _texts(entity: Any) -> dict[str, str]:
    return {name: shown(value) for name, value in fields_of(entity).items()}
