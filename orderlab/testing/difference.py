"""Say how two values differ: field by field, a line each, with a minus for what was to be and a plus for what is."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from orderlab.testing.writing import INDENT, Part, in_line, lines_of, taken_apart

LINES = 100
"""How many lines a diff shows at the most."""

_NEAR = 1
"""How many lines are shown around a change."""

_SHORT = 2
"""How many lines are not worth leaving out."""


def failure(sentence: str, stated: Any, actual: Any, *, minus: str = "stated") -> AssertionError:
    """Return the error of a test that states one thing where another is so: a sentence and a diff.

    Args:
        sentence: What is not as stated, without a full stop.
        stated: What was to be.
        actual: What is.
        minus: Whose the lines with a minus are.
    """
    return AssertionError(f"{sentence} (- {minus}, + actual):\n\n{difference(stated, actual)}")


def difference(stated: Any, actual: Any) -> str:
    """Return the lines in which two values differ, each under those it belongs to; `...` is what is left out.

    >>> print(difference({"a": 1, "b": {"c": 2, "d": 3, "e": 4}}, {"a": 1, "b": {"d": 5, "e": 4}}))
      {
          'a': 1,
          'b': {
    -         'c': 2,
    -         'd': 3,
    +         'd': 5,
              'e': 4,
          },
      }
    """
    marked = list(_marked(Part("", stated), Part("", actual), ""))
    if all(line.startswith(" ") for line in marked):
        return "\n".join([*_cut(marked), "(they look the same, and are not equal)"])
    return "\n".join(_cut(_abridged(marked)))


def _marked(stated: Part | None, actual: Part | None, end: str) -> Iterator[str]:
    """Give the lines of two values of one place with their marks; what is equal in both comes once."""
    if stated is not None and actual is not None:
        if stated.value == actual.value:
            yield from (f"  {line}" for line in lines_of(actual, end))
            return
        was, now = taken_apart(stated.value), taken_apart(actual.value)
        if was.opening == now.opening and (was.parts or now.parts):
            yield f"  {actual.label}{now.opening}"
            for before, after in _paired(was.parts, now.parts):
                yield from (f"{line[:2]}{INDENT}{line[2:]}" for line in _marked(before, after, ","))
            yield f"  {now.closing}{end}"
            return
    if stated is not None:
        yield from (f"- {line}" for line in lines_of(stated, end))
    if actual is not None:
        yield from (f"+ {line}" for line in lines_of(actual, end))


def _paired(stated: Sequence[Part], actual: Sequence[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """Give the parts of two values in pairs: by their labels, or in a sequence as they are found again."""
    labelled = any(part.label for part in (*stated[:1], *actual[:1]))
    names, others = ([part.label or in_line(part.value) for part in parts] for parts in (stated, actual))
    for tag, start, end, first, last in SequenceMatcher(None, names, others, autojunk=False).get_opcodes():
        if tag == "replace" and labelled:  # different things, not one that has changed
            yield from ((part, None) for part in stated[start:end])
            yield from ((None, part) for part in actual[first:last])
        else:
            yield from zip_longest(stated[start:end], actual[first:last])


def _abridged(marked: Sequence[str]) -> list[str]:
    """Keep the changed lines, those near them, and those around them that say where they are."""
    kept: set[int] = set()
    brackets: list[tuple[int, int]] = []
    above: list[int] = []
    for index, line in enumerate(marked):
        before = index
        while above and _depth(marked[above[-1]]) >= _depth(line):
            before = above.pop()
        if line[2:].lstrip().startswith((")", "]", "}")):
            brackets.append((before, index))
        if not line.startswith(" "):
            kept.update(above, range(max(index - _NEAR, 0), min(index + _NEAR + 1, len(marked))))
        above.append(index)
    kept.update(*(pair for pair in brackets if not kept.isdisjoint(pair)))
    abridged: list[str] = []
    following = 0
    for index in (*sorted(kept), len(marked)):
        between = marked[following:index]
        abridged += between if len(between) <= _SHORT else [f"{' ' * _depth(between[0])}..."]
        abridged += marked[index : index + 1]
        following = index + 1
    return abridged


def _depth(line: str) -> int:
    return len(line) - len(line[2:].lstrip())


def _cut(lines: Sequence[str]) -> list[str]:
    if len(lines) <= LINES:
        return list(lines)
    return [*lines[:LINES], f"... and {len(lines) - LINES} lines more"]
