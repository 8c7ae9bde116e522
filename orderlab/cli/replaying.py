"""`orderlab replay`: the state at any point of a log, or the story of one order."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from orderlab.cli.console import OUT, AsJson, perform, show_counts, show_json, show_rows
from orderlab.cli.telling import at, details
from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.urls import open_event_store
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order, OrderState
from orderlab.replay import load_state, position_of, time_in


def replayed(
    url: Annotated[
        str,
        typer.Argument(
            help="The log: duckdb:///file.duckdb (relative), duckdb:////folder/file.duckdb, or "
            "postgresql://user@host/database, with ?schema=NAME for one that is not in the schema orderlab."
        ),
    ],
    until: Annotated[
        str | None,
        typer.Option(
            help="A position, or a time such as 2011-06-01T12:00: in UTC unless it says so; a date alone is midnight."
        ),
    ] = None,
    order: Annotated[str | None, typer.Option(metavar="ID", help="Tell the whole story of this order.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the state from the log, at its end or at any earlier point."""
    perform(_replay(url, point_of(until), order, as_json))


def point_of(until: str | None) -> int | datetime | None:
    """Read a position or a time; a time without a zone is UTC.

    >>> point_of("12"), point_of("2011-06-01")
    (12, datetime.datetime(2011, 6, 1, 0, 0, tzinfo=datetime.timezone.utc))
    """
    if until is None:
        return None
    if until.isdecimal() and len(until) < 19:  # noqa: PLR2004 - a longer one is no position of any log
        return int(until)
    try:
        return time_in(until)
    except ValueError:
        raise typer.BadParameter(
            f"{until!r} is neither a position such as 1200 nor a time such as 2011-06-01T12:00", param_hint="--until"
        ) from None


async def _replay(url: str, until: int | datetime | None, order_id: str | None, as_json: bool) -> None:
    async with open_event_store(url, create=False) as event_store:
        position = await position_of(event_store, until)
        if isinstance(until, int) and until > position:
            raise OrderlabError(f"the log ends at position {position}, and {until} is beyond it")
        if order_id is None:
            await _state(event_store, position, as_json)
        else:
            await _story(event_store, position, order_id, as_json)


async def _state(event_store: EventStore, position: int, as_json: bool) -> None:
    state = await load_state(event_store, position)
    recorded_at = await _recorded_at(event_store, position)
    cents = sum(order.total_cents for order in state.orders.values())
    if as_json:
        summary = {"position": position, "recorded_at": msgspec.to_builtins(recorded_at), "total_cents": cents}
        show_json({**summary, "orders": len(state.orders), **state.counts()})
        return
    head = await event_store.head()
    counts: dict[str, Any] = {f"orders {name}": count for name, count in state.counts().items()}
    when = f", recorded {at(recorded_at)}" if recorded_at else ""
    show_counts(f"The state at position {position:,} of {head:,}{when}", {**counts, "cents in all": cents})
    if state.orders:
        OUT.print()
        _newest(state)


def _newest(state: OrderState) -> None:
    newest = sorted(state.orders.values(), key=lambda each: (each.updated_at, each.id), reverse=True)[:10]
    rows = [
        (each.id, each.status.name, each.customer_id, f"{each.total_cents:,}", at(each.updated_at)) for each in newest
    ]
    show_rows(("last changed", "status", "customer", "cents", "at"), rows)


async def _story(event_store: EventStore, position: int, order_id: str, as_json: bool) -> None:
    recorded = [each for each in await event_store.load_events(ORDERS.stream_id(order_id)) if each.position <= position]
    if not recorded:
        raise OrderlabError(f"there is no order {order_id} in the log up to position {position}")
    order: Order | None = None
    for each in recorded:
        order = ORDERS.evolve(order, each.event)
    if as_json:
        shown = [
            {"position": each.position, "recorded_at": each.recorded_at, "action": {each.event_type: each.event}}
            for each in recorded
        ]
        story = {"order": order, "status": order.status.name if order else None, "events": shown}
        show_json(msgspec.to_builtins(story))
        return
    rows = [
        (each.position, at(each.recorded_at), each.event_type, details(each.event, without=("order_id", "timestamp")))
        for each in recorded
    ]
    show_rows(("position", "recorded", "event", "what"), rows)
    assert order is not None  # there was an event
    OUT.print(f"\n{order!r}", markup=False)


async def _recorded_at(event_store: EventStore, position: int) -> datetime | None:
    async for columns in event_store.read_columns("recorded_at", after=max(0, position - 1), until=position):
        time: datetime = columns["recorded_at"][0]
        return time
    return None
