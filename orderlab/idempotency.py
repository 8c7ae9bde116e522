"""Idempotency keys: a command sent twice under one key happens once, also across a restart.

The key travels in the metadata of the events it caused, so the log itself is the memory. The event ids are made from
the key as well: even two processes that both believe a key to be new cannot both write it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec

from orderlab.core.errors import OrderlabError
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore

_NAMESPACE = UUID("6d3a1f62-9d0c-5c1e-8a44-2f1f0b7c9e55")
_KEY, _DIGEST = "idempotency_key", "command_digest"


class IdempotencyKeyReused(OrderlabError):
    """A key that was used for another command; the same key is for retries of the same command only."""


@dataclass(frozen=True, slots=True)
class _Caused:
    """Where the events of a key are, and what command it was for."""

    stream_id: str
    first_version: int
    last_version: int
    digest: str


class RememberedKeys:
    """The keys that have caused events, and where those are."""

    def __init__(self) -> None:
        self._caused: dict[str, _Caused] = {}

    def __len__(self) -> int:
        return len(self._caused)

    def remember(self, stream_id: str, versions: Sequence[int], metadata: Mapping[str, Any]) -> None:
        """Learn where the events of a command are by their metadata; nothing if that holds no key."""
        key, digest = metadata.get(_KEY), metadata.get(_DIGEST)
        if not isinstance(key, str) or not isinstance(digest, str):  # others may write whatever they like there
            return
        earlier = self._caused.get(key)
        first = versions[0] if earlier is None else earlier.first_version
        self._caused[key] = _Caused(stream_id, first, versions[-1], digest)

    async def read(self, event_store: EventStore, *, after: int, until: int) -> None:
        """Learn the keys in a stretch of the log."""
        names = ("stream_id", "version", "metadata")
        async for columns in event_store.read_columns(*names, after=after, until=until):
            for stream_id, version, text in zip(*(columns[name] for name in names), strict=True):
                if _KEY in text:
                    self.remember(stream_id, [version], msgspec.json.decode(text))

    def learn(self, recorded: Sequence[RecordedEvent]) -> None:
        """Learn the keys in events that were read from the log."""
        for each in recorded:
            self.remember(each.stream_id, [each.version], each.metadata)

    def caused_by(self, key: str, command: Any) -> bool:
        """Tell whether a key has caused events.

        Raises:
            IdempotencyKeyReused: They were caused by another command than this.
        """
        caused = self._caused.get(key)
        if caused is not None and caused.digest != _digest(command):
            raise IdempotencyKeyReused(f"idempotency key {key!r} was used for another command: take a new key")
        return caused is not None

    async def events_of(self, key: str, event_store: EventStore) -> list[RecordedEvent]:
        """Return the events that a key caused."""
        caused = self._caused[key]
        recorded = await event_store.load_events(caused.stream_id, from_version=caused.first_version)
        return recorded[: caused.last_version - caused.first_version + 1]


def note_of(key: str, command: Any) -> dict[str, str]:
    """Return the metadata by which a log remembers a key."""
    return {_KEY: key, _DIGEST: _digest(command)}


def event_id_of(key: str, index: int) -> UUID:
    """Return the id of the event with this index among those that a key causes."""
    return uuid5(_NAMESPACE, f"{index}/{key}")


def _digest(command: Any) -> str:
    """Return a short digest of a command that is the same in every process."""
    try:
        text = msgspec.json.encode([type(command).__name__, command], order="deterministic", enc_hook=repr)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""  # no event can have come of what cannot be written
    return sha256(text).hexdigest()[:16]
