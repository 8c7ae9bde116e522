"""A log that grows while it is shown: recorded as far as it has come, and told event by event from there."""

from collections import Counter
from typing import Any

from orderlab.core.decider import Decider
from orderlab.core.log import RecordedEvent
from orderlab.notebook.recording import Recorder, Recording, Way
from orderlab.timeline.asof.moments import Moment
from orderlab.timeline.live import LiveFold, message_of

_AT_LEAST, _SHARE = 1_000, 4
"""A log is recorded anew when so many events have come, and a share of it: so that all of it costs little more."""


class GrowingLog:
    """The events that a board has, in order.

    Args:
        decider: The domain.
    """

    def __init__(self, decider: Decider[Any]) -> None:
        self._fold = LiveFold(decider)
        self._recorder = Recorder(noun=decider.name, start=decider.state_name(None))
        self._told: list[dict[str, Any]] = []  # those after `_begin`
        self._begin = 0
        self._recorded = 0
        self.position = 0
        self.last: Moment | None = None
        self.taken: Counter[Way] = Counter()
        """How often each way was gone."""

    def take(self, recorded: RecordedEvent, *, is_live: bool) -> Way:
        """Take in the next event, and return which way it went.

        Args:
            recorded: The event.
            is_live: Whether a view has the log already, and has to be told.

        Raises:
            CorruptStream: It cannot follow.
        """
        moment = self._fold.take(recorded)
        hidden = self._recorder.add(moment)
        self.position, self.last = recorded.position, moment
        if is_live:
            self._told.append(message_of(moment, recorded.version) | ({"hidden": hidden} if hidden else {}))
        else:
            self._begin = self._recorded = self.position
        way = Way(moment.before_name, moment.event_type, moment.after_name)
        self.taken[way] += 1
        return way

    def since(self, after: int) -> list[dict[str, Any]] | None:
        """Return the messages of all events after a position; None if they are not kept any more."""
        return None if after < self._begin else self._told[after - self._begin :]

    def recording(self) -> Recording:
        """Return the log so far, recorded."""
        return self._recorder.recording()

    @property
    def is_due(self) -> bool:
        """Whether so much has come since the log was recorded that who comes now should have it recorded."""
        return self.position - self._recorded > max(_AT_LEAST, self._recorded / _SHARE)

    def was_recorded(self) -> None:
        """Let go of what is in the recording that views now begin with, but for the last: some may be on their way."""
        del self._told[: self._recorded - self._begin]
        self._begin, self._recorded = self._recorded, self.position

    def __repr__(self) -> str:
        return f"<GrowingLog of {self.position:,} events>"
