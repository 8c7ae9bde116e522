"""Pack a function so that a fresh interpreter can call it: also a lambda, or one of a notebook or a test."""

import pickletools
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.machinery import ModuleSpec
from io import BytesIO
from types import ModuleType
from typing import Any

_CHANCE = getattr(random.random, "__self__", None)


def packed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Return a function and its arguments as bytes, with the source of all that could not be imported elsewhere.

    Raises:
        TypeError: They cannot be sent.
    """
    import cloudpickle  # noqa: PLC0415 - not on the way to orderlab

    sent: set[str] = set()
    with ExitStack() as by_value:
        while True:
            try:
                data = _pickled((function, arguments))
            except Exception as error:
                what = _name_of_unsendable(function, arguments)
                raise TypeError(
                    f"{what} cannot be sent to another interpreter, for it holds what cannot be copied: {error}"
                ) from error
            new = {name for name in _modules_in(data) - sent if not _is_found_elsewhere(name)}
            if not new:
                return data
            for name in new:
                cloudpickle.register_pickle_by_value(sys.modules[name])
                by_value.callback(cloudpickle.unregister_pickle_by_value, sys.modules[name])
            sent |= new


def _pickled(value: Any) -> bytes:
    import cloudpickle  # noqa: PLC0415 - as above

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # without type information
        def reducer_override(self, value: Any) -> Any:
            # `from random import random` gives a method, which would take the numbers of this interpreter with it.
            if getattr(value, "__self__", None) is _CHANCE:
                return getattr, (random, value.__name__)
            return super().reducer_override(value)

    buffer = BytesIO()
    Pickler(buffer).dump(value)
    return buffer.getvalue()


def _name_of_unsendable(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    for number, argument in enumerate(arguments, start=1):
        try:
            _pickled(argument)
        except Exception:  # noqa: BLE001 - looked for: it is told of with what was raised at first
            return f"argument {number} of {getattr(function, '__name__', 'the function')}, a {type(argument).__name__},"
    return f"the function {getattr(function, '__name__', repr(function))}"


def _modules_in(data: bytes) -> set[str]:
    """Return the modules that pickled data names, of those that there are."""
    named: set[str] = set()
    for opcode, argument, _ in pickletools.genops(data):
        if isinstance(argument, str) and "UNICODE" in opcode.name:
            named.add(argument)
    return {name for name in named if isinstance(sys.modules.get(name), ModuleType) and name != "__main__"}


def _is_found_elsewhere(name: str) -> bool:
    """Tell whether a fresh interpreter with the same path would import the same module by this name."""
    module = sys.modules[name]
    if name.partition(".")[0] in sys.stdlib_module_names:
        return True
    path = None
    found: ModuleSpec | None = None
    parts = name.split(".")
    for number in range(1, len(parts) + 1):
        found = _spec(".".join(parts[:number]), path)
        if found is None:
            return False
        path = list(found.submodule_search_locations or ())
    origin = None if found is None else found.origin
    return origin == getattr(module, "__file__", None) or origin is None


def _spec(name: str, path: list[str] | None) -> ModuleSpec | None:
    return next(_specs(name, path), None)


def _specs(name: str, path: list[str] | None) -> Iterator[ModuleSpec]:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        found = None if find is None else find(name, path)
        if found is not None:
            yield found
