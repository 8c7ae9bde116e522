"""Play a script of commands into a store, and say what became of them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from orderlab.core.script import TimedCommand
from orderlab.drawing import tables
from orderlab.outcome import Outcome
from orderlab.runtime import Store

_TOGETHER = 1_000
"""Commands sent before the first of them is waited for: enough to fill the batches in which they are decided."""


@dataclass(frozen=True, slots=True, repr=False)
class Played:
    """What became of the commands of a script.

    Args:
        commands: How many there were.
        events: Events caused, by type.
        refused: Commands refused, by command, rejection and, where it says one, the status that stood in the way.
        already_there: Commands whose events an earlier run of the script had brought about.
    """

    commands: int
    events: Mapping[str, int]
    refused: Mapping[str, int]
    already_there: int

    def __repr__(self) -> str:
        return (
            f"<Played {self.commands} commands: {sum(self.events.values())} events, "
            f"{sum(self.refused.values())} refused, {self.already_there} already there>"
        )

    def _repr_html_(self) -> str:
        return tables.fields(self.counted())

    def counted(self) -> dict[str, int]:
        """Return every count with what it counts."""
        return {
            "commands": self.commands,
            **{f"events: {name}": count for name, count in self.events.items()},
            **{f"refused: {kind}": count for kind, count in self.refused.items()},
            **({"already there from an earlier run": self.already_there} if self.already_there else {}),
        }


async def play(
    script: Collection[TimedCommand], store: Store[Any], *, progress: Callable[[int], object] = lambda done: None
) -> Played:
    """Send every command of a script, in order, each as of its own time.

    A command whose key has caused events already is left out, so a script that was interrupted is finished by playing
    it again.

    Args:
        script: The commands, in the order of their times: a `Script`, or a list of them.
        store: Where they go.
        progress: Called now and then with the number of commands that are done.

    Raises:
        IdempotencyKeyReused: Another script with the same keys was played into this log.
        EventStoreError: The log could not be written; everything before is in it.
    """
    events: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    already_there = done = 0
    remaining = iter(script)
    while together := list(islice(remaining, _TOGETHER)):
        new = [timed for timed in together if not store.remembers(timed.key, timed.command)]
        already_there += len(together) - len(new)
        for timed, outcome in zip(new, await _send(new, store), strict=True):
            events.update(type(event).__name__ for event in outcome.events)
            if outcome.rejection is not None:
                refused[_kind(timed.command, outcome.rejection)] += 1
        done += len(together)
        progress(done)
    return Played(len(script), dict(sorted(events.items())), dict(sorted(refused.items())), already_there)


async def _send(commands: Sequence[TimedCommand], store: Store[Any]) -> list[Outcome]:
    """Send commands together; they are decided in order, for tasks begin in the order in which they are made."""
    sending = [
        store.send(timed.command, correlation_id=timed.key, idempotency_key=timed.key, at=timed.at)
        for timed in commands
    ]
    outcomes: list[Outcome] = []
    for outcome in await asyncio.gather(*sending, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        outcomes.append(outcome)
    return outcomes


def _kind(command: Any, rejection: Any) -> str:
    status = getattr(rejection, "current_status", None)
    return f"{type(command).__name__}, {type(rejection).__name__}{f' ({status})' if status else ''}"
