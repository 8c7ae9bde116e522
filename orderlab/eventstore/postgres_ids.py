"""Event ids as a writer to a log in PostgreSQL knows them: those it has asked for, and those it draws."""

import copy
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from orderlab.core.environment import IdGenerator
from orderlab.core.log import StoredEvent
from orderlab.eventstore.ledger import Place

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundIds:
    """The event ids of the log, as far as a plan asks for them."""

    places: dict[UUID, Place]
    is_there: Callable[[UUID], bool]

    def __contains__(self, event_id: UUID) -> bool:
        return self.is_there(event_id)

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        """Return the place of each of these ids that was found."""
        return {event_id: self.places[event_id] for event_id in event_ids if event_id in self.places}

    def add(self, rows: Sequence[StoredEvent]) -> None:
        """Learn nothing: a ledger here is made for one plan."""


def believed_new(event_id: UUID) -> bool:
    """Believe of any id that it is in no log; the database knows better."""
    return False


class DrawnAgain:
    """An id generator that draws the same ids again for a group that is planned again."""

    def __init__(self, ids: IdGenerator) -> None:
        self._ids = ids
        self._drawn: list[UUID] = []
        self.coming: deque[UUID] = deque()

    def begin(self) -> None:
        """Begin a group."""
        self._drawn.clear()

    def draw_again(self) -> None:
        """Have what was drawn for the group come again."""
        self.coming.extendleft(reversed(self._drawn))
        self._drawn.clear()

    def leave(self) -> None:
        """Never have any of them come again."""
        self._drawn.clear()
        self.coming.clear()

    def new_uuid(self) -> UUID:
        """Draw an id, first of all one that comes again."""
        drawn = self.coming.popleft() if self.coming else self._ids.new_uuid()
        self._drawn.append(drawn)
        return drawn

    def likely(self, count: int) -> list[UUID]:
        """Return what the generator will probably draw, without drawing it; nothing if it cannot be copied."""
        try:
            ahead = copy.deepcopy(self._ids)
            return [ahead.new_uuid() for _ in range(count)]
        except Exception as error:  # noqa: BLE001 - of anybody's generator; then each id is asked for by itself
            logger.debug("what %r draws next cannot be told: %s", self._ids, error)
            return []

    def new_id(self, kind: str) -> str:
        """Draw an id of another kind, which no plan does."""
        return self._ids.new_id(kind)
