"""How many entities are in which state, as of any position, whatever is called a state."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from orderlab.timeline.asof.index import Index, Integers
from orderlab.timeline.asof.walking import Stride

_BLOCK = 512
"""Counts are kept at every so many positions; between them the events are counted."""

_BLOCKS_TOGETHER = 2_048


class RunningCounts:
    """Count entities by label as of any position, in a time that does not grow with the log.

    Args:
        labels: The number of the label that each event gives its entity, in position order.
        names: The labels by their numbers.
        index: Where the events of each stream are.
        failure: What went wrong with the event after the last label, if there is not one for each event.
    """

    def __init__(self, labels: Integers, names: Sequence[str], index: Index, failure: Exception | None = None) -> None:
        none = len(names)
        self.failure = failure
        self._until = len(labels)
        if failure is not None:  # after the last label nothing is counted, so whatever stands there does not matter
            labels = np.concatenate([labels, np.zeros(len(index) - len(labels), dtype=labels.dtype)])
        self._names = names
        self._gained = labels
        self._lost = np.full(len(labels), none, dtype=np.min_scalar_type(none))
        has_later = index.later <= len(labels)
        self._lost[index.later[has_later] - 1] = labels[has_later]
        self._block = max(_BLOCK, none)  # the more labels, the longer the rows, and the fewer of them
        self._at_starts = self._counted_at_starts()

    def at(self, n: int) -> dict[str, int]:
        """Return how many entities have each label as of a position; those that none has are left out.

        Raises:
            Exception: The `failure`, if the position is not before it.
        """
        if n > self._until and self.failure is not None:
            raise self.failure
        block = n // self._block
        start, width = block * self._block, len(self._names) + 1
        counts = self._at_starts[block] + np.bincount(self._gained[start:n], minlength=width)
        counts -= np.bincount(self._lost[start:n], minlength=width)
        return {name: count for name, count in zip(self._names, counts.tolist(), strict=False) if count}

    def _counted_at_starts(self) -> Integers:
        length, width, size = len(self._gained), len(self._names) + 1, self._block
        table = np.zeros((length // size + 1, width), dtype=np.int32 if length < 2**31 else np.int64)
        for first in range(0, length // size, _BLOCKS_TOGETHER):
            blocks = min(_BLOCKS_TOGETHER, length // size - first)
            places = slice(first * size, (first + blocks) * size)
            row = np.repeat(np.arange(blocks) * width, size)
            gained = np.bincount(row + self._gained[places], minlength=blocks * width)
            lost = np.bincount(row + self._lost[places], minlength=blocks * width)
            table[first + 1 : first + 1 + blocks] = (gained - lost).reshape(blocks, width)
        np.cumsum(table, axis=0, out=table)
        return table


def labelled(
    walk: Iterable[list[Stride]], length: int, by: Callable[[Any], str], known: Sequence[str] = ()
) -> tuple[Integers, tuple[str, ...], Exception | None]:
    """Label the entity after each event, by one fold, as far as it goes.

    Args:
        walk: The log, folded.
        length: How many events it has.
        by: Gives the label of an entity.
        known: Labels that come first, in this order.

    Returns:
        The number of the label after each event, the labels by their numbers, and what went wrong with the event after
        the last that has one.
    """
    numbers = {name: number for number, name in enumerate(known)}
    labels, found, failure = np.empty(length, dtype=np.int32), list[int](), None
    done = 0
    try:
        for stretch in walk:
            for stride in stretch:
                found.append(numbers.setdefault(_label(by, stride), len(numbers)))
            labels[done : done + len(found)] = found
            done += len(found)
            found.clear()
    except Exception as error:  # noqa: BLE001 - raised when somebody asks for a position that has it before it
        failure = error
    labels[done : done + len(found)] = found
    return labels[: done + len(found)].astype(np.min_scalar_type(len(numbers))), tuple(numbers), failure


def _label(by: Callable[[Any], str], stride: Stride) -> str:
    label = by(stride.after)
    if not isinstance(label, str):
        raise TypeError(
            f"by must be a function that gives each entity a label of text, and it gave {label!r} for {stride.after!r}"
        )
    return label
