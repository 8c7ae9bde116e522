"""The exceptions: a bug or the infrastructure, never a domain's refusal (that is a value)."""

from orderlab.drawing.tables import AsTable


class OrderlabError(AsTable, Exception):
    """Base of every exception this package raises on purpose; its text is one sentence for a person."""


class CorruptStream(OrderlabError):
    """An event that cannot follow what its stream holds before it.

    Raised by `evolve` and by replay; it means that the log was not written by `decide`, or was damaged.
    """


class UnreadableEvent(OrderlabError):
    """A stored event that this program cannot turn into a value.

    Its text names the stream, version and position, so that the row can be looked at.
    """


class CodecError(OrderlabError):
    """A payload that does not fit its event type, or a type or schema version that is not known."""


class AppendRefused(OrderlabError):
    """Base of the reasons for which an event store declines one append and writes nothing of it."""


class Unwritable(AppendRefused):
    """An event that cannot be written: no codec entry, or content that JSON cannot hold."""


class EventIdReused(AppendRefused):
    """An append that brings some, but not all, events that are in the log already."""


class VersionConflict(AppendRefused):
    """The stream is not at the version that the writer believed.

    Args:
        stream_id: The stream that was to be appended to.
        expected: The version the writer believed in.
        actual: The version the stream is at.

    >>> print(VersionConflict("order-order-1", 1, 2))
    stream order-order-1 is at version 2, not at 1 as expected
    """

    def __init__(self, stream_id: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream_id} is at version {actual}, not at {expected} as expected")
        self.stream_id = stream_id
        self.expected = expected
        self.actual = actual

    def __reduce__(self) -> tuple[type["VersionConflict"], tuple[str, int, int]]:
        return VersionConflict, (self.stream_id, self.expected, self.actual)
