"""The one thread of a process that appends to a log in PostgreSQL; others, in other processes, may do so as well.

What a group of appends comes to is planned here, by the ledger that all event stores share, on what is believed of the
log. The database adds it only if that is true, in one statement. If it is not, the facts are asked for, in a turn that
is held until the group is planned on them and written; so a second attempt never fails for what others write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import psycopg
from psycopg.errors import LockNotAvailable

from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.log import Appended
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.groupwriter import Answers, GroupWriter
from orderlab.eventstore.ledger import Ledger, Plan
from orderlab.eventstore.postgres_database import Database, is_passing
from orderlab.eventstore.postgres_ids import DrawnAgain, FoundIds, believed_new
from orderlab.eventstore.postgres_listener import Listener
from orderlab.eventstore.postgres_schema import Connection
from orderlab.eventstore.postgres_statements import (
    Last,
    append_rows,
    is_large,
    place_before,
    places_of,
    take_turn,
    versions_of,
)
from orderlab.eventstore.stored import EncodedAppend

_MOST_BELIEVED = 2**30
"""A version that is believed at the most: a much larger one would be no integer in the database."""

_MOST_ASKED = 16_384
"""Event ids that are looked up at once because they may be drawn next."""

_TRIES = 3
"""How often a large append is sent without keeping the turn to append."""

_BELIEFS = 10_000
"""Streams whose versions are kept in mind."""


@dataclass(slots=True)
class _Group:
    """Some appends on their way into the log.

    `sent` is the plan that was sent last, of which it is not known yet whether it was written.
    """

    appends: Sequence[EncodedAppend]
    now: datetime
    believing: bool = True
    sent: Plan | None = None


class PostgresWriter(GroupWriter):
    """Own the connections to a log, and append to it from a thread of its own.

    Args:
        database: Where the log is.
        listener: What hears of others who append; it is stopped at the end.
        clock: What stamps `recorded_at`.
        ids: What draws event ids.
        create: Make a log if there is none.
    """

    def __init__(
        self, database: Database, listener: Listener, clock: Clock, ids: IdGenerator, *, create: bool = True
    ) -> None:
        super().__init__(database.called)
        self._database = database
        self._listener = listener
        self._clock = clock
        self._ids = DrawnAgain(ids)
        self._create = create
        self._position = 0
        self._recorded_at: datetime | None = None
        self._last_id: UUID | None = None
        self._versions: dict[str, int] = {}

    def end_reading(self) -> None:
        """Have nobody who reads wait for a lost connection any more."""
        self._database.end_reading()

    def _begin(self) -> None:
        self._database.open(create=self._create)

    def _end(self) -> None:
        self._listener.stop()
        self._database.close()

    def _failure(self, error: Exception) -> Exception:
        return error

    def _announce(self) -> None:
        self._listener.learn(self._position, self._last_id)

    def _write(self, appends: Sequence[EncodedAppend]) -> Answers:
        group = _Group(appends, self._clock.now())
        self._ids.begin()
        try:
            plan = self._database.ask(partial(self._attempt, group))
        except EventStoreError as error:
            if group.sent is None:
                raise
            self._ids.leave()  # they may be in the log
            raise Unreachable(f"{error}; whether this append was written is not known") from error
        if plan.rows:
            last = plan.rows[-1]
            self._position, self._recorded_at, self._last_id = last.position, last.recorded_at, last.event_id
        self._remember(appends, plan)
        return plan.answers

    def _attempt(self, group: _Group, connection: Connection) -> Plan:
        """Write a group; called again on another connection if that was lost, maybe after it was written."""
        self._ids.draw_again()
        if group.believing and group.sent is None:
            plan = self._believed(group)
            if plan is not None:
                last = _send(group, plan, connection)
                group.sent = None
                if last is not None:
                    return plan.moved(*last)
        group.believing = False
        for _ in range(_TRIES):
            plan = self._on_facts(group, connection, large=False)
            if plan is not None:
                return plan
        plan = self._on_facts(group, connection, large=True)
        assert plan is not None
        return plan

    def _on_facts(self, group: _Group, connection: Connection, *, large: bool) -> Plan | None:
        """Plan on facts, and write in the same turn.

        Unless that is much: nobody is to wait for a network, or for a machine that falls asleep. It is sent without the
        turn, and None if by then others have written to the same streams. `large` has it keep the turn all the same.
        """
        with connection.transaction():
            last = take_turn(connection)
            if group.sent is not None and (before := place_before(connection, group.sent)) is not None:
                return group.sent.moved(*before)
            group.sent = None
            self._ids.draw_again()
            plan = self._known(group, connection, last)
            if not plan.rows:
                return plan
            if large or not is_large(plan.rows):
                if _send(group, plan, connection) is None:
                    group.sent = None
                    raise EventStoreError(f"{self._called} is damaged: events were added to it, or taken out, by hand")
                return plan
        written = _send(group, plan, connection)
        group.sent = None
        return None if written is None else plan.moved(*written)

    def _believed(self, group: _Group) -> Plan | None:
        """Plan on what is believed; None if that leads to a refusal or a retry, which only facts can tell."""
        heads: dict[str, int] = {}
        for append in group.appends:
            expected = append.expected_version
            if expected is not None and expected > _MOST_BELIEVED:
                return None
            heads.setdefault(
                append.stream_id, self._versions.get(append.stream_id, 0) if expected is None else expected
            )
        ledger = Ledger(FoundIds({}, believed_new), heads=heads, position=self._position, recorded_at=self._recorded_at)
        plan = ledger.plan(group.appends, group.now, self._ids)
        clean = all(isinstance(answer, Appended) and answer.rows for answer in plan.answers)
        return plan if clean else None

    def _known(self, group: _Group, connection: Connection, last: Last) -> Plan:
        """Plan on facts, which do not change before the transaction ends."""
        brought = [new.event_id for append in group.appends for _, new, _ in append.events if new.event_id is not None]
        asked = {*brought, *self._ids.coming}
        places = places_of(connection, list(asked))

        def is_there(event_id: UUID) -> bool:
            if event_id not in asked:  # the more at once, the more were in use: one that counts may have far to go
                more = [event_id, *self._ids.likely(min(len(places), _MOST_ASKED))]
                asked.update(more)
                places.update(places_of(connection, more))
            return event_id in places

        heads = versions_of(connection, list({append.stream_id for append in group.appends}))
        ledger = Ledger(FoundIds(places, is_there), heads=heads, position=last[0], recorded_at=last[1])
        return ledger.plan(group.appends, group.now, self._ids)

    def _remember(self, appends: Sequence[EncodedAppend], plan: Plan) -> None:
        """Keep in mind the versions of streams that are written without a version expected."""
        if len(self._versions) > _BELIEFS:
            self._versions.clear()
        for append in appends:
            if append.expected_version is None and append.stream_id in plan.heads:
                self._versions[append.stream_id] = plan.heads[append.stream_id]


def _send(group: _Group, plan: Plan, connection: Connection) -> Last | None:
    """Send a plan, and keep in mind that it was sent; unless the database says that it has done nothing."""
    group.sent = plan
    try:
        return append_rows(connection, plan.rows)
    except psycopg.Error as error:
        if isinstance(error, LockNotAvailable) or (error.sqlstate is not None and not is_passing(error)):
            group.sent = None
        raise
