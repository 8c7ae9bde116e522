"""A log as the browser replays it: for each event its place, its kind, and what it changed, as short text.

Nothing of a domain's rules travels: the fold is done here, and the browser only puts patches on one another. What it
gets is small, for a saved notebook keeps it: columns of narrow numbers that refer to lists of texts, compressed.

    length of the header (4 bytes) · header (JSON) · columns, one after another

A column of values has codes: `NEW` is the next of the header's list, which nobody has met yet; `TIME`, `VERSION` and
`KEY` are what the event has anyway; what is above refers to a text that was met before.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np

from orderlab.collector import collector_resting
from orderlab.timeline.fields import ABSENT, fields_of, own_fields, shown

FULL_EVERY = 32
"""A patch holds all fields at every so many versions of a stream, so that a state is never further back than that."""

NEW, TIME, VERSION, KEY, MET = range(5)

_EFFORT = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_KEPT = frozenset({str, int, bool, type(None)})  # equal ones look the same: not so times in two zones, 0.0 and -0.0
_WHOLE = _KEPT | {datetime, float, tuple, list, dict, set, frozenset}  # of which `fields_of` makes one field
_WIDTHS = (("<u1", 1 << 8), ("<u2", 1 << 16), ("<u4", 1 << 32))


class Happened(Protocol):
    """What is recorded of an event; a `Moment` of a timeline is one."""

    recorded_at: datetime
    key: str
    event_type: str
    before_name: str
    after_name: str
    before: Any
    after: Any


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
    recorder = _Recorder(start)
    with collector_resting():
        for moment in moments:
            recorder.add(moment)
    header, columns = recorder.result(noun)
    text = json.dumps(header, separators=(",", ":")).encode()
    raw = b"".join([len(text).to_bytes(4, "little"), text, *columns])
    data = gzip.compress(raw, compresslevel=_EFFORT, mtime=0)  # a time in it would make it another every time
    return Recording(data, tuple(map(Way._make, recorder.ways.numbers)), np.array(recorder.ways.codes, dtype=np.int64))


def patch_of(moment: Happened) -> dict[str, str | None]:
    """Return all fields of an entity after an event as short text, and None for those that it no longer has."""
    gone = dict.fromkeys(fields_of(moment.before))
    return gone | {name: _text(value) for name, value in fields_of(moment.after).items()}


def message_of(moment: Happened) -> dict[str, Any]:
    """Return one event as a view takes it that follows a live log."""
    return {
        "key": moment.key,
        "type": moment.event_type,
        "state": moment.after_name,
        "time": _milliseconds(moment.recorded_at),
        "fields": patch_of(moment),
    }


class _Recorder:
    """Takes event after event, and keeps their columns."""

    def __init__(self, start: str) -> None:
        self._times: list[int] = []
        self._streams = _Streams()
        self._types, self._states, self._sets = _Texts(), _Texts(), _Texts()
        self._states.number(start)
        self.ways = _Texts()
        self._fields: dict[str, _Values] = {}
        self._changes = _Changes()

    def add(self, moment: Happened) -> None:
        """Take in one more event."""
        version = self._streams.add(moment.key)
        self._times.append(_milliseconds(moment.recorded_at))
        self._types.add(moment.event_type)
        self._states.add(moment.after_name)
        self.ways.add((moment.before_name, moment.event_type, moment.after_name))
        patch = self._changes.of(moment, is_full=version % FULL_EVERY == 1)
        for name in patch:
            if name not in self._fields:
                self._fields[name] = _Values()
        self._sets.add(tuple(patch))
        for name, value in patch.items():
            self._fields[name].add(value, moment, version)

    def result(self, noun: str) -> tuple[dict[str, Any], list[bytes]]:
        """Return the header, and the columns in the order of its list."""
        numbers = {name: number for number, name in enumerate(self._fields)}
        times = np.diff(np.array(self._times, dtype=np.int64), prepend=self._times[:1])
        columns = [
            _packed(each)
            for each in (
                times,
                self._streams.codes,
                self._types.codes,
                self._states.codes,
                self._sets.codes,
                *(values.codes for values in self._fields.values()),
            )
        ]
        header = {
            "noun": noun,
            "start": self._times[0] if self._times else 0,
            "keys": list(self._streams.numbers),
            "types": list(self._types.numbers),
            "states": list(self._states.numbers),
            "sets": [[numbers[name] for name in names] for names in self._sets.numbers],
            "fields": [{"name": name, "values": values.texts} for name, values in self._fields.items()],
            "columns": [[width, count] for width, count, _ in columns],
        }
        return header, [packed for _, _, packed in columns]


class _Texts:
    """A column of few different values, numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.codes: list[int] = []

    def number(self, value: Any) -> int:
        """Return the number of a value."""
        return self.numbers.setdefault(value, len(self.numbers))

    def add(self, value: Any) -> None:
        """Add the next one of the column."""
        self.codes.append(self.number(value))


