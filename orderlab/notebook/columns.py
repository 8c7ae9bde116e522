"""The columns of a recording: narrow numbers, that stand for what is listed once.

A column of values has codes: `NEW` is the next of its list, which nobody has met yet; `TIME`, `VERSION` and `KEY` are
what the event has anyway; what is above refers to a text that was met before.
"""

from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from orderlab.timeline.fields import ABSENT, WIDTH, shown

NEW, TIME, VERSION, KEY, MET = range(5)

_WIDTHS = (("<u1", 1 << 8), ("<u2", 1 << 16), ("<u4", 1 << 32))


class Numbered:
    """A column of few different values, numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.codes: list[int] = []

    def add(self, value: Any) -> None:
        """Add the next one of the column."""
        self.codes.append(self.numbers.setdefault(value, len(self.numbers)))


class Streams:
    """The column of streams: 0 is a new one, otherwise how many streams ago it was new, for the young ones are busy."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.codes: list[int] = []
        self._versions: list[int] = []

    def add(self, key: str) -> int:
        """Add the next one; return the version that its stream has now."""
        number = self.numbers.get(key)
        if number is None:
            self.numbers[key] = len(self._versions)
            self._versions.append(1)
            self.codes.append(0)
            return 1
        self.codes.append(len(self._versions) - number)
        self._versions[number] += 1
        return self._versions[number]


class Values:
    """The column of a field: one code for each event that changed it, and the texts that the codes refer to."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self.codes: list[int] = []
        self._of_text: dict[str | None, int] = {}
        self._of_number: dict[int, int] = {}
        self._of_many: dict[tuple[type, int], str] = {}

    def add(self, value: Any, key: str, recorded_at: datetime, version: int) -> None:
        """Add the field's value after an event, of which the rest is given."""
        kind = type(value)
        if kind is str:
            code = self._of_string(value, key)
        elif kind is int:
            code = VERSION if value == version else self._of_int(value)
        elif kind is datetime and value.tzinfo is UTC and value == recorded_at:
            code = TIME
        elif kind is tuple:
            code = self._of_tuple(value)
        else:
            code = self._code(text_of(value))
        self.codes.append(code)

    def _of_string(self, value: str, key: str) -> int:
        is_as_shown = len(value) <= WIDTH and value.split() == [value]  # which is quicker than to show it
        if is_as_shown and value == key:
            return KEY
        return self._code(value if is_as_shown else shown(value))

    def _of_int(self, value: int) -> int:
        code = self._of_number.get(value)
        if code is None:
            text = shown(value)
            code = self._code(text)
            self._of_number[value] = self._of_text[text]
        return code

    def _of_tuple(self, value: tuple[Any, ...]) -> int:
        kinds = set(map(type, value))
        if len(kinds) != 1 or not is_dataclass(kind := kinds.pop()):
            return self._code(shown(value))
        # Of values that have fields, what is shown are their number and their kind.
        text = self._of_many.get((kind, len(value)))
        if text is None:
            text = self._of_many[kind, len(value)] = shown(value)
        return self._code(text)

    def _code(self, text: str | None) -> int:
        code = self._of_text.get(text)
        if code is None:
            self._of_text[text] = len(self.texts) + MET
            self.texts.append(text)
            return NEW
        return code


def text_of(value: Any) -> str | None:
    """Return a value as the view shows it; None where there is none any more."""
    return None if value is ABSENT else shown(value)


def packed(column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a column as narrow as its largest number allows."""
    largest = int(column.max(initial=0))
    return column.astype(next((kind for kind, above in _WIDTHS if largest < above), "<f8"))
