import re
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from random import Random
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orderlab.exploration.differing.canon import canon, same_canon
from orderlab.exploration.differing.fields import first_difference


class Seat:
    __slots__ = ("__secret", "by")

    def __init__(self, by: Any, secret: Any = 0) -> None:
        self.by = by
        self.__secret = secret


class Called:
    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self) -> int:
        return self.number


class Listed(list[int]):
    def __init__(self, label: int) -> None:
        self.label = label


class Mapped(dict[str, int]):
    def __init__(self, label: int) -> None:
        self.label = label


class Named(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "a name"


class Lamp(Enum):
    OFF = 0
    ON = 1

    def __repr__(self) -> str:
        return "a lamp"


def nested(value: Any) -> Any:
    for _ in range(60):
        value = [value]
    return value


def array(value: int) -> Any:
    made = np.zeros(5_000)
    made[2_500] = value
    return made


def adding(number: int) -> Callable[[int], int]:
    return lambda other: number + other


def raised(number: int) -> Exception:
    error = ValueError("no")
    error.number = number  # type: ignore[attr-defined] # as people do
    return error


def in_itself(value: int) -> list[Any]:
    made: list[Any] = [value]
    made.append(made)
    return made


@pytest.mark.parametrize(
    "made",
    [
        Seat,
        partial(Seat, 1),
        Called,
        lambda value: Called(value).__call__,
        Listed,
        Mapped,
        lambda value: Named(str(value)),
        Lamp,
        nested,
        array,
        adding,
        raised,
        in_itself,
        lambda value: deque([value]),
        lambda value: iter([value]),
        lambda value: partial(max, value),
        lambda value: re.compile(str(value)),
        Random,
        lambda value: {Seat(0), Seat(value)},
        lambda value: pd.DataFrame({"a": [value]}),
    ],
)
def test_what_a_value_holds_tells_it_from_another(made: Callable[[int], Any]) -> None:
    assert same_canon(made(1), made(1))
    assert not same_canon(made(1), made(0))
    hash(canon(made(1)))


@pytest.mark.parametrize("value", [Lock(), (each for each in ""), Seat(Lock())])
def test_what_does_not_tell_what_it_holds_cannot_be_compared(value: Any) -> None:
    with pytest.raises(TypeError, match="for there is no telling what it holds: make it a frozen dataclass"):
        canon(value)


def test_what_is_nested_too_deeply_cannot_be_compared() -> None:
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    with pytest.raises(TypeError, match="a list cannot be compared with another, for it is nested too deeply"):
        canon(value)


def test_the_slot_that_differs_is_named() -> None:
    found = first_difference(Seat("ada"), Seat("bob"), "state")
    assert found is not None
    assert (found.field, found.one, found.other) == ("state.by", "ada", "bob")
