"""A log as the browser replays it: for each event its place, its kind, and what it changed, as short text.

Nothing of a domain's rules travels: the fold is done here, and the browser only puts patches on one another. What it
gets is small, for a saved notebook keeps it: columns of narrow numbers that refer to lists of texts, compressed.

    length of the header (4 bytes) · header (JSON) · columns, one after another
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np

from orderlab.collector import collector_resting
from orderlab.notebook.columns import Numbered, Streams, Values, packed
from orderlab.notebook.hidden import Hidden
from orderlab.notebook.patches import Changes
from orderlab.timeline.live import FULL_EVERY

_EFFORT = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Happened(Protocol):
    """What is recorded of an event; a `Moment` of a timeline is one."""

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded."""

    @property
    def key(self) -> str:
        """The key of the entity it is about."""

    @property
    def event_type(self) -> str:
        """The name of its type."""

    @property
    def event(self) -> Any:
        """Its value."""

    @property
    def before_name(self) -> str:
        """The name of the state the entity was in."""

    @property
    def after_name(self) -> str:
        """The name of the state the entity then is in."""

    @property
    def before(self) -> Any:
        """The entity before it; None if there was none."""

    @property
    def after(self) -> Any:
        """The entity after it."""


class Way(NamedTuple):
    """How an event led from one state to another, by their names."""

    source: str
    event_type: str
    target: str


@dataclass(frozen=True, slots=True, repr=False)
class Recording:
    """A log as the browser gets it, and how often it went which way.

    Args:
        data: The compressed bytes.
        ways: The ways that the log went, in the order in which they were first gone.
        gone: For each event the number of its way.
    """

    data: bytes
    ways: tuple[Way, ...]
    gone: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.gone)

    def __repr__(self) -> str:
        return f"<Recording of {len(self):,} events in {len(self.data):,} bytes>"

    def taken(self, n: int) -> dict[Way, int]:
        """Return how often each way was gone by the first events."""
        counts = np.bincount(self.gone[:n], minlength=len(self.ways)).tolist()
        return dict(zip(self.ways, counts, strict=True))


def record(moments: Iterable[Happened], *, noun: str, start: str) -> Recording:
    """Return the recording of a log; its bytes are the same for the same events.

    Args:
        moments: All events, in order.
        noun: What an entity is called.
        start: The name of the state before any event.
    """
    recorder = Recorder(noun=noun, start=start)
    with collector_resting():
        for moment in moments:
            recorder.add(moment)
    return recorder.recording()


class Recorder:
    """Takes event after event, and keeps their columns.

    Args:
        noun: What an entity is called.
        start: The name of the state before any event.
    """

    def __init__(self, *, noun: str, start: str) -> None:
        self._noun, self._start = noun, start
        self._times: list[int] = []
        self._streams = Streams()
        self.ways, self._sets = Numbered(), Numbered()
        self._fields: dict[str, Values] = {}
        self._changes, self._hidden = Changes(), Hidden()

    def add(self, moment: Happened) -> list[str]:
        """Take in one more event; return the texts of it that only a search looks at."""
        key, recorded_at = moment.key, moment.recorded_at
        version = self._streams.add(key)
        self._times.append(_milliseconds(recorded_at))
        self.ways.add((moment.before_name, moment.event_type, moment.after_name))
        patch = self._changes.of(moment.before, moment.after, is_full=version % FULL_EVERY == 1)
        self._sets.add(tuple(patch))
        for name, value in patch.items():
            values = self._fields.get(name)
            if values is None:
                values = self._fields[name] = Values()
            values.add(value, key, recorded_at, version)
        names = (key, moment.event_type, moment.after_name)
        return self._hidden.add(moment.event, len(self._times) - 1, patch, names)

    def recording(self) -> Recording:
        """Return what was recorded so far."""
        header, columns = self._result(self._noun, self._start)
        text = json.dumps(header, separators=(",", ":")).encode()
        raw = b"".join([len(text).to_bytes(4, "little"), text, *columns])
        data = gzip.compress(raw, compresslevel=_EFFORT, mtime=0)  # a time in it would make it another every time
        return Recording(data, tuple(map(Way._make, self.ways.numbers)), np.array(self.ways.codes, dtype=np.int64))

    def _result(self, noun: str, start: str) -> tuple[dict[str, Any], list[bytes]]:
        """Return the header, and the columns in the order of its list."""
        fields = {name: number for number, name in enumerate(self._fields)}
        ways = [Way._make(each) for each in self.ways.numbers]
        states = {name: number for number, name in enumerate(dict.fromkeys([start, *(way.target for way in ways)]))}
        types = {name: number for number, name in enumerate(dict.fromkeys(way.event_type for way in ways))}
        gone = np.array(self.ways.codes, dtype=np.int64)
        columns: list[np.ndarray[Any, Any]] = [
            np.diff(np.array(self._times, dtype=np.int64), prepend=self._times[:1]),
            np.array(self._streams.codes, dtype=np.int64),
            np.array([types[way.event_type] for way in ways], dtype=np.int64)[gone],
            np.array([states[way.target] for way in ways], dtype=np.int64)[gone],
            np.array(self._sets.codes, dtype=np.int64),
            np.array(self._hidden.gaps, dtype=np.int64),
            np.array(self._hidden.codes, dtype=np.int64),
            *(np.array(values.codes, dtype=np.int64) for values in self._fields.values()),
        ]
        narrow = [packed(column) for column in columns]
        header = {
            "noun": noun,
            "start": self._times[0] if self._times else 0,
            "keys": list(self._streams.numbers),
            "types": list(types),
            "states": list(states),
            "sets": [[fields[name] for name in names] for names in self._sets.numbers],
            "fields": [{"name": name, "values": values.texts} for name, values in self._fields.items()],
            "hidden": list(self._hidden.numbers),
            "columns": [[column.itemsize, len(column)] for column in narrow],
        }
        return header, [column.tobytes() for column in narrow]


def _milliseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND
