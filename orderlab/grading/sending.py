"""Values as bytes for another process, with functions and classes of a notebook whole: their code, and its place."""

from collections import ChainMap
from functools import cache
from io import BytesIO
from types import CodeType
from typing import Any


def pickled(value: Any) -> bytes:
    """Return a value as bytes: what is imported by name, what a notebook or a source made as it is.

    Raises:
        Exception: Something in it belongs to this process, such as a lock or an open file.
    """
    written = BytesIO()
    _pickler()(written).dump(value)
    return written.getvalue()


@cache
def _pickler() -> Any:
    """Return cloudpickle's pickler, which leaves out the file that code stands in: a problem names the line."""
    import cloudpickle  # noqa: PLC0415 - heavy

    pickler: Any = cloudpickle.Pickler
    reduced = pickler.dispatch_table[CodeType]

    def code(one: CodeType) -> tuple[Any, ...]:
        make, arguments, *_ = reduced(one)
        return _placed, (make, arguments, one.co_filename)

    return type("Pickler", (pickler,), {"dispatch_table": ChainMap({CodeType: code}, pickler.dispatch_table)})


def _placed(make: Any, arguments: tuple[Any, ...], file: str) -> CodeType:
    made: CodeType = make(*arguments)
    return made.replace(co_filename=file)
