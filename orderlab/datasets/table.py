"""The general way in: orders of your own in a DataFrame, one row per order line, as `PlaceOrder` commands.

Only what a command cannot be made of is left out here, and reported. The rules of an order are those of `decide`:
a command that breaks one is kept, and whoever runs it is told why it was refused.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd

from orderlab.core.script import TimedCommand
from orderlab.datasets.report import Report, Script
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.model import OrderItem

WORDS = ("order_id", "customer_id", "product_id", "name", "quantity", "time")
PRICES = ("unit_price", "unit_price_cents")
MAX_DIGITS = 18  # before the point: more than `decide` accepts anywhere, and no more than 64 bits hold

ORDER_LINES = "order lines"
OTHER_CUSTOMER = "customer_id is not that of the order's first row"

_CENT = Decimal("0.01")
_Objects = npt.NDArray[np.object_]
_Rows = npt.NDArray[np.bool_]


def from_frame(
    frame: pd.DataFrame, *, columns: Mapping[str, str], zone: str = "UTC", namespace: str = "frame"
) -> Script:
    """Turn order lines into one `PlaceOrder` per order, in the order of their times.

    The rows of an order keep their order; its time is the earliest of them. Ids are the values as text, a whole
    float without its point, since that is what pandas makes of numbers in a column with gaps: 536365.0 is "536365".

    Args:
        frame: One row per order line.
        columns: The frame's column for each of `order_id`, `customer_id`, `product_id`, `name`, `quantity`, `time`,
            and one of `unit_price`, in whole currency units, rounded half up to cents, or `unit_price_cents`.
        zone: The IANA time zone of times that name none; text is read as ISO 8601.
        namespace: Begins the key of every command: `frame/536365`.

    Raises:
        ValueError: A column is missing or not wanted, or the zone is not known.

    >>> lines = pd.DataFrame({"no": [7, 7], "who": "ada", "what": ["mug", "jug"], "price": [2.5, 2.675], "n": [2, 1],
    ...                       "when": ["2025-07-01 10:00", "2025-07-01 09:59"]})
    >>> words = {"order_id": "no", "customer_id": "who", "product_id": "what", "name": "what", "quantity": "n",
    ...          "unit_price": "price", "time": "when"}
    >>> [placed] = from_frame(lines, columns=words, zone="Europe/London").commands
    >>> print(placed.at, placed.key, placed.command.items[1])
    2025-07-01 08:59:00+00:00 frame/7 OrderItem(product_id='jug', name='jug', quantity=1, unit_price_cents=268)
    """
    _check_columns(frame, columns)
    parsers = _parsers(_zone_named(zone))
    values: dict[str, _Objects] = {}
    usable = np.ones(len(frame), dtype=np.bool_)
    left_out: dict[str, int] = {}
    for word in (word for word in parsers if word in columns):
        parse, problem = parsers[word]
        values[word], missing, unreadable = parsed(frame[columns[word]], parse)
        usable = _leave_out(usable, missing, f"no {word}", left_out)
        usable = _leave_out(usable, unreadable, f"{word} is {problem}", left_out)
    usable = _leave_out(usable, _of_another_customer(values, usable), OTHER_CUSTOMER, left_out)
    orders = _orders({word: each[usable] for word, each in values.items()}, namespace)
    return Script(orders, Report(len(frame), {ORDER_LINES: int(usable.sum())}, left_out, {"orders": len(orders)}))


def _check_columns(frame: pd.DataFrame, columns: Mapping[str, str]) -> None:
    prices = [word for word in columns if word in PRICES]
    if len(prices) != 1:
        raise ValueError(f"columns must name one of {' and '.join(PRICES)}, not {' and '.join(prices) or 'neither'}")
    for word in WORDS:
        if word not in columns:
            raise ValueError(f"columns must name the frame's column of {word}")
    for word, column in columns.items():
        if word not in (*WORDS, *PRICES):
            raise ValueError(f"columns names {word}, which is none of {', '.join((*WORDS, *PRICES))}")
        found = frame.columns.to_list().count(column)
        if found != 1:
            known = ", ".join(map(str, frame.columns))
            raise ValueError(f"the frame must have one column {column}, for {word}, not {found}; it has: {known}")


def _zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"zone must be an IANA name, such as Europe/London, not {name!r}") from error


def parsed(column: "pd.Series[Any]", parse: Callable[[Any], Any]) -> tuple[_Objects, _Rows, _Rows]:
    """Parse each different value of a column once, since columns repeat theirs.

    Returns:
        The value in each row, None where there is none; which rows are gaps; which `parse` could not read.
    """
    codes, uniques = column.factorize()
    values = np.empty(len(uniques) + 1, dtype=np.object_)  # one more, None, which a gap's code of -1 picks
    values[:-1] = [parse(value) for value in np.asarray(uniques)]  # an index would widen single precision
    absent = np.array([value is None for value in values])[codes]
    missing = codes == -1
    return values[codes], missing, absent & ~missing


def _leave_out(usable: _Rows, rows: _Rows, reason: str, left_out: dict[str, int]) -> _Rows:
    """Return the rows still usable; a row is counted once, for the first reason found."""
    count = int((usable & rows).sum())
    if count:
        left_out[reason] = count
    return usable & ~rows


def _of_another_customer(values: Mapping[str, _Objects], usable: _Rows) -> _Rows:
    """Tell which usable rows name another customer than their order's first: an order has one."""
    ids, customers = values["order_id"][usable], values["customer_id"][usable]
    codes, _ = pd.factorize(ids)
    _, first = np.unique(codes, return_index=True)
    differs = np.zeros(len(usable), dtype=np.bool_)
    differs[usable] = customers != customers[first][codes]
    return differs


