"""What was asked for: the commands about one entity, each with the events that answered it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from orderlab.collector import collector_resting
from orderlab.core.log import RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.timeline.whatif.redeciding import Answer

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

Place = tuple[int, int, int]
"""Where something belongs in a log: a position, then -1 before its event, 0 at it, 1 after it, then a number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command about an entity, and what the log has of it.

    Args:
        command: The command.
        key: The entity's key, drawn or not.
        at: When it was given.
        positions: Where its events are in the log; none of one that was refused.
        events: These events.
        place: Where it belongs among the events.
        was: What it leads to when nothing is changed; in the log too, unless the commands do not fit the log.
    """

    command: Any
    key: str
    at: datetime
    positions: tuple[int, ...] = ()
    events: tuple[Any, ...] = ()
    place: Place = (0, 0, 0)
    was: Answer | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The commands about one entity in their order, and a sentence where they do not fit its events."""

    asked: tuple[Asked, ...]
    note: str = ""


class Numbered(NamedTuple):
    """A command of a script, and its place there."""

    number: int
    timed: TimedCommand


class Script:
    """The commands that were given, to be found by what they are about and by their own keys."""

    def __init__(self, commands: Sequence[TimedCommand], key_of: Callable[[Any], Any]) -> None:
        self.commands = commands
        self._key_of = key_of
        self._about: dict[str, list[int]] = {}
        self._named: dict[str, int] = {}
        with collector_resting():
            for number, timed in enumerate(commands):
                self._named.setdefault(timed.key, number)
                key = key_of(timed.command)
                if isinstance(key, str):
                    self._about.setdefault(key, []).append(number)

    def keys(self) -> list[str]:
        """Return the keys of all entities that some command names."""
        return list(self._about)

    def number_of(self, key: str | None) -> int | None:
        """Return the place of a command in the script by its own key; None if there is no such command."""
        return None if key is None else self._named.get(key)

    def about(self, key: str, recorded: Iterable[RecordedEvent]) -> list[Numbered]:
        """Return the commands about an entity in their order, also the one that left its key to be drawn."""
        numbers = set(self._about.get(key, ()))
        for each in recorded:
            number = self._named.get(each.correlation_id or "")
            if number is not None and self._key_of(self.commands[number].command) is None:
                numbers.add(number)
        return [Numbered(number, self.commands[number]) for number in sorted(numbers)]


_SCRIPTS: "WeakKeyDictionary[Timeline[Any], Script]" = WeakKeyDictionary()


def script_of(timeline: "Timeline[Any]") -> Script:
    """Return the commands that a timeline was given; they are gone through once."""
    if timeline not in _SCRIPTS:
        _SCRIPTS[timeline] = Script(timeline.commands, timeline.decider.key_of)
    return _SCRIPTS[timeline]
