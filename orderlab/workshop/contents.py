"""Every exercise there is: those of the rooms, in order, and those that were added in this session."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from re import fullmatch
from typing import Any

from orderlab.grading.exercise import Exercise
from orderlab.workshop.mistakes import Mistake

ROOMS = {
    "folding": "Events and folding",
    "deciding": "Deciding and refusing",
    "effects": "Effects",
    "writers": "Several writers",
    "reading": "Reading the log",
    "bugs": "Finding what is wrong",
    "extending": "A domain of your own",
}
"""The parts of the workshop, in order: the package of each under `exercises`, and what it is called."""

_added: dict[str, Exercise] = {}


class NoSuchExercise(Mistake, LookupError):
    """A number that no exercise has; the text proposes near ones."""


def exercises() -> tuple[Exercise, ...]:
    """Return all exercises in the order of their numbers."""
    return tuple(sorted((*_of_rooms(), *_added.values()), key=place_of))


def add(exercise: Exercise) -> None:
    """Add an exercise to the workshop for this session, as one that was made of a trace.

    Adding one again under its number replaces it, as when a notebook's cell is run again.

    Raises:
        ValueError: The number is that of an exercise that comes with the workshop, or is written oddly.
    """
    if not isinstance(exercise, Exercise):
        raise TypeError(f"exercise must be an Exercise, such as trace.to_exercise('9.1') makes, not {exercise!r}")
    if not fullmatch(r"[1-9][0-9]*\.[1-9][0-9]*", exercise.number):
        raise ValueError(f"exercise {exercise.number} must have a number as the others have, such as 8.1 or 8.10")
    if exercise.number in {each.number for each in _of_rooms()}:
        raise ValueError(f"exercise {exercise.number} is one of the workshop's own: give yours another number")
    _added[exercise.number] = exercise


def find(number: Any) -> Exercise:
    """Return the exercise with a number.

    Args:
        number: The number, as text `"2.1"`, or as 2.1.

    Raises:
        NoSuchExercise: None has it; the text proposes near ones.
    """
    wanted = str(number).strip() if isinstance(number, str | float | int) else number
    for some in (_added.values, partial(_of_rooms, *_room_of(wanted)), exercises):  # one room is there sooner than all
        found = next((each for each in some() if each.number == wanted), None)
        if found is not None:
            return found
    known = [each.number for each in exercises()]
    raise NoSuchExercise(f"there is no exercise {wanted}{_proposal(str(wanted), known)}")


def place_of(exercise: Exercise) -> tuple[int, ...]:
    """Return what exercises are sorted by: 2.10 comes after 2.9."""
    return tuple(map(int, exercise.number.split(".")))


def title_of(part: int) -> str:
    """Return what a part of the workshop is called; the parts after the last room are the learners' own."""
    titles = list(ROOMS.values())
    return titles[part - 1] if 1 <= part <= len(titles) else "Added"


def _room_of(number: Any) -> list[str]:
    """Return the room in which a number should be, if it is one's."""
    part = str(number).partition(".")[0]
    return list(ROOMS)[int(part) - 1 : int(part)] if part.isdecimal() and part != "0" else []


def _of_rooms(*rooms: str) -> Iterator[Exercise]:
    for room in rooms or ROOMS:
        yield from import_module(f"{__package__}.exercises.{room}").EXERCISES


def _proposal(wanted: str, known: list[str]) -> str:
    """Say which exercises are near: those of the same part, else those written alike.

    Of a part, one that a key too many made another (1.11 of 1.1) is first, and then come the nearest numbers.
    """
    part, _, number = wanted.partition(".")
    near = [each for each in known if each.startswith(f"{part}.")]
    if number.isdecimal():
        near.sort(key=lambda each: (not wanted.startswith(each), abs(int(each.partition(".")[2]) - int(number))))
    near = near or get_close_matches(wanted, known, cutoff=0.8)
    if near:
        return f": is it {' or '.join(near[:3])}?"
    return f": they go from {known[0]} to {known[-1]}" if known else ""
