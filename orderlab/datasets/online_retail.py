"""Online Retail: a year of a UK gift wholesaler's invoices, and the commands that would have led to them.

Daqing Chen, Sai Liang Sain, Kun Guo, "Online Retail", UCI Machine Learning Repository, data set 352, CC BY 4.0.
An invoice is an order. A credit note, its number beginning with C, says what came back but not from which order:
`script_of` can look for the order, and says how. Shipping is not in the data: it can be drawn, and is then labelled.
Times are published as UK local minutes without a zone, and taken as UTC as they are, so that they read as published.
"""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from orderlab.core.script import TimedCommand
from orderlab.datasets.report import Report, Script
from orderlab.datasets.retail_file import COLUMNS
from orderlab.datasets.table import ORDER_LINES, from_frame
from orderlab.orders.actions import CancelOrder, ShipOrder

Cancellations = Literal["none", "exact", "any"]

NAMESPACE = "online-retail"
MINUTES_TO_SHIP = (4 * 60, 72 * 60)
SATURDAY = 5
HALF_A_CENT = 0.005

CREDIT_LINES = "lines of credit notes that cancel an order"
NO_CANDIDATE = "line of a credit note that could cancel no order"
NOT_ASKED_FOR = "line of a credit note, and cancellations were not asked for"

TIMES = "Times are UK local minutes without a zone, taken as UTC as published."
OVERSTATED = (
    "Cancellations are overstated: where no order is exactly what a credit note returns, the latest one that holds it "
    "is cancelled whole, though often only a part came back."
)
SYNTHETIC = "Shipping is synthetic, drawn with seed {}: the data has none. A credit note later than it will be refused."


class _Order(NamedTuple):
    at: datetime
    order_id: str
    quantities: Counter[str]


class _CreditNote(NamedTuple):
    at: datetime
    number: str
    customer_id: str
    returned: dict[str, int]
    lines: int


def script_of(
    frame: pd.DataFrame, *, cancellations: Cancellations = "none", shipping_seed: int | None = None
) -> Script:
    """Turn invoices into `PlaceOrder`, credit notes into `CancelOrder` and, if wished, draw `ShipOrder`.

    An order that a credit note could cancel is one of the same customer, placed not later, with at least what is
    returned; it is exact if it is just that. The latest one is taken, of two in the same minute the one with the later
    id. Two notes may name one order: the second stays in the script, and is refused when it is run.

    Args:
        frame: As `read_online_retail` gives it.
        cancellations: `none` leaves credit notes out; `exact` takes exact orders only; `any` an exact one where there
            is one, else any, which overstates.
        shipping_seed: Ship each order 4 to 72 hours after it was placed, drawn by the minute from the seed and the
            order's id alone, at a weekend on Monday instead, unless it is cancelled by then; None ships nothing.

    Raises:
        ValueError: The policy is not known, or a column is missing.
    """
    if cancellations not in get_args(Cancellations):
        raise ValueError(f"cancellations must be one of {', '.join(get_args(Cancellations))}, not {cancellations!r}")
    for name in (column.name for column in COLUMNS.values()):
        if name not in frame:
            raise ValueError(f"the frame has no column {name}; it must be as read_online_retail gives it")
    kinds = _kinds(frame, with_notes=cancellations != "none")
    placed = from_frame(frame[kinds == ORDER_LINES], columns=_WORDS, namespace=NAMESPACE)
    notes = _credit_notes(frame[kinds == CREDIT_LINES])
    cancelled = _cancellations(notes, placed, exact_only=cancellations == "exact")
    shipped = [] if shipping_seed is None else _shipments(placed, cancelled, shipping_seed)

    report = _report(kinds, placed, notes, cancelled)
    if cancellations == "any":
        report = replace(report, notes=(*report.notes, OVERSTATED))
    if shipping_seed is not None:
        counts = {**report.counts, "synthetic shipments": len(shipped)}
        report = replace(report, counts=counts, notes=(*report.notes, SYNTHETIC.format(shipping_seed)))
    # Sorting keeps the order of what happens at the same time: place, cancel, ship.
    commands = sorted((*placed.commands, *cancelled.values(), *shipped), key=attrgetter("at"))
    return Script(tuple(commands), report)


def _report(
    kinds: npt.NDArray[np.object_], placed: Script, notes: list[_CreditNote], cancelled: dict[str, TimedCommand]
) -> Report:
    linked_lines = sum(note.lines for note in notes if note.number in cancelled)
    left_out = Counter(kinds.tolist()) + Counter(placed.report.left_out)
    left_out[NO_CANDIDATE] = left_out.pop(CREDIT_LINES, 0) - linked_lines
    del left_out[ORDER_LINES]
    counts = {"orders": len(placed.commands)}
    if notes:
        counts |= {
            "credit notes that cancel an order": len(cancelled),
            "of these, for an order that an earlier one cancels": len(cancelled) - len(_first_cancelled(cancelled)),
            "credit notes that could cancel no order": len(notes) - len(cancelled),
        }
    used = Counter({ORDER_LINES: placed.report.rows_used, CREDIT_LINES: linked_lines})
    # A plus before a counter leaves out what counts nothing.
    return Report(len(kinds), dict(+used), dict(+left_out), counts, notes=(TIMES,))