class _Streams(_Texts):
    """The column of streams: 0 is a new one, otherwise how many streams ago it was new, for the young ones are busy."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: list[int] = []

    def add(self, value: str) -> int:
        """Add the next one; return the version that its stream has now."""
        number = self.numbers.get(value)
        if number is None:
            self.numbers[value] = len(self._versions)
            self._versions.append(1)
            self.codes.append(0)
            return 1
        self.codes.append(len(self._versions) - number)
        self._versions[number] += 1
        return self._versions[number]


class _Values:
    """The column of a field: one code for each event that changed it, and the texts that the codes refer to."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self.codes: list[int] = []
        self._of_text: dict[str | None, int] = {}
        self._of_value: dict[tuple[type, Any], int] = {}

    def add(self, value: Any, moment: Happened, version: int) -> None:
        """Add the field's value after an event."""
        self.codes.append(self._code(value, moment, version))

    def _code(self, value: Any, moment: Happened, version: int) -> int:
        kind = type(value)
        if kind is int and value == version:
            return VERSION
        if kind is datetime and value.tzinfo is UTC and value == moment.recorded_at:
            return TIME
        if kind not in _KEPT:
            return self._code_of_text(_text(value))
        if kind is str and value == moment.key and shown(value) == value:
            return KEY
        code = self._of_value.get((kind, value))
        if code is None:
            text = _text(value)
            code = self._code_of_text(text)
            self._of_value[kind, value] = code or self._of_text[text]
        return code

    def _code_of_text(self, text: str | None) -> int:
        code = self._of_text.get(text)
        if code is None:
            self._of_text[text] = len(self.texts) + MET
            self.texts.append(text)
            return NEW
        return code


class _Changes:
    """Finds the fields that an event has changed, without opening what it left alone.

    The result is what two calls of `fields_of` would tell; made for each event they are most of an encoding's time.
    """

    def __init__(self) -> None:
        self._kinds: dict[type, _Kind] = {}

    def of(self, moment: Happened, *, is_full: bool) -> dict[str, Any]:
        """Return the fields that may have another value now, and `ABSENT` for those that are gone."""
        before, after = moment.before, moment.after
        kind = self._kind(after)
        if kind.names is None or not (before is None or type(before) is type(after)):
            return dict.fromkeys(fields_of(before), ABSENT) | fields_of(after)
        olds = [ABSENT] * len(kind.names) if before is None else kind.values(before)
        patch: dict[str, Any] = {}
        for name, old, new in zip(kind.names, olds, kind.values(after), strict=True):
            if old is new and not is_full:
                continue
            if type(old) not in _WHOLE and before is not None:
                patch.update(dict.fromkeys(self._opened(name, old), ABSENT))
            if type(new) in _WHOLE:
                patch[name] = new
            else:
                patch.update(self._opened(name, new))
        return patch

    def _opened(self, name: str, value: Any) -> dict[str, Any]:
        kind = self._kind(value)
        if kind.names is not None and kind.called is not None:
            values = kind.values(value)
            if all(type(each) in _WHOLE for each in values):
                return {name: kind.called, **{f"{name}.{part}": each for part, each in zip(kind.names, values)}}
        return fields_of({name: value})

    def _kind(self, value: Any) -> "_Kind":
        kind = self._kinds.get(type(value))
        if kind is None:
            kind = self._kinds[type(value)] = _Kind(value)
        return kind


class _Kind:
    """What is known of a class: the names of its own fields, if it is a dataclass, and what its values are called."""

    def __init__(self, example: Any) -> None:
        own = own_fields(example) if is_dataclass(example) else None
        self.names = None if own is None else tuple(own)
        called = getattr(type(example), "name", None)
        self.called = called if isinstance(called, str) and "name" not in (own or ()) else None

    def values(self, value: Any) -> list[Any]:
        """Return the values of the fields."""
        return [getattr(value, name, ABSENT) for name in self.names or ()]


def _text(value: Any) -> str | None:
    return None if value is ABSENT else shown(value)


def _milliseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND


def _packed(numbers: Sequence[int] | np.ndarray[Any, Any]) -> tuple[int, int, bytes]:
    """Return the width, the count and the bytes of a column, as narrow as its largest number allows."""
    column = np.asarray(numbers, dtype=np.int64)
    largest = int(column.max(initial=0))
    kind = next((kind for kind, above in _WIDTHS if largest < above), "<f8")
    packed = column.astype(kind)
    return packed.itemsize, len(packed), packed.tobytes()
