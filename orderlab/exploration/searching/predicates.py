"""What a search asks of every state and every step: functions with names, and what they answered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

Asked = Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | Mapping[str, Callable[[Any], Any]]
"""Functions as they are handed over: one, several, or several by name."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A question with a name.

    Args:
        argument: The argument that it was handed over as.
        name: Its name.
        function: What answers it.
    """

    argument: str
    name: str
    function: Callable[[Any], Any]

    def asks(self, value: Any) -> tuple[bool, str]:
        """Return whether it holds, and what it raised instead of an answer, in one line.

        Raises:
            TypeError: It answers with nothing, as a function does that has forgotten to return.
        """
        try:
            answer = self.function(value)
            if answer is True:
                return True, ""
            if not (answer is None or isawaitable(answer)):
                return bool(answer), ""
        except Exception as error:  # noqa: BLE001 - it is told with its name and the run that led there
            return False, f"{type(error).__name__}: {error}".removesuffix(": ")
        if answer is not None:
            getattr(answer, "close", lambda: None)()  # else it would be warned of as never awaited
        raise TypeError(f"{self.argument}: {self.name} must return True or False, and returned {answer!r}")


def predicates(argument: str, given: Asked) -> tuple[Predicate, ...]:
    """Return the predicates that were handed over as one argument, each with a name of its own.

    Raises:
        TypeError: They are no functions.

    >>> [each.name for each in predicates("always", [callable, callable])]
    ['callable', 'callable (2)']
    """
    if isinstance(given, Mapping):
        pairs = [(str(name), function) for name, function in given.items()]
    elif callable(given):
        pairs = [(name_of(given, argument), given)]
    elif isinstance(given, Iterable) and not isinstance(given, str):
        pairs = [(name_of(function, f"{argument}[{place}]"), function) for place, function in enumerate(given)]
    else:
        raise TypeError(f"{argument} must be a function, a list of functions or a dict of them, not {given!r}")
    named: dict[str, Predicate] = {}
    for name, function in pairs:
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"{argument} must hold functions that answer True or False, not {function!r}")
        number = sum(each == name or each.startswith(f"{name} (") for each in named)
        unique = f"{name} ({number + 1})" if number else name
        named[unique] = Predicate(argument, unique, function)
    return tuple(named.values())


def name_of(function: Any, place: str) -> str:
    """Return the name of a function, also of one that is wrapped; of one without a name, the place where it stands."""
    named = getattr(function, "func", function)  # functools.partial
    name = str(getattr(named, "__name__", type(named).__name__))
    return place if name == "<lambda>" else name


def quoted(name: str) -> str:
    """Return a name as it stands in a sentence: a function's as it is, words in quotation marks.

    >>> quoted("never_negative"), quoted("no order is both")
    ('never_negative', '"no order is both"')
    """
    return f'"{name}"' if " " in name else name
