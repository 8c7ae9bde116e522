"""What an event store answers, as values that can be compared."""

from dataclasses import dataclass
from typing import Any

from orderlab.core.log import RecordedEvent
from orderlab.drawing.tables import AsTable
from orderlab.timeline.fields import shown


@dataclass(frozen=True, slots=True)
class Accepted(AsTable):
    """The append is in the log: the stream's version after it, and in a batch also the positions."""

    version: int
    positions: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"version {self.version}"


@dataclass(frozen=True, slots=True)
class Refused(AsTable):
    """Something was raised: the kind of error, and what its fields say."""

    error: str
    fields: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        told = ", ".join(f"{name} {shown(value)}" for name, value in self.fields if name != "stream_id")
        return f"{self.error}({told})" if told else self.error


@dataclass(frozen=True, slots=True)
class Answers(AsTable):
    """What came of each append of a batch."""

    each: tuple[Accepted | Refused, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.each)) or "nothing"


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """The events that were read."""

    events: tuple[RecordedEvent, ...]

    def __str__(self) -> str:
        told = ", ".join(f"{each.position}: {each.stream_id} v{each.version}" for each in self.events)
        return told or "no events"


@dataclass(frozen=True, slots=True)
class Streams(AsTable):
    """The streams that there are."""

    streams: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.streams) or "no streams"


@dataclass(frozen=True, slots=True)
class At(AsTable):
    """The position of the last event."""

    position: int

    def __str__(self) -> str:
        return f"position {self.position}"


@dataclass(frozen=True, slots=True)
class Reopened(AsTable):
    """The log was opened again."""

    def __str__(self) -> str:
        return "opened again"


StoreAnswer = Accepted | Refused | Answers | Read | Streams | At | Reopened

STORE_ANSWERS: tuple[type, ...] = (Accepted, Refused, Answers, Read, Streams, At, Reopened)


def refused(error: BaseException) -> Refused:
    """Return an error as a value: its kind and its fields, without its text, which has no one wording."""
    return Refused(type(error).__name__, tuple(sorted(getattr(error, "__dict__", {}).items())))
