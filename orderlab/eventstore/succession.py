"""What the rows of a log leave to the next one, for whoever reads a log from a file."""

from datetime import UTC, datetime

from orderlab.core.log import StoredEvent


class Succession:
    """Check row by row that each can follow those before it: its places, a time not earlier, an id of its own.

    All of it is known before anything is written: an event store refuses an event that does not follow, but then takes
    those after it, in the wrong places.
    """

    def __init__(self) -> None:
        self._position = 0
        self._recorded_at = datetime.min.replace(tzinfo=UTC)
        self._versions: dict[str, int] = {}
        self._ids: set[int] = set()

    def problem_with(self, row: StoredEvent) -> str | None:
        """Say why a row cannot be the next, or take it in."""
        version = self._versions.get(row.stream_id, 0) + 1
        if row.position != self._position + 1:
            return f"position is {row.position}, and {self._position + 1} is next"
        if row.version != version:
            return f"version is {row.version}, and {version} is next in stream {row.stream_id}"
        if row.recorded_at < self._recorded_at:
            return "recorded_at is earlier than on the line before"
        if row.event_id.int in self._ids:
            return f"event_id {row.event_id} is that of an earlier line"
        self._position, self._recorded_at, self._versions[row.stream_id] = row.position, row.recorded_at, version
        self._ids.add(row.event_id.int)
        return None
