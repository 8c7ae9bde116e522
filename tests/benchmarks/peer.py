"""The peer, pyeventsourcing: the same orders, in the way its documentation writes them.

Aggregates with `@event` methods, an `Application` that is told its persistence module by environment variables, the
JSON transcoder that it comes with, and every setting at its default: an SQLite file is opened with a write-ahead log
and a full sync at each commit; PostgreSQL gets a pool of 5 to 15 connections, and each save locks the table, which is
how the peer keeps its positions in order. Snapshots and the aggregate cache are off.

Two things favour the peer. The items of an order are plain dictionaries, which its transcoder takes as they are;
dataclasses as ours would need a transcoding registered, and more time. And a whole log is read from its recorder in
pages of 1,000; its notification log gives ten at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from benchmarks.sample import CUSTOMER, ITEMS, LATER, REASON, TOTAL_CENTS, TRACKING_NUMBER, before, is_cancelled

PeerApplication = Application[UUID]

PAGE = 1_000

_SAVED = 200
"""Aggregates in one save: with some times as many, by a Unix socket, the peer and PostgreSQL wait for each other."""

_ITEMS = [
    {
        "product_id": item.product_id,
        "name": item.name,
        "quantity": item.quantity,
        "unit_price_cents": item.unit_price_cents,
    }
    for item in ITEMS
]


class Order(Aggregate):
    """An order, as the peer would have it."""

    @event("OrderPlaced")
    def __init__(self, customer_id: str, items: list[dict[str, Any]], total_cents: int) -> None:
        self.customer_id = customer_id
        self.items = items
        self.total_cents = total_cents
        self.status = "placed"

    @event("OrderShipped")
    def ship(self, tracking_number: str) -> None:
        """Hand it to the carrier."""
        self.tracking_number = tracking_number
        self.status = "shipped"

    @event("OrderCancelled")
    def cancel(self, reason: str) -> None:
        """Call it off."""
        self.reason = reason
        self.status = "cancelled"


class Account(Aggregate):
    """An account that money is paid into: a stream may be of any length."""

    @event("Opened")
    def __init__(self, cents: int) -> None:
        self.balance_cents = cents

    @event("Deposited")
    def deposit(self, cents: int) -> None:
        """Pay in."""
        self.balance_cents += cents


def placed_orders(count: int) -> list[Order]:
    """Place so many orders, none of them saved yet."""
    return [Order(CUSTOMER, _ITEMS, TOTAL_CENTS) for _ in range(count)]


def end(order: Order, index: int) -> None:
    """Ship or cancel an order, whichever its index says."""
    if is_cancelled(index):
        order.cancel(REASON)
    else:
        order.ship(TRACKING_NUMBER)


@contextmanager
def application(folder: Path | None) -> Iterator[PeerApplication]:
    """Open an application whose events are in an SQLite file in a folder, or in memory."""
    in_file = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder and folder / "peer.sqlite")}
    with PeerApplication(env=in_file if folder else {"PERSISTENCE_MODULE": "eventsourcing.popo"}) as opened:
        yield opened


@contextmanager
def application_in_postgres(url: str, schema: str) -> Iterator[PeerApplication]:
    """Open an application whose events are in a schema of a PostgreSQL."""
    given = conninfo_to_dict(url)
    where = {f"POSTGRES_{name.upper()}": str(given.get(name) or "") for name in ("dbname", "host", "user", "password")}
    where |= {"POSTGRES_PORT": str(given.get("port") or ""), "POSTGRES_SCHEMA": schema}
    with PeerApplication(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **where}) as opened:
        yield opened


def save(opened: PeerApplication, aggregates: list[Any]) -> None:
    """Save many aggregates, some in each transaction."""
    for start in range(0, len(aggregates), _SAVED):
        opened.save(*aggregates[start : start + _SAVED])


def write_orders(opened: PeerApplication, count: int) -> None:
    """Write the same events as `events_of_orders` gives, in the same order."""
    orders = placed_orders(count - count // 2)
    for start in range(0, len(orders) + LATER, LATER):
        save(opened, orders[start : start + LATER])
        for index in before(start, count):
            end(orders[index], index)
        save(opened, [orders[index] for index in before(start, count)])


def replayed(opened: PeerApplication) -> dict[UUID, Any]:
    """Fold the whole log into all of its aggregates."""
    aggregates: dict[UUID, Any] = {}
    position = 0
    while notifications := opened.recorder.select_notifications(start=position + 1, limit=PAGE):
        for notification in notifications:
            happened: Any = opened.mapper.to_domain_event(notification)
            aggregates[happened.originator_id] = happened.mutate(aggregates.get(happened.originator_id))
        position = notifications[-1].id
    return aggregates