def _orders(values: Mapping[str, _Objects], namespace: str) -> tuple[TimedCommand, ...]:
    codes, _ = pd.factorize(values["order_id"])
    rows = np.argsort(codes, kind="stable")  # the rows of an order side by side, in their own order
    [price] = (word for word in PRICES if word in values)
    fields = (values[word][rows] for word in ("product_id", "name", "quantity", price))
    items = list(map(OrderItem, *fields))
    ids, customers, times = (values[word][rows] for word in ("order_id", "customer_id", "time"))
    starts = np.flatnonzero(np.diff(codes[rows], prepend=-1)).tolist()
    orders = [
        TimedCommand(
            min(times[start:end]),
            PlaceOrder(customers[start], tuple(items[start:end]), ids[start]),
            f"{namespace}/{ids[start]}",
        )
        for start, end in pairwise([*starts, len(rows)])
    ]
    return tuple(sorted(orders, key=attrgetter("at")))


# How a cell becomes a value: each returns None for what it cannot read, which leaves the row out, with the reason.


def as_text(value: Any) -> str | None:
    """Read an id or a name, a whole float without its point; bytes are no text."""
    if isinstance(value, bytes):
        return None
    if isinstance(value, float | np.floating) and value.is_integer():
        return str(int(value))
    return str(value)


def as_number(value: Any) -> Decimal | None:
    """Read a number by way of its text: the float 2.675 itself is a little less than that, and would round down."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < MAX_DIGITS else None


def as_whole(value: Any) -> int | None:
    """Read a whole number, whatever type holds it: 6, 6.0, "6"."""
    number = as_number(value)
    return int(number) if number is not None and number == int(number) else None


def as_cents(value: Any) -> int | None:
    """Read whole currency units as cents, half a cent rounded up."""
    number = as_number(value)
    return None if number is None else int(number.quantize(_CENT, ROUND_HALF_UP).scaleb(2))


def as_instant(value: Any, zone: tzinfo) -> datetime | None:
    """Read a time as UTC; where clocks go back and an hour comes twice, its first coming is meant."""
    try:
        at = datetime.fromisoformat(str(value))
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsers(zone: tzinfo) -> dict[str, tuple[Callable[[Any], Any], str]]:
    text, whole = (as_text, "not text"), (as_whole, f"not a whole number of at most {MAX_DIGITS} digits")
    return {
        **dict.fromkeys(("order_id", "customer_id", "product_id", "name"), text),
        **dict.fromkeys(("quantity", "unit_price_cents"), whole),
        "unit_price": (as_cents, f"not a number of at most {MAX_DIGITS} digits"),
        "time": (lambda value: as_instant(value, zone), "not an ISO 8601 time"),
    }