def _kinds(frame: pd.DataFrame, *, with_notes: bool) -> npt.NDArray[np.object_]:
    """Say of each row what it is, or why it is left out: the first of these that holds."""
    number, nobody = frame["invoice_no"].str, frame["customer_id"].isna()
    credit = number.startswith("C", na=False)
    rules = [
        (number.startswith("A", na=False), "bad-debt adjustment"),
        (credit & nobody, "line of a credit note without a customer"),
        (credit, CREDIT_LINES if with_notes else NOT_ASKED_FOR),
        (nobody, "no customer"),
        (~(frame["quantity"] > 0), "quantity not above 0"),
        (~(frame["unit_price"] > 0), "price not above 0"),
        (frame["unit_price"] < HALF_A_CENT, "price below half a cent"),
    ]
    which = np.select([rows.to_numpy() for rows, _ in rules], list(range(len(rules))), default=len(rules))
    kinds = np.array([*(kind for _, kind in rules), ORDER_LINES], dtype=np.object_)
    return kinds.take(which)


def _credit_notes(lines: pd.DataFrame) -> list[_CreditNote]:
    """Return the credit notes in the order of their times, each with what it returns of every stock code."""
    by_number: defaultdict[str, list[Any]] = defaultdict(list)
    for line in lines.itertuples(index=False):
        by_number[str(line.invoice_no)].append(line)
    notes = []
    for number, its in by_number.items():
        returned: Counter[str] = Counter()
        for line in its:
            returned[line.stock_code] -= line.quantity
        at = min(line.invoice_date for line in its).to_pydatetime().replace(tzinfo=UTC)
        notes.append(_CreditNote(at, number, its[0].customer_id, +returned, len(its)))
    return sorted(notes, key=attrgetter("at", "number"))


def _cancellations(notes: list[_CreditNote], placed: Script, *, exact_only: bool) -> dict[str, TimedCommand]:
    """Return, by credit note and in the order of their times, the command for each that has a candidate."""
    orders: defaultdict[str, list[_Order]] = defaultdict(list)
    for timed in sorted(placed.commands, key=lambda timed: (timed.at, timed.command.order_id), reverse=True):
        quantities: Counter[str] = Counter()
        for item in timed.command.items:
            quantities[item.product_id] += item.quantity
        orders[timed.command.customer_id].append(_Order(timed.at, timed.command.order_id, quantities))
    cancelled = {}
    for note in notes:
        order_id = _candidate(note, orders[note.customer_id], exact_only=exact_only)
        if order_id is not None:
            cancel = CancelOrder(order_id, f"Credit note {note.number}")
            cancelled[note.number] = TimedCommand(note.at, cancel, f"{NAMESPACE}/{note.number}")
    return cancelled


def _candidate(note: _CreditNote, latest_first: list[_Order], *, exact_only: bool) -> str | None:
    """Return the latest order that the note could cancel, an exact one before any other."""
    earlier = [order for order in latest_first if order.at <= note.at] if note.returned else []
    exact = (order.order_id for order in earlier if order.quantities == note.returned)
    found = next(exact, None)
    if found is not None or exact_only:
        return found
    holds = (
        order.order_id
        for order in earlier
        if all(order.quantities[code] >= quantity for code, quantity in note.returned.items())
    )
    return next(holds, None)


def _first_cancelled(cancelled: dict[str, TimedCommand]) -> dict[str, datetime]:
    """Return when each order is cancelled first."""
    return {timed.command.order_id: timed.at for timed in reversed(cancelled.values())}


def _shipments(placed: Script, cancelled: dict[str, TimedCommand], seed: int) -> list[TimedCommand]:
    """Draw when each order is shipped, by its own id: whatever else is in the script changes nothing."""
    first_cancelled = _first_cancelled(cancelled)
    shipped = []
    for timed in placed.commands:
        order_id = timed.command.order_id
        draw = random.Random(f"{seed}/{order_id}")  # noqa: S311 - repeatability is the purpose, not secrecy
        at = timed.at + timedelta(minutes=draw.randint(*MINUTES_TO_SHIP))
        if at.weekday() >= SATURDAY:
            at += timedelta(days=7 - at.weekday())
        if order_id not in first_cancelled or at < first_cancelled[order_id]:
            ship = ShipOrder(order_id, f"SYN-{draw.getrandbits(32):08X}")
            shipped.append(TimedCommand(at, ship, f"{NAMESPACE}/ship/{order_id}"))
    return shipped


_WORDS = {
    "order_id": "invoice_no",
    "customer_id": "customer_id",
    "product_id": "stock_code",
    "name": "description",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "time": "invoice_date",
}
