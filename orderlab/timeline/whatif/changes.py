"""What is to be different in a past: steps left out, put in, exchanged or rewritten; all checked before it is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orderlab.core.script import TimedCommand
from orderlab.timeline.fields import shown
from orderlab.timeline.whatif.redeciding import in_utc

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes to a log, by the positions of the unchanged one.

    Args:
        drop: The positions of the events that are left out.
        insert: Before which position what is put in, in order.
        swap: Two positions whose events change places.
        edit: By position the event that stands there instead.
    """

    drop: frozenset[int] = frozenset()
    insert: Mapping[int, tuple[Any, ...]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    swap: tuple[int, int] | None = None
    edit: Mapping[int, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def positions(self) -> tuple[int, ...]:
        """The positions of the events that are changed themselves, in order."""
        return tuple(sorted({*self.drop, *(self.swap or ()), *self.edit}))

    def __bool__(self) -> bool:
        return bool(self.drop or self.insert or self.swap or self.edit)

    def place_of(self, position: int) -> int:
        """Return the position at whose place an event comes."""
        if self.swap is None or position not in self.swap:
            return position
        return self.swap[1] if position == self.swap[0] else self.swap[0]

    def mark_of(self, positions: Iterable[int]) -> str:
        """Return what happens to a step with events at these positions, in a word; empty for nothing."""
        for marked, word in ((self.drop, "dropped"), (self.edit, "edited"), (self.swap or (), "moved")):
            if any(position in marked for position in positions):
                return word
        return ""


def changes_to(timeline: "Timeline[Any]", *, drop: Any, insert: Any, swap: Any, edit: Any) -> Changes:
    """Return the changes that are asked for, if a log can be changed so.

    Raises:
        IndexError: A position is not in the log.
        TypeError: An argument is of another kind than it must be.
        ValueError: Two changes contradict each other, or an action does not say what it is about.
    """
    changes = Changes(
        frozenset(_position(timeline, "drop", each) for each in _several(drop)),
        MappingProxyType(_inserted(timeline, insert)),
        _swapped(timeline, swap),
        MappingProxyType(_edited(timeline, edit)),
    )
    twice = sorted((changes.drop & {*changes.edit}) | ((changes.drop | {*changes.edit}) & {*(changes.swap or ())}))
    if twice:
        raise ValueError(
            f"the event at {twice[0]} is to be changed in two ways: name a position in one of drop, swap and edit only"
        )
    return changes


def _several(drop: Any) -> Iterable[Any]:
    if drop is None:
        return ()
    if isinstance(drop, Iterable) and not isinstance(drop, str | bytes):
        return drop
    return (drop,)


def _position(timeline: "Timeline[Any]", name: str, position: Any, *, end: int = 0) -> int:
    """Return a position in the log, or `end` beyond it; a numpy integer becomes a plain one."""
    if isinstance(position, bool) or not hasattr(position, "__index__"):
        raise TypeError(f"{name} must name positions, which are whole numbers, and {shown(position)} is none")
    number, last = int(position.__index__()), len(timeline) + end
    if last == 0:
        raise IndexError(f"{name} names position {number}, and this timeline has no events")
    if not 1 <= number <= last:
        raise IndexError(f"{name} names position {number}, and the positions are from 1 to {last}")
    return number


def _inserted(timeline: "Timeline[Any]", insert: Any) -> dict[int, tuple[Any, ...]]:
    decider = timeline.decider
    inserted: dict[int, tuple[Any, ...]] = {}
    for position, given in _mapping("insert", insert, "an event or a command").items():
        actions = tuple(given) if isinstance(given, list) else (given,)
        for action in actions:
            value = action.command if isinstance(action, TimedCommand) else action
            if isinstance(action, TimedCommand) and not isinstance(value, decider.commands):
                raise TypeError(f"insert takes a TimedCommand with a command of {decider.name}, not {shown(value)}")
            if isinstance(value, decider.rejections):
                raise TypeError(f"insert takes events and commands, and {type(value).__name__} is a rejection")
            if not isinstance(value, (*decider.events, *decider.commands)):
                raise TypeError(f"insert takes events and commands of {decider.name}, not {shown(value)}")
            if isinstance(value, decider.events):
                _require_key(timeline, "insert", value)
            if isinstance(action, TimedCommand):
                in_utc("insert: the time of a TimedCommand", action.at)
        place = _position(timeline, "insert", position, end=1)
        if actions:  # an empty list puts nothing in
            inserted[place] = actions
    return dict(sorted(inserted.items()))


def _edited(timeline: "Timeline[Any]", edit: Any) -> dict[int, Any]:
    edited = {}
    for position, event in _mapping("edit", edit, "the event that is to stand there").items():
        if not isinstance(event, timeline.decider.events):
            hint = ": drop its event and insert the command" if isinstance(event, timeline.decider.commands) else ""
            raise TypeError(f"edit takes events of {timeline.decider.name}, not {shown(event)}{hint}")
        _require_key(timeline, "edit", event)
        edited[_position(timeline, "edit", position)] = event
    return edited


def _swapped(timeline: "Timeline[Any]", swap: Any) -> tuple[int, int] | None:
    if swap is None:
        return None
    if not isinstance(swap, tuple | list) or len(swap) != 2:  # noqa: PLR2004 - a swap is of two
        raise TypeError(f"swap must be two positions, such as (3, 4), not {shown(swap)}")
    one, other = (_position(timeline, "swap", each) for each in swap)
    return None if one == other else (one, other)  # an event in its own place is no change


def _mapping(name: str, given: Any, what: str) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dictionary of positions and {what}, such as {{3: …}}, not {shown(given)}")
    return given


def _require_key(timeline: "Timeline[Any]", name: str, event: Any) -> None:
    if not isinstance(timeline.decider.key_of(event), str):
        raise ValueError(f"{name}: {type(event).__name__} must say which {timeline.decider.name} it is about")
