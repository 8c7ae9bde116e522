"""Find the first difference of two descriptions, and say where it is and what is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orderlab.exploration.worlds.describing import Description

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference of two values.

    Args:
        path: Where it is, as one would write it in Python.
        one: What one has there, in words.
        other: What the other has there.
    """

    path: str
    one: str
    other: str


def difference(one: Description, other: Description) -> Difference | None:
    """Return the first difference of what two calls came to; None if they came to the same.

    >>> from orderlab.exploration.worlds.describing import described
    >>> difference(described("result", {"a": [1, 2]}), described("result", {"a": [1, 3]}))
    Difference(path="result['a'][1]", one='2', other='3')
    """
    if one[0] != other[0]:
        return Difference("the call", outcome_of(one), outcome_of(other))
    return _first(one[1], other[1], one[0])


def outcome_of(described: Description) -> str:
    """Return what a call came to, in a few words: what it gives, or raises."""
    return f"{'gives' if described[0] == 'result' else 'raises'} {_short(_told(described[1]))}"


def _first(one: Description, other: Description, path: str) -> Difference | None:
    if one == other:
        return None
    if one[:2] != other[:2] or one[0] == "plain":
        return Difference(path, *_told_apart(_told(one), _told(other)))
    return _inside_both(one, other, path)


def _inside_both(one: Description, other: Description, path: str) -> Difference | None:
    """Return the first difference inside two values of one kind."""
    if one[0] == "with":
        return _first(one[2][0], other[2][0], path) or _first(one[2][1], other[2][1], path)
    if one[0] in ("listed", "raised"):
        return _in_list(one, other, path if one[0] == "listed" else f"{path}.args")
    if one[0] == "set":
        return _in_set(one, other, path)
    by_key = _by_key(one[2], other[2], path, "." if one[0] == "fields" else "")
    if by_key is None and one[0] == "keyed":
        return Difference(f"the order of the keys of {path}", _keys(one), _keys(other))
    return by_key


def _in_list(one: Description, other: Description, path: str) -> Difference | None:
    inner = (
        _first(left, right, f"{path}[{place}]")
        for place, (left, right) in enumerate(zip(one[2], other[2], strict=False))
    )
    found = next((each for each in inner if each is not None), None)
    return found or Difference(f"the length of {path}", str(len(one[2])), str(len(other[2])))


def _in_set(one: Description, other: Description, path: str) -> Difference:
    def only(there: list[Any], elsewhere: list[Any]) -> str:
        left = [each[0] for each in there if each not in elsewhere]
        return f"{_short(left[0])} in it" if left else "nothing more in it"

    return Difference(path, only(one[2], other[2]), only(other[2], one[2]))


def _by_key(one: list[Any], other: list[Any], path: str, dot: str) -> Difference | None:
    left, right = dict(one), dict(other)
    for key in left | right:
        place = f"{path}{dot}{key}" if dot else f"{path}[{key}]"
        if key not in right:
            return Difference(place, _told(left[key]), "nothing")
        if key not in left:
            return Difference(place, "nothing", _told(right[key]))
        found = _first(left[key], right[key], place)
        if found is not None:
            return found
    return None


def _told(described: Description) -> str:
    """Return what a value is, in a few words."""
    kind, name, held = described
    if kind == "plain":
        return str(held)
    if kind == "with":
        return _told(held[0])
    return f"{name}({', '.join(_inside(kind, held))})"


def _inside(kind: str, held: list[Any]) -> Iterable[str]:
    for each in held:
        if kind in ("listed", "raised"):
            yield _told(each)
        elif kind == "set":
            yield str(each[0])
        else:
            yield f"{each[0]}={_told(each[1])}" if kind == "fields" else f"{each[0]}: {_told(each[1])}"


def _keys(described: Description) -> str:
    return _short(", ".join(key for key, _ in described[2]))


def _told_apart(one: str, other: str) -> tuple[str, str]:
    """Return two texts, short but not so short that they look the same."""
    if max(len(one), len(other)) <= _LONGEST:
        return one, other
    same = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    begins = max(same - _LONGEST // 2, 0)
    return _short(one, begins), _short(other, begins)


def _short(text: str, begins: int = 0) -> str:
    cut = text[begins : begins + _LONGEST]
    return f"{'…' if begins else ''}{cut}{'…' if len(text) > begins + _LONGEST else ''}"
