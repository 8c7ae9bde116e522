"""The arguments of a run: each wrong one is told in a sentence that names it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.replay import require_zone

_LONGEST = 200
"""How many characters of a value are told."""


def several(name: str, given: Any, kind: str, decider: Decider[Any] | None = None) -> tuple[Any, ...]:
    """Return values that were handed over as one argument.

    Args:
        name: The argument.
        given: What was handed over.
        kind: What they are, `commands`.
        decider: Whose commands and events they are: one of them is not taken for a list, though it can be gone through.

    Raises:
        TypeError: It is no list.

    >>> several("writers", ["ada", "bob"], "names")
    ('ada', 'bob')
    """
    actions = () if decider is None else (*decider.commands, *decider.events)
    if isinstance(given, (str, bytes, Mapping, type, *actions)) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list of {kind}, not {in_brief(given)}")
    return tuple(given)


def text(name: str, given: Any) -> str:
    """Return an argument that is text.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(given, str):
        raise TypeError(f"{name} must be text, not {in_brief(given)}")
    return given


def time(name: str, given: Any) -> datetime:
    """Return an argument that is a time.

    Raises:
        TypeError: It is none.
        ValueError: It has no zone.
    """
    if not isinstance(given, datetime):
        raise TypeError(f"{name} must be a datetime, not {in_brief(given)}")
    require_zone(name, given)
    return given


def in_brief(value: Any) -> str:
    """Return the text of a value in one line, and never raise.

    >>> in_brief("no"), in_brief(None)
    ("'no'", 'None')
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - what cannot be told has a type all the same
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
