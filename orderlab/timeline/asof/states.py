"""Whole states as of any position: the difference from a state that is kept, folded."""

from collections import OrderedDict
from itertools import islice
from typing import Any, Generic, TypeVar

from orderlab.collector import collector_resting
from orderlab.core.decider import DeciderReducer, Fact
from orderlab.timeline.asof.entities import Entities
from orderlab.timeline.asof.index import Index
from orderlab.timeline.asof.sharing import Sharing, copied, is_value
from orderlab.timeline.asof.source import Source

StateT = TypeVar("StateT")

_RECENT = 16
"""So many states that were asked for are kept; a persistent one shares with its neighbours all that did not change."""

_MARKS = 16
"""Into so many parts a log is divided, and the state at the end of each is kept once it was passed."""

_SMALLEST_PART = 20_000

_TOGETHER = 50_000
"""Events read at a time."""

_LOOKED_AT = 1_000
"""So many of the entities that a stretch has changed are looked at, whether they are values."""

_BACK_COSTS = 3
"""How many times as long it takes to go back over an event as to go on over it: its stream is folded again."""


class States(Generic[StateT]):
    """Give the state at any position.

    A state of values is shared with whoever asks. One that somebody could change is kept as a copy and handed out as
    another, which takes as long as the state is large.

    Args:
        index: Where the events of each stream are.
        source: The events.
        reducer: The domain's reducer, which says how a state keeps its entities.
        entities: Folds single streams.
        sharing: Tells which entities are values.
    """

    def __init__(
        self,
        index: Index,
        source: Source,
        reducer: DeciderReducer[Any, StateT],
        entities: Entities,
        sharing: Sharing,
    ) -> None:
        self._index = index
        self._source = source
        self._reducer = reducer
        self._entities = entities
        self._sharing = sharing
        self._part = max(_SMALLEST_PART, -(-len(index) // _MARKS))
        self._marks: dict[int, StateT] = {0: reducer.initial_state()}
        self._copies = not is_value(self._marks[0])
        self._recent: OrderedDict[int, StateT] = OrderedDict()

    def at(self, n: int) -> StateT:
        """Return the state after so many events.

        Raises:
            CorruptStream: An event cannot follow what its stream holds before it.
            UnreadableEvent: An event cannot be decoded.
        """
        kept = {**self._marks, **self._recent}
        nearest = min(kept, key=lambda position: self._cost(position, n))
        if nearest == n:
            if n in self._recent:
                self._recent.move_to_end(n)
            return self._out(kept[n])
        with collector_resting():
            known = self._out(kept[nearest])
            state = self._back(known, nearest, n) if nearest > n else self._on(known, nearest, n)
        self._recent[n] = state
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        return self._out(state)

    def _out(self, state: StateT) -> StateT:
        return copied(state) if self._copies else state

    def _cost(self, position: int, n: int) -> float:
        if position <= n:
            return n - position
        return (position - n) * _BACK_COSTS if goes_back(self._reducer) else float("inf")

    def _on(self, state: StateT, position: int, n: int) -> StateT:
        """Fold forward."""
        while position < n:
            until = min(n, position + _TOGETHER, position - position % self._part + self._part)
            facts = self._source.stretch(position, until)
            state = self._reducer.replay(state, facts)
            self._copies = self._copies or not self._are_values(state, facts)
            position = until
            if position % self._part == 0:
                self._marks[position] = self._out(state)
        return state

    def _are_values(self, state: StateT, facts: list[Fact]) -> bool:
        """Tell whether entities that were changed by facts are values, as far as a few of them tell."""
        few = islice(dict.fromkeys(stream_id for stream_id, _, _ in reversed(facts)), _LOOKED_AT)
        keys = map(self._reducer.decider.key_in, few)
        return all(self._sharing.shares(self._reducer.entity(state, key)[0]) for key in keys)

    def _back(self, state: StateT, position: int, n: int) -> StateT:
        """Fold again what has changed since, and take out what was not there yet."""
        decider, existing = self._reducer.decider, self._index.existing(n)
        changed = self._index.changed(n, position)
        earlier = self._entities.at(changed[changed < existing].tolist(), n)
        state = self._reducer.without_entities(state, map(decider.key_in, self._source.stream_ids(n, position)))
        return self._reducer.with_entities(
            state, {decider.key_in(stream_id): (entity, version) for stream_id, entity, version in earlier}
        )


def goes_back(reducer: DeciderReducer[Any, Any]) -> bool:
    """Tell whether a reducer can take entities out of its state: its own class must say how, if it has one."""
    own = type(reducer)
    return (
        own.without_entities is not DeciderReducer.without_entities or own.with_entities is DeciderReducer.with_entities
    )
