"""The bookkeeping of a log with one writer: which version each stream is at, and which event ids are known.

Pure decisions on plain values: given a batch of appends it says which are accepted, as which rows, and why the
others are not. The stores share it, so they cannot differ in what they accept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from orderlab.core.environment import IdGenerator
from orderlab.core.errors import AppendRefused, EventIdReused, VersionConflict
from orderlab.core.log import Appended, StoredEvent
from orderlab.eventstore.stored import EncodedAppend, as_utc

_DAWN = datetime.min.replace(tzinfo=UTC)


class Place(NamedTuple):
    """Where an event is."""

    stream_id: str
    version: int
    position: int


class KnownIds(Protocol):
    """The ids of the events in a log."""

    def __contains__(self, event_id: UUID) -> bool:
        """Tell whether an id may be known; a false yes costs a look-up, a false no a duplicate."""
        ...

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        """Return the place of each of these ids that is in the log."""
        ...

    def add(self, rows: Sequence[StoredEvent]) -> None:
        """Learn the ids of rows that are now durable."""
        ...


@dataclass(slots=True)
class Plan:
    """What is to be written, and the answer to each append once it is.

    `places` are those of the events whose ids their writers brought, `drawn` the other ids, as numbers.
    """

    rows: list[StoredEvent] = field(default_factory=list)
    answers: list[Appended | AppendRefused] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)
    places: dict[UUID, Place] = field(default_factory=dict)
    drawn: set[int] = field(default_factory=set)

    def moved(self, position: int, recorded_at: datetime | None) -> "Plan":
        """Return the plan as it comes out in a log that others have written to: later in it, and not earlier in time.

        Args:
            position: The last position before the plan's rows.
            recorded_at: When that was recorded; None for an empty log.
        """
        if not self.rows:
            return self
        earliest, first = recorded_at or _DAWN, self.rows[0].position
        if first == position + 1 and self.rows[0].recorded_at >= earliest:
            return self
        rows = [
            row._replace(position=position + offset, recorded_at=max(row.recorded_at, earliest))
            for offset, row in enumerate(self.rows, start=1)
        ]
        in_turn = iter(rows)
        answers: list[Appended | AppendRefused] = []
        for answer in self.answers:
            if isinstance(answer, Appended) and answer.rows:
                its_rows = tuple(next(in_turn) for _ in answer.rows)
                answer = Appended(answer.version, tuple(row.position for row in its_rows), rows=its_rows)  # noqa: PLW2901
            elif isinstance(answer, Appended):  # a retry: of what the log had before, or of what this plan writes
                places = tuple(each if each < first else each - first + position + 1 for each in answer.positions)
                answer = replace(answer, positions=places)  # noqa: PLW2901
            answers.append(answer)
        by_id = {row.event_id: Place(row.stream_id, row.version, row.position) for row in rows}
        return Plan(rows, answers, self.heads, {each: by_id[each] for each in self.places}, self.drawn)


class Ledger:
    """The exact state of a log that only this process writes.

    Args:
        known: The ids of the events in the log.
        heads: The version of each stream.
        position: The position of the last event.
        recorded_at: When the last event was recorded.
    """

    def __init__(
        self,
        known: KnownIds,
        *,
        heads: dict[str, int] | None = None,
        position: int = 0,
        recorded_at: datetime | None = None,
    ) -> None:
        self.position = position
        self._known = known
        self._heads = heads if heads is not None else {}
        self._recorded_at = recorded_at or _DAWN

    def plan(self, batch: Sequence[EncodedAppend], now: datetime, ids: IdGenerator) -> Plan:
        """Decide on each append in turn; a later one sees the accepted earlier ones. Nothing changes yet."""
        plan = Plan()
        now = as_utc(now)
        for append in batch:
            plan.answers.append(self._retried(append, plan) or self._planned(append, plan, now, ids))
        return plan

    def accept(self, plan: Plan) -> None:
        """Take over a plan whose rows are durable."""
        if not plan.rows:
            return
        self._heads.update(plan.heads)
        self._known.add(plan.rows)
        self.position = plan.rows[-1].position
        self._recorded_at = plan.rows[-1].recorded_at

    def _retried(self, append: EncodedAppend, plan: Plan) -> Appended | AppendRefused | None:
        """Answer an append whose events were brought before; None if they are all new."""
        brought = [new.event_id for _, new, _ in append.events if new.event_id is not None]
        if not brought:
            return None
        if len(set(brought)) < len(brought):
            return EventIdReused(f"stream {append.stream_id}: an event id comes twice in one append")
        suspects = [event_id for event_id in brought if event_id in self._known]
        places = self._known.locate(suspects) if suspects else {}
        places.update({event_id: plan.places[event_id] for event_id in brought if event_id in plan.places})
        if not places:
            return None
        found = [places[event_id] for event_id in brought if event_id in places]
        first = found[0].version
        expected = [(append.stream_id, first + index) for index in range(len(append.events))]
        if [(place.stream_id, place.version) for place in found] != expected:
            first_id = next(iter(places))
            return EventIdReused(
                f"stream {append.stream_id}: event id {first_id} is in the log already, at position "
                f"{places[first_id].position}, and this append is not a retry of that one"
            )
        return Appended(found[-1].version, tuple(place.position for place in found), repeated=True)

    def _planned(self, append: EncodedAppend, plan: Plan, now: datetime, ids: IdGenerator) -> Appended | AppendRefused:
        stream_id = append.stream_id
        version = plan.heads.get(stream_id) or self._heads.get(stream_id, 0)
        if append.expected_version is not None and append.expected_version != version:
            return VersionConflict(stream_id, append.expected_version, version)
        if not append.events:
            return Appended(version, ())
        recorded_at = plan.rows[-1].recorded_at if plan.rows else self._recorded_at
        start = self.position + len(plan.rows)
        for offset, (encoded, new, metadata) in enumerate(append.events, start=1):
            recorded_at = max(recorded_at, new.recorded_at or now)
            event_id = new.event_id
            if event_id is None:
                event_id = self._draw(plan, ids)
            else:
                plan.places[event_id] = Place(stream_id, version + offset, start + offset)
            plan.rows.append(
                StoredEvent(
                    start + offset,
                    stream_id,
                    version + offset,
                    event_id,
                    encoded.event_type,
                    encoded.schema_version,
                    recorded_at,
                    new.correlation_id,
                    new.causation_id,
                    metadata,
                    encoded.payload,
                )
            )
        plan.heads[stream_id] = version + len(append.events)
        rows = tuple(plan.rows[start - self.position :])
        return Appended(plan.heads[stream_id], tuple(row.position for row in rows), rows=rows)

    def _draw(self, plan: Plan, ids: IdGenerator) -> UUID:
        """Draw an event id that is not in use: a generator that counts begins anew in each process."""
        passed_over = set[int]()
        while (event_id := ids.new_uuid()) in self._known or event_id in plan.places or event_id.int in plan.drawn:
            if event_id.int in passed_over:  # it would go on so for ever
                raise ValueError(
                    f"the id generator gives {event_id} again and again, which is in use: an event store needs one "
                    "whose ids differ"
                )
            passed_over.add(event_id.int)
        plan.drawn.add(event_id.int)
        return event_id
