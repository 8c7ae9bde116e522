"""Tell whether an answer is of the kind that is wanted: a function of so many parameters, a class, a list."""

import inspect
from collections.abc import Callable
from typing import Any

from orderlab.grading.verdict import Problem

_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "True or False"),
    ((int, float), "a number"),
    ((str,), "a text"),
    ((list, tuple), "a list"),
    ((set, frozenset), "a set"),
    ((dict,), "a dictionary"),
)


def misfit(name: str, answer: Any, solution: Any) -> Problem | None:
    """Return what is wrong with the kind of an answer, as a solution has it; None if it may be tried.

    Args:
        name: What the answer is called.
        answer: The answer.
        solution: A value that is right.
    """
    wanted, given = _kind(solution), _kind(answer)
    if wanted == given == "a function":
        return _later(name, answer, solution) or _parameters(name, answer, solution)
    if wanted == "a function" and callable(answer) and not isinstance(answer, type):
        return None  # an object that can be called is a function to whoever calls it
    if wanted == given or (wanted == "another" and given not in ("a function", "a class")):
        return None
    if wanted == "another":
        wanted = _article(type(solution).__name__)
    if wanted == "a class" and given == "another" and type(answer).__module__ == "__main__":
        return Problem(f"{name} must be a class, and it is an object of one", "leave out the `()` after the class")
    if given == "another":
        given = _article(type(answer).__name__)
    return Problem(f"{name} must be {wanted}, and it is {given}", f"it is {_shown(answer)}")


def _later(name: str, answer: Any, solution: Any) -> Problem | None:
    """Return what is wrong if a function gives what is only a promise, and the value is wanted at once."""
    if not _is_async(answer) or _is_async(solution):
        return None
    return Problem(f"{name} is `async def`, and should be `def`: what it gives is wanted at once", "nothing awaits it")


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _parameters(name: str, answer: Callable[..., Any], solution: Callable[..., Any]) -> Problem | None:
    try:
        wanted, given = inspect.signature(solution), inspect.signature(answer)
    except (TypeError, ValueError):
        return None  # one in C that does not tell; calling it does
    positional: list[str] = []
    named: dict[str, None] = {}
    for each in wanted.parameters.values():
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) and each.default is each.empty:
            positional.append(each.name)
        elif each.kind is each.KEYWORD_ONLY and each.default is each.empty:
            named[each.name] = None
    try:
        given.bind(*positional, **named)
    except TypeError:
        said = ", ".join(positional + ["*"] * bool(named) + list(named))
        return Problem(
            f"{name} must be a function that can be called with ({said}), and it takes {given}",
            f"write it as `def {name}({said})`",
        )
    return None


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return "a class"
    if inspect.isroutine(value):
        return "a function"
    return next((name for kinds, name in _KINDS if isinstance(value, kinds)), "None" if value is None else "another")


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a learner's class may not know how to write itself
        return f"a {type(value).__name__} whose repr raises {type(error).__name__}"
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - a line
