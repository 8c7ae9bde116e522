"""In which orders the steps of several writers can mix."""

from collections.abc import Iterator
from math import factorial
from typing import Literal

StepName = Literal["read", "decide", "append"]

STEPS: tuple[StepName, ...] = ("read", "decide", "append")
"""What a writer does, in its order."""


def number_of_orders(writers: int) -> int:
    """Return in how many orders the steps of so many writers can mix, each writer's own order kept.

    >>> [number_of_orders(writers) for writers in (1, 2, 3, 4)]
    [1, 20, 1680, 369600]
    """
    return factorial(len(STEPS) * writers) // int(factorial(len(STEPS)) ** writers)


def orders_of(writers: int) -> Iterator[tuple[int, ...]]:
    """Yield these orders, always in the same order: as the numbers of the writers whose turn it is.

    >>> first = next(orders_of(2))
    >>> first, len(list(orders_of(2)))
    ((0, 0, 0, 1, 1, 1), 20)
    """
    turns, left = [0] * (len(STEPS) * writers), [len(STEPS)] * writers

    def from_place(place: int) -> Iterator[tuple[int, ...]]:
        if place == len(turns):
            yield tuple(turns)
            return
        for writer in range(writers):
            if left[writer]:
                left[writer] -= 1
                turns[place] = writer
                yield from from_place(place + 1)
                left[writer] += 1

    return from_place(0)


def steps_of(turns: tuple[int, ...]) -> Iterator[tuple[int, StepName]]:
    """Yield whose turn it is together with what is done.

    >>> list(steps_of((0, 1, 0)))
    [(0, 'read'), (1, 'read'), (0, 'decide')]
    """
    done: dict[int, int] = {}
    for writer in turns:
        done[writer] = done.get(writer, -1) + 1
        yield writer, STEPS[done[writer]]
