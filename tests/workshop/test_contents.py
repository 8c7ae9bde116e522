import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from commandline import environment
from small_exercise import counting

from orderlab import workshop
from orderlab.workshop import contents
from orderlab.workshop.contents import ROOMS, NoSuchExercise, exercises, find, title_of


@pytest.fixture(autouse=True)
def nothing_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what a test adds."""
    monkeypatch.setattr(contents, "_added", {})


def test_an_exercise_is_found_by_its_number_as_text_or_as_a_number() -> None:
    assert find("1.2") is find(1.2) is find(" 1.2 ")
    assert find("1.2").number == "1.2"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1.9", "there is no exercise 1.9: is it 1.4 or 1.3 or 1.2?"),
        ("1.11", "there is no exercise 1.11: is it 1.1 or 1.4 or 1.3?"),
        ("2", "there is no exercise 2: is it 2.1 or 2.2 or 2.3?"),
        ("99", "there is no exercise 99: they go from 1.1 to "),
        (None, "there is no exercise None: they go from 1.1 to "),
        ("counting", "there is no exercise counting: they go from 1.1 to "),
    ],
)
def test_an_unknown_number_proposes_near_ones(number: Any, said: str) -> None:
    with pytest.raises(NoSuchExercise) as raised:
        find(number)
    assert str(raised.value).startswith(said)


def test_exercises_come_in_the_order_of_their_numbers() -> None:
    for number in ("9.2", "9.10", "9.1"):
        workshop.add(replace(counting, number=number))
    assert [each.number for each in exercises()][-3:] == ["9.1", "9.2", "9.10"]


def test_one_that_is_added_is_found_and_may_be_added_again() -> None:
    workshop.add(replace(counting, number="9.1"))
    workshop.add(again := replace(counting, number="9.1", title="Count again"))
    assert find(9.1) is again


def test_the_workshops_own_exercises_are_not_replaced() -> None:
    with pytest.raises(ValueError, match=r"exercise 1\.1 is one of the workshop's own"):
        workshop.add(counting)
    with pytest.raises(TypeError, match="exercise must be an Exercise"):
        workshop.add("9.1")  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["01.1", "9.01", "9.0", "\u0669.\u0661"])
def test_an_added_number_is_written_as_the_others_are(number: str) -> None:
    with pytest.raises(ValueError, match="must have a number as the others have"):
        workshop.add(replace(counting, number=number))


def test_a_room_that_cannot_be_imported_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contents.ROOMS, "attic", "Not built")
    with pytest.raises(ImportError):
        exercises()


def test_each_part_has_a_title() -> None:
    assert [title_of(part) for part in range(1, len(ROOMS) + 1)] == list(ROOMS.values())
    assert title_of(len(ROOMS) + 1) == "Added"


def test_the_workshop_is_light_to_import_and_lists_what_it_has() -> None:
    source = (
        "from orderlab import workshop\nimport sys\n"
        "heavy = {'duckdb', 'pandas', 'hypothesis', 'cloudpickle', 'time_machine', 'orderlab.runtime'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert dir(workshop) == sorted(dir(workshop))\n"
        "assert all(callable(getattr(workshop, name)) for name in dir(workshop))\n"
    )
    ran = run(
        [sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    with pytest.raises(AttributeError, match="has no attribute 'grade'"):
        _ = workshop.grade


def test_every_room_that_is_listed_is_there() -> None:
    rooms = Path(contents.__file__).parent / "exercises"
    assert {each.parent.name for each in rooms.glob("*/__init__.py")} == set(ROOMS)
