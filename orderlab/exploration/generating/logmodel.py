"""A log as a list of streams and numbers: what every event store must agree with."""

from orderlab.core.effects import AppendEvents
from orderlab.core.log import Appended

_OFF_BY = {"right": 0, "too low": -1, "too high": 1}
BELIEFS = ("nothing", *_OFF_BY, "no stream")
"""What a writer may believe of a stream's version."""


class LogModel:
    """A log as a list of streams and numbers, and what each append must be answered.

    Attributes:
        log: The stream and the number of each event, in position order.
    """

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []

    def stream(self, stream_id: str) -> list[int]:
        """Return the numbers in a stream, in its order."""
        return [number for each, number in self.log if each == stream_id]

    def streams(self) -> list[str]:
        """Return the streams, in the order of their first events."""
        return list(dict.fromkeys(each for each, _ in self.log))

    def rows(self) -> list[tuple[int, str, int, int]]:
        """Return the position, stream, version and number of each event."""
        versions: dict[str, int] = {}
        rows = []
        for position, (stream_id, number) in enumerate(self.log, start=1):
            versions[stream_id] = versions.get(stream_id, 0) + 1
            rows.append((position, stream_id, versions[stream_id], number))
        return rows

    def expected_version(self, stream_id: str, belief: str) -> int | None:
        """Return the version that a writer of this belief expects; less than zero for one that there cannot be."""
        if belief in _OFF_BY:
            return len(self.stream(stream_id)) + _OFF_BY[belief]
        return None if belief == "nothing" else 0

    def append(self, append: AppendEvents) -> Appended | tuple[int, int]:
        """Append if the expectation is right; else return the versions that the conflict must name."""
        version = len(self.stream(append.stream_id))
        if append.expected_version is not None and append.expected_version != version:
            return append.expected_version, version
        start = len(self.log)
        self.log += [(append.stream_id, new.event.number) for new in append.events]
        return Appended(version + len(append.events), tuple(range(start + 1, len(self.log) + 1)))
