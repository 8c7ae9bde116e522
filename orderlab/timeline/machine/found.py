"""The entities that a search has found: each once, and not more than can be followed."""

from collections.abc import Sequence
from typing import Any


def first_ranked(ranked: Sequence[tuple[int, Any]], most: int) -> list[Any]:
    """Return the entities that are among the first of their state, as they come; so that no state is crowded out."""
    last = sorted(rank for rank, _ in ranked)[most - 1] if len(ranked) > most else None
    return [entity for rank, entity in ranked if last is None or rank <= last]


class Seen:
    """Entities by value, also such as have no hash."""

    def __init__(self) -> None:
        self._hashed: set[Any] = set()
        self._others: list[Any] = []

    def adds(self, entity: Any) -> bool:
        """Take in an entity; tell whether it is a new one."""
        try:
            is_new = entity not in self._hashed
            self._hashed.add(entity)
        except TypeError:
            is_new = entity not in self._others
            if is_new:
                self._others.append(entity)
        return is_new
