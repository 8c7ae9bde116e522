"""What a search asks of every state and every step: functions with names, and what they answered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from orderlab.exploration.arguments import in_brief
from orderlab.exploration.playing import told

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
            TypeError: It answers with something else than yes or no: with nothing, say, having forgotten to return.
        """
        try:
            answer = self.function(value)
        except Exception as error:  # noqa: BLE001 - it is told with its name and the run that led there
            return False, told(error)
        if isinstance(answer, bool):
            return answer, ""
        if type(answer).__module__ == "numpy" and type(answer).__name__ in ("bool", "bool_"):
            return bool(answer), ""
        said = f"{self.argument}: {self.name} must return True or False, and returned {in_brief(answer)}"
        if isawaitable(answer):
            getattr(answer, "close", lambda: None)()  # else it would be warned of as never awaited
        raise TypeError(said)


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
        unique, number = name, 1
        while unique in named:
            number += 1
            unique = f"{name} ({number})"
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
