"""How one entity ends: in the log, and in each lane of a changed past."""

from dataclasses import dataclass
from typing import Any

from orderlab.timeline.comparison import Change, changes_between
from orderlab.timeline.fields import ABSENT, own_fields, same, shown

_TOLD = 3
"""How many fields of an entity are told."""

_IDENTITY: Any = object.__eq__


@dataclass(frozen=True, slots=True)
class Ending:
    """How one entity ends: in the log, by the changed facts, and by the changed commands; None where it is not there.

    The names are those of its states; `commands_name` is None where the commands are not known.
    """

    key: str
    log: Any
    facts: Any
    commands: Any
    log_name: str
    facts_name: str
    commands_name: str | None

    @property
    def agrees(self) -> bool:
        """Whether both lanes end alike; a lane that is not known contradicts nothing."""
        if self.commands_name is None:
            return True
        return self.facts_name == self.commands_name and differences(self.facts, self.commands) in ((), None)


def differences(before: Any, after: Any) -> tuple[Change, ...] | None:
    """Return the fields in which two values of an entity differ; None where that cannot be told.

    >>> from orderlab.orders.model import OrderItem
    >>> print(*differences(OrderItem("p-1", "Mug", 2, 250), OrderItem("p-1", "Mug", 3, 250)))
    quantity 2 → 3
    >>> differences(object(), object()) is None
    True
    """
    if same(before, after):
        return ()
    # Values that are equal to nothing but themselves, and show no fields, may be alike or not.
    if type(before) is type(after) and type(after).__eq__ is _IDENTITY and own_fields(after) is None:
        return None
    found = changes_between(before, after)
    return found if found or type(before) is type(after) else None


def ending_told(key: str, log: Any, now: Any, log_name: str, name: str) -> tuple[str, bool]:
    """Say how an entity ends beside how it does in the log, and tell whether that is the same."""
    if log_name != name:
        return f"{key} ends {name}, and not {log_name} as in the log", False
    found = differences(log, now)
    if found is None:
        return f"{key} ends {name}", False
    if not found:
        return f"{key} ends {name}, as in the log", True
    found = _outermost(found)
    fields = ", ".join(map(_field, found[:_TOLD]))
    more = f" and {len(found) - _TOLD:,} more fields differ" if len(found) > _TOLD + 1 else ""
    more = " and one more field differs" if len(found) == _TOLD + 1 else more
    return f"{key} ends {name} as in the log, but with {fields}{more}", False


def _outermost(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Leave out the fields of values that are on one side alone: that they are there says it."""
    alone = tuple(each.field for each in changes if each.before is ABSENT or each.after is ABSENT)
    inner = tuple(f"{field}{sign}" for field in alone for sign in ".[")
    return tuple(each for each in changes if not each.field.startswith(inner))


def _field(change: Change) -> str:
    before, after = shown(change.before), shown(change.after)
    if change.before is ABSENT:
        return f"{change.field} {after} (none in the log)"
    if change.after is ABSENT:
        return f"no {change.field} ({before} in the log)"
    return f"another {change.field}" if before == after else f"{change.field} {after} ({before} in the log)"
