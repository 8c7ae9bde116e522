"""All entities as of a position as a pandas DataFrame."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderlab.timeline.fields import fields_of

if TYPE_CHECKING:
    import pandas as pd


def frame_of(entities: Iterable[Any], keys: Sequence[str], name: str) -> "pd.DataFrame":
    """Return entities as a DataFrame, a row each, a column for each field that any of them has.

    Args:
        entities: The entities.
        keys: The key of each, which becomes the index.
        name: The name of the index.
    """
    import pandas as pd  # noqa: PLC0415 - half a second that time travel can do without

    rows = [fields_of(entity) for entity in entities]
    names = dict.fromkeys(name for row in rows for name in row)
    index = pd.Index(list(keys), name=name, dtype="str")
    return pd.DataFrame({each: column_of([row.get(each) for row in rows], index) for each in names}, index=index)


def column_of(values: list[Any], index: "pd.Index[Any]") -> "pd.Series[Any]":
    """Return the values of a field; times are times and whole numbers whole also where some entities have none."""
    import pandas as pd  # noqa: PLC0415 - as above

    kinds = {type(value) for value in values if value is not None}
    if kinds == {datetime} and all(value is None or value.utcoffset() is not None for value in values):
        return pd.Series(pd.to_datetime(values, utc=True), index=index).astype("datetime64[us, UTC]")
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pd.Series(values, index=index, dtype="Int64" if None in values else "int64")
    if kinds <= {bool, float, str} and len(kinds) == 1:
        return pd.Series(values, index=index)
    return pd.Series(values, index=index, dtype="object")
