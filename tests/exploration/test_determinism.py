"""`check_determinism`: what a function depends on, named by the first difference and by the part of the world."""

import asyncio
import datetime
import os
import random
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import random as drawn
from typing import Any

import immutables
import pytest

from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.exploration.determinism import Determinism, check_determinism
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.system import SystemClock

PLACE = PlaceOrder("ada", [OrderItem("p-1", "Mug", 1, 250)])
COUNTED = [0]


@dataclass(frozen=True)
class Stamped:
    number: int
    at: Any


def counting() -> int:
    COUNTED[0] += 1
    return COUNTED[0]


def numbers() -> Iterator[int]:
    print("which is not the answer")
    yield from (1, 2, 3)


async def passed() -> float:
    before = time.time()
    await asyncio.sleep(0)
    return time.time() - before


WORLDLY: list[tuple[str, Callable[[], Any]]] = [
    ("wall clock", passed),
    ("time zone", lambda: datetime.datetime.fromtimestamp(0).isoformat()),  # noqa: DTZ006 - what is looked for
    ("hash seed", lambda: (list({"ada", "bea", "cem"}), dict.fromkeys({"ada", "bea", "cem"}), hash("ada"))),
    (
        "wall clock and random numbers",
        lambda: (drawn(), random.random(), uuid.uuid4(), secrets.token_hex(4), time.time()),
    ),
    ("second call", counting),
    ("something else", lambda: id(object())),
]


@pytest.mark.parametrize(("world", "function"), WORLDLY)
def test_what_a_function_depends_on_is_named(world: str, function: Callable[[], Any]) -> None:
    found = check_determinism(function)
    assert (found.is_deterministic, found.world) == (False, world)


def test_the_order_of_a_set_and_of_a_persistent_map_is_no_difference() -> None:
    found = check_determinism(lambda: ({"ada", "bea", "cem"}, immutables.Map(dict.fromkeys("abcdef", 1))))
    assert found
    assert repr(found) == "<lambda> gives the same in every world that was tried"


def test_the_first_difference_is_told_by_its_path() -> None:
    env = OrderEnvironment(SystemClock(), SequentialIds())
    found = check_determinism(lambda: OrderReducer().reduce(OrderState(), PLACE, env).state)
    assert found.difference.startswith("result.orders['order-1'].created_at: datetime.datetime(2025, 1, 1, 12, 0, ")
    assert " in one world, datetime.datetime(2031, 11, 8, 17, 59, 59, " in found.difference
    assert repr(found).startswith("<lambda> is not deterministic: it reads the wall clock. result.orders")


def test_a_reducer_with_a_clock_that_stands_is_deterministic() -> None:
    env = OrderEnvironment(FixedClock(datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)), SequentialIds())
    assert check_determinism(OrderReducer().reduce, OrderState(), PlaceOrder("ada", PLACE.items, "order-1"), env)


def test_an_argument_that_is_changed_shows_at_the_second_call() -> None:
    found = check_determinism(lambda numbers: numbers.append(1) or len(numbers), [])
    assert found.difference == "result: 1 at the first call, 2 at the second."
    assert found.why == "a second call gives something else, so it changes something shared"


def test_an_error_that_is_raised_is_a_result() -> None:
    assert repr(check_determinism(lambda: 1 / 0)) == (
        "<lambda> raises the same, ZeroDivisionError('division by zero'), in every world that was tried"
    )


def test_failing_in_one_world_only_is_a_difference() -> None:
    found = check_determinism(lambda: 1 / (time.time() < 1_800_000_000))
    assert found.difference == (
        "the call: gives 1.0 in one world, raises ZeroDivisionError('division by zero') in another."
    )


def test_what_a_generator_yields_is_compared_and_not_what_it_prints() -> None:
    assert check_determinism(numbers).outcome == "gives list(1, 2, 3)"


def test_a_function_of_a_module_that_only_this_path_has_is_sent(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "only_here.py").write_text("import time\ndef now():\n    return time.time()\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here  # type: ignore[import-not-found] # noqa: PLC0415 - written a moment ago

    assert check_determinism(only_here.now).world == "wall clock"


def test_a_function_of_a_module_that_is_in_no_file_is_sent(monkeypatch: Any) -> None:
    module = type(sys)("made_up")
    exec("class Kept:\n    pass\ndef kept():\n    return Kept.__name__", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_up", module)
    assert check_determinism(module.kept).outcome == "gives 'Kept'"


def test_a_function_that_does_not_end_is_ended() -> None:
    def endless() -> None:
        while True:
            pass

    with pytest.raises(TimeoutError, match=r"^endless did not end within 0\.5 s"):
        check_determinism(endless, seconds=0.5)


def test_a_function_that_ends_its_interpreter_is_told_of() -> None:
    with pytest.raises(RuntimeError, match=r"^<lambda> ended its interpreter \(exit code 3\)"):
        check_determinism(lambda: os._exit(3))


def test_a_result_that_holds_a_lock_cannot_be_compared() -> None:
    with pytest.raises(TypeError, match=r"gives what cannot be compared: result\.at is a lock, whose contents"):
        check_determinism(lambda: Stamped(1, threading.Lock()))


def test_an_argument_that_cannot_be_sent_is_named() -> None:
    with pytest.raises(TypeError, match=r"^argument 1 of <lambda>, a lock, cannot be sent to another interpreter"):
        check_determinism(lambda lock: 1, threading.Lock())


def test_a_result_in_place_of_a_function_is_refused() -> None:
    with pytest.raises(TypeError, match="hand over the function, not its result"):
        check_determinism(7)  # type: ignore[arg-type]


def test_it_has_a_table_and_a_line() -> None:
    found = Determinism("f", False, "gives 1", "result: 1 in one world, 2 in another.", ("wall clock",))
    assert "wall clock" in found._repr_html_()
    assert repr(found) == "f is not deterministic: it reads the wall clock. result: 1 in one world, 2 in another."


class Drawn(Exception):
    def __init__(self) -> None:
        super().__init__("no")
        self.number = random.random()


def raising() -> None:
    raise Drawn


def test_what_an_error_holds_besides_its_arguments_is_compared() -> None:
    found = check_determinism(raising)
    assert found.depends_on == ("random numbers",)
    assert found.difference.startswith("error.number: ")


def test_one_world_has_summer_time() -> None:
    found = check_determinism(lambda: time.localtime().tm_isdst)
    assert found.depends_on == ("time zone",)
    assert found.difference == "result: 0 in one world, 1 in another."


def test_the_clock_that_numpy_reads_by_itself_is_seen_going_on() -> None:
    def asks() -> Any:
        import numpy as np  # noqa: PLC0415 - in those interpreters that are asked with it, and in no other

        return np.array([np.datetime64("now")])

    found = check_determinism(asks)
    assert found.depends_on == ("wall clock",)
    assert found.difference.endswith(" a second later.")


@pytest.mark.parametrize(
    ("seconds", "error"),
    [("x", TypeError), (True, TypeError), (None, TypeError), (float("nan"), ValueError), (-1, ValueError)],
)
def test_seconds_is_a_number_above_zero(seconds: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="seconds must be"):
        check_determinism(len, [], seconds=seconds)
