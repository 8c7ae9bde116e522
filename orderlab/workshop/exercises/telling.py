"""Say in a sentence where a run went wrong, and what was found there in place of what should be."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from orderlab.core.errors import CorruptStream
from orderlab.exploration.trace import Trace

LONGEST = 160
"""How much of a value is shown, in characters."""

_BEFORE, _TOLD = 40, 3
"""How many characters are shown before two texts differ, and of how many values in a tuple the kind is told."""

_BEGINS = "Does it begin where the first time ended?"

_ITEMS = re.compile(r"items=\((?:[^()]|\([^()]*\))*\)")
_INSTANT = re.compile(r"datetime\.datetime\(([\d, ]+), tzinfo=datetime\.timezone\.utc\)")


def shown(value: Any) -> str:
    """Return a value as it is shown in a sentence: short, on one line, and the same at every run.

    >>> shown({"order-1": object()})
    "{'order-1': <object object>}"
    >>> shown(shown)
    'the function shown'
    >>> shown("   ")  # what is within a text stays as it is
    "'   '"
    >>> from datetime import UTC, datetime
    >>> shown([datetime(2025, 1, 1, 12, 5, tzinfo=UTC)])
    '[2025-01-01 12:05:00+00:00]'
    """
    return _cut(_written(value))


def _written(value: Any) -> str:
    if callable(value) and hasattr(value, "__code__"):
        return f"the function {value.__name__}"
    try:
        text = " ".join(line.strip() for line in repr(value).splitlines())
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
        text = _ITEMS.sub("items=(…)", text)
        return _INSTANT.sub(_instant, text)
    except Exception:  # noqa: BLE001 - the repr of a learner's own class may fail, and its name says enough
        return f"a {type(value).__name__}"


def _cut(text: str, first: int = 0) -> str:
    """Return so much of a text as is shown, from a character on."""
    told = f"{'…' if first else ''}{text[first:]}"
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _instant(found: re.Match[str]) -> str:
    year, month, day, hour, minute, *rest = map(int, found[1].split(","))
    second, microsecond = (*rest, 0, 0)[:2]
    return str(datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC))


def differs(found: Any, wanted: Any, name: str = "the answer", *, may_be_none: bool = False) -> str:
    """Return in a sentence the first place at which a value is not what it should be; empty if there is none.

    Args:
        found: What there is.
        wanted: What there should be.
        name: What the value is called.
        may_be_none: None is an answer like any other, and no sign of a forgotten `return`.

    >>> differs((1, 2), (1, 3), "answer")
    'answer[1] is 2, and should be 3.'
    >>> differs({"ada": 1900}, {"ada": 1900, "ben": 450}, "spent")
    "spent['ben'] is missing, and should be 450."
    >>> differs(7, 7)
    ''
    >>> differs((7,) * 99, {"a": [7] * 99}, "answer")
    'answer is a tuple of 99 (int, int, int, …), and should be a dict.'
    >>> print(differs("0123456789" * 20 + "7", "0123456789" * 20 + "8", "text"))
    text is …01234567890123456789012345678901234567897', and should be …01234567890123456789012345678901234567898'.
    """
    alike = _kind(found) is _kind(wanted)
    if not alike or not (_parts(found) or _parts(wanted)):
        same = alike and bool(found == wanted)
        hint = " (does every way through end in a `return`?)" if found is None and not may_be_none else ""
        return "" if same else f"{name} {_is_another(found, wanted, hint)}"
    there, needed = _parts(found), _parts(wanted)
    for part, value in needed.items():
        if part not in there:
            return f"{name}{part} is missing, and should be {shown(value)}."
        told = differs(there[part], value, f"{name}{part}", may_be_none=True)
        if told:
            return told
    for part in there:
        if part not in needed:
            return f"{name}{part} is {shown(there[part])}, and should not be there."
    return ""


def differs_twice(
    fold: Callable[[], Any], wanted: Any, name: str = "the answer", *, may_be_none: bool = False, does: str = "Folded"
) -> str:
    """Return in a sentence what is wrong with what a fold gives, the first time or the second; empty if nothing is.

    Whoever keeps something outside the function is found out by the second time.

    Args:
        fold: Has the answer fold a log.
        wanted: What it should give.
        name: What that is called.
        may_be_none: See `differs`.
        does: What is done a second time.

    >>> seen = []
    >>> differs_twice(lambda: seen.append(7) or len(seen), 1, "len(seen)")
    'Folded a second time, len(seen) is 2, and should be 1. Does it begin where the first time ended?'
    """
    told = differs(fold(), wanted, name, may_be_none=may_be_none)
    if told:
        return told
    try:
        told = differs(fold(), wanted, f"{does} a second time, {name}", may_be_none=may_be_none)
    except CorruptStream as error:
        told = f"{does} a second time, it raises CorruptStream: {error}."
    return f"{told} {_BEGINS}" if told else ""


def at_step(trace: Trace, number: int) -> str:
    """Return which step of a run is meant, counted from 1, and what was asked in it and when.

    >>> from orderlab.orders.decider import ORDERS
    >>> from orderlab.orders.actions import CancelOrder
    >>> at_step(Trace.of(ORDERS, [CancelOrder("order-1", "Too late")]), 1)
    "step 1 of 1, CancelOrder(order_id='order-1', reason='Too late')"
    """
    return f"step {number} of {len(trace.steps)}, {shown(trace.steps[number - 1].command)}"


def unless_alike(right: Trace, shown_run: Trace) -> Trace | None:
    """Return the run as it should be; None if it is told like the one that is shown, so that it would say nothing."""
    return None if right.story() == shown_run.story() else right


def log_of(events: Any) -> str:
    """Return a log in words: the kind of each event and its order.

    >>> from orderlab.exploration.trace import Trace
    >>> log_of([])
    'the empty log'
    """
    told = ", ".join(f"{type(event).__name__} of {event.order_id}" for event in events)
    return f"the log {told}" if told else "the empty log"


def _is_another(found: Any, wanted: Any, hint: str) -> str:
    in_brackets = _in_brackets(found, wanted)
    if in_brackets:
        return f"is {shown(found)}{in_brackets}"
    is_, should = _told_apart(found, wanted)
    return f"is {is_}{hint}, and should be {should}."


def _told_apart(found: Any, wanted: Any) -> tuple[str, str]:
    """Return two values as texts that show where they differ: by their kinds, or cut to the difference, if long."""
    one, other = _written(found), _written(wanted)
    if max(len(one), len(other)) <= LONGEST:
        return one, other
    if type(found) is not type(wanted):
        return _kind_in_words(found), _kind_in_words(wanted)
    alike = next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    first = alike - _BEFORE if alike > LONGEST - _BEFORE else 0
    return _cut(one, first), _cut(other, first)


def _kind_in_words(value: Any) -> str:
    """Return what a value is, of a tuple or a list with what is in it; itself where it has no parts."""
    if not _parts(value):
        return shown(value)
    name = type(value).__name__
    told = f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
    if isinstance(value, tuple | list):
        kinds = [type(each).__name__ for each in value]
        told += f" of {len(kinds)} ({', '.join(kinds[:_TOLD])}{', …' * (len(kinds) > _TOLD)})"
    return told


def _in_brackets(found: Any, wanted: Any) -> str:
    """Say what to change where only the brackets are wrong, as the end of a sentence; empty where it is more."""
    kinds: dict[type, str] = {tuple: "tuple", list: "list"}
    is_, should = kinds.get(type(found)), kinds.get(type(wanted))
    if is_ and should:
        return f": it is a {is_}, and should be a {should}."
    if isinstance(wanted, tuple) and len(wanted) == 1 and type(found) is type(wanted[0]):
        name = type(found).__name__
        return f": it is one {name}, and should be a tuple of one, which has a comma: `({name}(…),)`."
    if is_ and len(found) == 1 and type(found[0]) is type(wanted):
        name = type(wanted).__name__
        return f": it is a {is_} of one, and should be that {name} itself, without brackets and a comma."
    return ""


def _kind(value: Any) -> type:
    """Return the type of a value, where 3600 and 3600.0 are of one, and True and 1 are not; a dictionary is any."""
    return float if type(value) is int else dict if isinstance(value, dict) else type(value)


def _parts(value: Any) -> dict[str, Any]:
    """Return what a value is made of, by what is written behind its name to get there."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f".{each.name}": getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {f"[{shown(key)}]": value[key] for key in sorted(value, key=shown)}
    if isinstance(value, tuple | list):
        return {f"[{index}]": each for index, each in enumerate(value)}
    return {}
