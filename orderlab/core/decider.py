"""A domain as two pure functions, and the reducer that follows from them.

`decide` says which facts a command causes, or refuses it; `evolve` applies a fact. Both know one entity only.
`DeciderReducer` lifts them to all entities, in the shape that a runtime runs: state and action in, new state and
described effects out. The word *decider* and the split are Jérémie Chassaing's ("Functional Event Sourcing
Decider", 2021); the reducer with effects is that of The Elm Architecture and The Composable Architecture.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import immutables

from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import Environment
from orderlab.core.errors import CorruptStream
from orderlab.core.log import NO_STREAM
from orderlab.drawing.tables import AsTable

StateT = TypeVar("StateT")
EntityT = TypeVar("EntityT")

Fact = tuple[str, int, Any]
"""A replayed event: its stream id, its version in it, and the domain value."""


@dataclass(frozen=True, slots=True)
class Step(AsTable, Generic[StateT]):
    """What one action led to: the state after it, and the effects asked for, in order."""

    state: StateT
    effects: tuple[Effect, ...] = ()

    def __repr__(self) -> str:
        kinds = ", ".join(type(effect).__name__ for effect in self.effects) or "none"
        return f"<Step effects: {kinds}; state: {self.state!r}>"


def _kind(entity: Any) -> str:
    return "none" if entity is None else type(entity).__name__


class Decide(Protocol):
    """Decide on a command: the events it causes, or a rejection."""

    def __call__(self, command: Any, entity: Any, /, *, key: str, at: Any) -> Any:
        """Return a tuple of events, or one rejection; `entity` is None before the first event."""
        ...


@dataclass(frozen=True)
class Decider(AsTable, Generic[EntityT]):
    """A domain: its functions and its words, and nothing else.

    Args:
        name: The kind of entity, `order`; begins its stream names and the ids drawn for it.
        decide: `decide(command, entity, key=…, at=…)` gives a tuple of events, or one rejection.
        evolve: `evolve(entity, event)` gives the entity after the event; `entity` is None at first.
        key_of: The key of the entity that an action is about; None asks for a new one.
        commands: The command types.
        events: The event types.
        rejections: The rejection types.
        reflects: Whether an entity already shows an event that is handed to the reducer a second time. In a
            domain where the same fact may happen twice this cannot be told, and the default says no.
        state_name: The name of the state that an entity is in, for pictures and counts; it is asked of None too.
        states: The names that `state_name` can give, the one of None first; empty where they are not said.
        command_of: The command that an event answers to, so that a changed past can be decided again; None for an
            event that the command of the one before it caused as well. None where events do not tell.
    """

    name: str
    decide: Decide
    evolve: Callable[[Any, Any], EntityT]
    key_of: Callable[[Any], str | None]
    commands: tuple[type, ...]
    events: tuple[type, ...]
    rejections: tuple[type, ...]
    reflects: Callable[[EntityT, Any], bool] = field(default=lambda entity, event: False)
    state_name: Callable[[EntityT | None], str] = field(default=_kind)
    states: tuple[str, ...] = ()
    command_of: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        for name in ("commands", "events", "rejections"):
            given = getattr(self, name)
            if isinstance(given, type):
                raise TypeError(f"{name} must be a tuple of types, such as ({given.__name__},)")
            object.__setattr__(self, name, tuple(given))
        if isinstance(self.states, str):
            raise TypeError(f"states must be a tuple of names, such as ({self.states!r},)")
        object.__setattr__(self, "states", tuple(self.states))
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"name must be the kind of entity as text, such as order, not {self.name!r}")
        for name in ("decide", "evolve", "key_of", "reflects", "state_name"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} of {self.name} must be a function, not {getattr(self, name)!r}")
        if not (self.command_of is None or callable(self.command_of)):
            raise TypeError(f"command_of of {self.name} must be a function, or None, not {self.command_of!r}")

    def state_of(self, entity: EntityT | None) -> str:
        """Name the state that an entity is in, by `state_name`.

        Raises:
            TypeError: What `state_name` gives is no text.
        """
        name = self.state_name(entity)
        if not isinstance(name, str):
            raise TypeError(
                f"state_name of {self.name} must give each state a name of text, and gave {name!r} for {entity!r}"
            )
        return name

    def stream_id(self, key: str) -> str:
        """Name the stream of the entity with this key, `order-{key}`; the only function that does."""
        return f"{self.name}-{key}"

    def key_in(self, stream_id: str) -> str:
        """Return the key that `stream_id` was made from; raise `CorruptStream` if it is of another kind."""
        prefix = self.stream_id("")
        if not stream_id.startswith(prefix):
            raise CorruptStream(
                f"stream {stream_id} is none of kind {self.name}: a log is replayed with the reducer of its own domain"
            )
        return stream_id[len(prefix) :]

    def __repr__(self) -> str:
        return f"<Decider {self.name}: {len(self.commands)} commands, {len(self.events)} events>"


class Reducer(Protocol[StateT]):
    """Anything that the runtime can run; a function from state and action to a step."""

    def reduce(self, state: StateT, action: Any, env: Environment) -> Step[StateT]:
        """Return the state after `action` and the effects it asks for."""
        ...


@dataclass(frozen=True, slots=True)
class EntityState(AsTable, Generic[EntityT]):
    """All entities of a domain by key, and how many events each has had."""

    entities: Mapping[str, EntityT] = field(default_factory=immutables.Map)
    versions: Mapping[str, int] = field(default_factory=immutables.Map)

    def __post_init__(self) -> None:  # a plain dictionary would never equal the map of a state that was folded
        object.__setattr__(self, "entities", _as_map(self.entities))
        object.__setattr__(self, "versions", _as_map(self.versions))

    def __repr__(self) -> str:
        return f"<EntityState of {len(self.entities)} entities, {sum(self.versions.values())} events>"


class DeciderReducer(AsTable, Generic[EntityT, StateT]):
    """Lift a decider over all its entities.

    The clock is read once and an id drawn at most once for a command, here and nowhere else in the core.

    Args:
        decider: The domain.
        check_versions: Expect each stream at the version that was decided on (optimistic concurrency). False
            expects nothing, for showing what then goes wrong.
    """

    def __init__(self, decider: Decider[EntityT], *, check_versions: bool = True) -> None:
        if not isinstance(decider, Decider):
            raise TypeError(
                f"decider must be a Decider, which has decide, evolve and the names of both, not {decider!r}"
            )
        self.decider = decider
        self.check_versions = check_versions

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.decider.name}{'' if self.check_versions else ', unchecked'}>"

    # How the state is kept. A reducer with a state class of its own overrides the first four, and may
    # override the fifth: without it, time travel folds forward only.

    def initial_state(self) -> StateT:
        """Return the state before any event."""
        return EntityState()  # type: ignore[return-value] # the state of a reducer that overrides nothing

    def entity(self, state: StateT, key: str) -> tuple[EntityT | None, int]:
        """Return the entity with this key and its version, or None and 0."""
        assert isinstance(state, EntityState), f"the state must be that of initial_state(), not {state!r}"
        return state.entities.get(key), state.versions.get(key, NO_STREAM)

    def with_entity(self, state: StateT, key: str, entity: EntityT, version: int) -> StateT:
        """Return a state in which the entity with this key is `entity`, at `version`."""
        assert isinstance(state, EntityState)
        entities, versions = _as_map(state.entities), _as_map(state.versions)
        return EntityState(entities.set(key, entity), versions.set(key, version))  # type: ignore[return-value]

    def with_entities(self, state: StateT, changed: Mapping[str, tuple[EntityT, int]]) -> StateT:
        """Return a state with many entities changed at once: by key, the entity and its version."""
        assert isinstance(state, EntityState)
        entities = _as_map(state.entities).update({key: entity for key, (entity, _) in changed.items()})
        versions = _as_map(state.versions).update({key: version for key, (_, version) in changed.items()})
        return EntityState(entities, versions)  # type: ignore[return-value]

    def without_entities(self, state: StateT, keys: Iterable[str]) -> StateT:
        """Return a state without the entities with these keys, each of which is in it: for going back in time."""
        assert isinstance(state, EntityState)
        keys = list(keys)
        return EntityState(_without(state.entities, keys), _without(state.versions, keys))  # type: ignore[return-value]

    # What follows from the two functions.

    def reduce(self, state: StateT, action: Any, env: Environment) -> Step[StateT]:
        """Return the state after `action`, and the effects it asks for.

        A command that is accepted gives the state with its events applied, `AppendEvents` and one `Emit` per
        event; a refused one the same state object and `Emit(rejection)`. An event is applied unless the state
        reflects it already; a rejection changes nothing.

        Raises:
            TypeError: The action is none of the decider's.
            CorruptStream: The event cannot follow what the state holds.
        """
        if isinstance(action, self.decider.commands):
            return self._command(state, action, env)
        if isinstance(action, self.decider.events):
            return Step(self._event(state, action))
        if isinstance(action, self.decider.rejections):
            return Step(state)
        raise TypeError(f"{action!r} is no command, event or rejection of {self.decider.name}")

    def stream_of(self, state: StateT, command: Any) -> tuple[str, int] | None:
        """Return the stream and version of the entity that a command is about; None if it is not there yet."""
        key = self.decider.key_of(command)
        version = self.entity(state, key)[1] if isinstance(key, str) else NO_STREAM
        return None if version == NO_STREAM else (self.decider.stream_id(str(key)), version)

    def replay(self, state: StateT, facts: Iterable[Fact]) -> StateT:
        """Fold recorded facts into `state`, by stream and version; no effect is ever made again.

        Works on plain dictionaries and makes the persistent state at the end.

        Raises:
            CorruptStream: A version is missing or repeated, or an event cannot follow.
        """
        evolve, key_of = self.decider.evolve, self.decider.key_of
        folded: dict[str, tuple[str, Any, int]] = {}
        for stream_id, version, event in facts:
            key, entity, previous = folded.get(stream_id) or self._first(state, stream_id)
            if key_of(event) != key:
                raise CorruptStream(f"stream {stream_id} holds {event!r}, which is about another")
            if version != previous + 1:
                raise CorruptStream(f"stream {stream_id} goes from version {previous} to {version}")
            try:
                folded[stream_id] = key, evolve(entity, event), version
            except CorruptStream as error:
                raise CorruptStream(f"stream {stream_id}, version {version}: {error}") from error
        return self.with_entities(state, {key: (entity, version) for key, entity, version in folded.values()})

    def _first(self, state: StateT, stream_id: str) -> tuple[str, EntityT | None, int]:
        """Return the key of a stream that is met for the first time, and its entity as the state has it."""
        key = self.decider.key_in(stream_id)
        return key, *self.entity(state, key)

    def _command(self, state: StateT, command: Any, env: Environment) -> Step[StateT]:
        key = self.decider.key_of(command)
        if key is None:
            key = env.ids.new_id(self.decider.name)
        # A key of the wrong type is decide's to refuse, so it must not be looked up: it may not even hash.
        entity, version = self.entity(state, key) if isinstance(key, str) else (None, NO_STREAM)
        decision = self.decider.decide(command, entity, key=key, at=env.clock.now())
        if isinstance(decision, self.decider.rejections):
            return Step(state, (Emit(decision),))
        if not isinstance(decision, tuple) or not all(isinstance(event, self.decider.events) for event in decision):
            raise TypeError(f"decide must return a tuple of events or one rejection, not {decision!r}")
        if not decision:
            return Step(state)
        if type(key) is not str:
            raise TypeError(f"the key of {command!r} must be text, not {key!r}")
        for event in decision:
            if self.decider.key_of(event) != key:
                raise TypeError(f"decide returned {event!r} for a command about {key!r}")
            entity = self.decider.evolve(entity, event)
        if entity is None:
            raise TypeError(f"evolve must return the entity after {decision[-1]!r}, not None")
        expected = version if self.check_versions else None
        return Step(
            self.with_entity(state, key, entity, version + len(decision)),
            (AppendEvents(self.decider.stream_id(key), decision, expected), *map(Emit, decision)),
        )

    def _event(self, state: StateT, event: Any) -> StateT:
        key = self.decider.key_of(event)
        if key is None:
            raise TypeError(f"{event!r} has no key: only a command may leave it to be drawn")
        entity, version = self.entity(state, key)
        if entity is not None and self.decider.reflects(entity, event):
            return state
        return self.with_entity(state, key, self.decider.evolve(entity, event), version + 1)


def _as_map(mapping: Mapping[str, Any]) -> "immutables.Map[str, Any]":
    return mapping if isinstance(mapping, immutables.Map) else immutables.Map(mapping)


def _without(mapping: Mapping[str, Any], keys: Iterable[str]) -> "immutables.Map[str, Any]":
    changed = _as_map(mapping).mutate()
    for key in keys:
        del changed[key]
    return changed.finish()
