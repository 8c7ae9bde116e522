"""Look at every pair of states that two domains reach by the same commands, the nearest first."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orderlab.core.script import TimedCommand
from orderlab.exploration.differing.answers import NOTHING, Difference, Labels, difference_in
from orderlab.exploration.differing.bounds import Bounds, Commands, Found, require_commands
from orderlab.exploration.differing.canon import copied
from orderlab.exploration.differing.sides import Side, Standing

_REMEMBERS = "but not after these commands alone: one of the two remembers what else it was asked"


_APART = timedelta(minutes=1)
"""How long after a change the next command comes, so that a time that was kept and one that was lost differ."""

_LATE = timedelta(days=366)
"""How long after it each is tried as well, as the last one, for a rule about time."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Where the two stand after the same commands."""

    one: Standing
    other: Standing
    depth: int
    before: "_Pair | None" = None
    by: TimedCommand | None = None

    @property
    def path(self) -> list[TimedCommand]:
        return [] if self.before is None or self.by is None else [*self.before.path, self.by]


class Pairs:
    """The search over pairs of states.

    Args:
        one: The one side.
        other: The other side.
        commands: What is tried in each pair.
        at: When the first command is decided.
        effects: Compare effects too.
        labels: What the two are called.
    """

    def __init__(
        self, one: Side, other: Side, commands: Commands, *, at: datetime, effects: bool, labels: Labels
    ) -> None:
        self.one = one
        self.other = other
        self.commands = commands
        self.at = at
        self.effects = effects
        self.labels = labels

    def search(self, bounds: Bounds) -> Found:
        """Compare, the nearest pairs first, so that the first difference is on a shortest run."""
        first = _Pair(self.one.beginning(), self.other.beginning(), 0)
        seen: set[Any] = {self._key(first)}
        queue = deque([first])
        compared, farthest, cut = 0, 0, False
        while queue:
            pair = queue.popleft()
            farthest = pair.depth
            cut = cut or pair.depth >= bounds.depth
            if pair.depth >= bounds.depth:
                continue
            before = copied(pair.one.state), copied(pair.other.state)
            for timed, is_late in self._tried(pair):
                compared += 1
                one = self.one.answer(pair.one, before[0], timed.command, timed.at)
                other = self.other.answer(pair.other, before[1], timed.command, timed.at)
                difference = difference_in(one, other, self.labels, effects=self.effects)
                if difference:
                    path = [*pair.path, timed]
                    said = self.alone(path) or Difference(f"{difference.what} ({_REMEMBERS})", difference.field)
                    return Found(path, said, len(seen), compared, pair.depth + 1, exhaustive=False)
                if one.changed and not self.one.careful:  # both do, so that nothing it was given can be relied on
                    self.one.careful = self.other.careful = True
                    return self.search(bounds)
                if is_late:
                    continue
                after = _Pair(one.after, other.after, pair.depth + 1, pair, timed)
                key = self._key(after)
                if key in seen or bounds.hold_no_more(one.after.versions, other.after.versions):
                    continue
                if len(seen) >= bounds.states:
                    cut = True
                    continue
                seen.add(key)
                queue.append(after)
        return Found([], NOTHING, len(seen), compared, farthest, exhaustive=not cut)

    def alone(self, commands: Sequence[TimedCommand]) -> Difference:
        """Return what differs after these commands and nothing else, which is what a trace shows."""
        one, other = self.one.beginning(), self.other.beginning()
        difference = NOTHING
        for timed in commands:
            first = self.one.answer(one, copied(one.state), timed.command, timed.at)
            second = self.other.answer(other, copied(other.state), timed.command, timed.at)
            difference = difference_in(first, second, self.labels, effects=self.effects)
            one, other = first.after, second.after
        return difference

    def _tried(self, pair: _Pair) -> list[tuple[TimedCommand, bool]]:
        """Return the commands to try in a pair, and whether each comes late, which is not followed any further."""
        commands = self._given_for(pair.one.state) if callable(self.commands) else list(self.commands)
        at = self.at + pair.depth * _APART
        soon = [(each if isinstance(each, TimedCommand) else TimedCommand(at, each, ""), False) for each in commands]
        late = [(replace(each, at=at + _LATE), True) for each, _ in soon if not each.key and each.at == at]
        return soon + late if pair.depth else soon  # at the beginning there is nothing to be later than

    def _given_for(self, state: Any) -> list[Any]:
        assert callable(self.commands)
        given = self.commands(state)
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f"commands must return the commands to try in a state, as a list, and returned {given!r}")
        return require_commands(given, (self.one.reducer, self.other.reducer), only=not self.effects)

    def _key(self, pair: _Pair) -> tuple[Any, Any]:
        one, other = pair.one.key(versions=self.effects), pair.other.key(versions=self.effects)
        return one, True if one == other else other
