"""Values as bytes for another process, with functions and classes of a notebook whole: their code, and its place."""

from collections import ChainMap
from io import BytesIO
from types import CodeType
from typing import Any


def pickled(value: Any) -> bytes:
    """Return a value as bytes: what is imported by name, what a notebook or a source made as it is.

    Raises:
        Exception: Something in it belongs to this process, such as a lock or an open file.
    """
    import cloudpickle  # type: ignore[import-untyped] # noqa: PLC0415 - heavy

    reduced = cloudpickle.Pickler.dispatch_table[CodeType]

    def code(one: CodeType) -> tuple[Any, ...]:
        make, arguments, *_ = reduced(one)
        return _placed, (make, arguments, one.co_filename)

    written = BytesIO()
    pickler = cloudpickle.Pickler(written)
    # cloudpickle leaves out which file code stands in, and a problem names the line.
    pickler.dispatch_table = ChainMap({CodeType: code}, cloudpickle.Pickler.dispatch_table)
    pickler.dump(value)
    return written.getvalue()


def _placed(make: Any, arguments: tuple[Any, ...], file: str) -> CodeType:
    made: CodeType = make(*arguments)
    return made.replace(co_filename=file)
