"""The file of Online Retail, as published or as Parquet, read into one frame."""

from collections.abc import Callable
from datetime import datetime
from glob import escape
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from orderlab.datasets.report import UnreadableFile
from orderlab.datasets.table import as_number, as_text, as_whole, parsed


class _Column(NamedTuple):
    name: str
    dtype: str
    parse: Callable[[Any], Any]
    kind: str


def read_online_retail(path: str | PathLike[str]) -> pd.DataFrame:
    """Read the CSV as published, or the Parquet, into a frame with the columns of the Parquet.

    Ids are text, `17850.0` without its point; prices are floats, in pounds; times are naive, as published.

    Raises:
        UnreadableFile: It cannot be read, is neither, or a column is missing or holds something else.
    """
    try:
        with Path(path).open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
    table = _read_parquet(path) if is_parquet else _read_csv(path)
    return pd.DataFrame({column.name: _column(path, table, published) for published, column in COLUMNS.items()})


def _read_parquet(path: str | PathLike[str]) -> pd.DataFrame:
    try:
        with duckdb.connect() as connection:
            table: pd.DataFrame = connection.read_parquet(escape(str(path))).df()
            return table
    except duckdb.Error as error:
        raise UnreadableFile(f"{path} begins like Parquet and cannot be read as such: {error}") from error


def _read_csv(path: str | PathLike[str]) -> pd.DataFrame:
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # as a widespread copy is written; it decodes anything
    try:
        return pd.read_csv(StringIO(text), dtype="str", keep_default_na=False, na_values=[""], index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnreadableFile(f"{path} is neither Parquet nor CSV: {str(error).strip()}") from error


def _column(path: str | PathLike[str], table: pd.DataFrame, published: str) -> "pd.Series[Any]":
    """Return one column, found by either name, with its proper type; text may have gaps, a number and a time not."""
    column = COLUMNS[published]
    name = published if published in table else column.name
    if name not in table:
        raise UnreadableFile(f"{path} has no column {published}, or {column.name}: it is not Online Retail's table")
    values, missing, unreadable = parsed(table[name], column.parse)
    wrong = unreadable if column.dtype == "str" else unreadable | missing
    if wrong.any():
        found = table[name][wrong].iloc[0]
        raise UnreadableFile(f"{path} has {found!r} in its column {name}, which is not {column.kind}")
    return pd.Series(values, dtype=column.dtype)


def _pounds(value: Any) -> float | None:
    number = as_number(value)
    return None if number is None else float(number)


def _customer(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None else text.removesuffix(".0")


def _minute(value: Any) -> datetime | None:
    text = str(value)
    try:
        at = _american(text) if "/" in text else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is None else None


def _american(text: str) -> datetime:  # as the copy in latin-1 has its times
    return datetime.strptime(text, "%m/%d/%Y %H:%M")  # noqa: DTZ007 - published without a zone


COLUMNS = {
    "InvoiceNo": _Column("invoice_no", "str", as_text, "text"),
    "StockCode": _Column("stock_code", "str", as_text, "text"),
    "Description": _Column("description", "str", as_text, "text"),
    "Quantity": _Column("quantity", "int64", as_whole, "a whole number"),
    "InvoiceDate": _Column("invoice_date", "datetime64[us]", _minute, "a time without a zone"),
    "UnitPrice": _Column("unit_price", "float64", _pounds, "a number"),
    "CustomerID": _Column("customer_id", "str", _customer, "text"),
    "Country": _Column("country", "str", as_text, "text"),
}
"""By its name as published: how each column is called here, and what is in it."""
