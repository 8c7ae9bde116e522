"""Describe any value in plain ones, so that two of them from different interpreters can be compared part by part.

A description is a list: the kind of value, the name of its type, and what it holds. Nothing of orderlab is imported:
it also runs in the interpreters that `check_determinism` starts.
"""

import dataclasses
import sys
import types
from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Any

Description = list[Any]

_SCALARS = (type(None), bool, str, bytes, float, complex)
_HOLDERS = (tuple, list, dict, set, frozenset, BaseException)


class CannotDescribe(TypeError):
    """A value whose contents cannot be told."""


def described(name: str, value: Any) -> Description:
    """Return the description of what a call came to; of a value that cannot be described, of why.

    >>> described("result", {"a": [1, 2]})
    ['result', ['keyed', 'dict', [["'a'", ['listed', 'list', [['plain', 'int', '1'], ['plain', 'int', '2']]]]]]]
    """
    try:
        return [name, _described(value, name, ())]
    except CannotDescribe as error:
        return ["cannot", str(error)]
    except RecursionError:
        return ["cannot", f"{name} is nested too deep"]


def _described(value: Any, path: str, inside: tuple[int, ...]) -> Description:
    kind = type(value)
    name = kind.__qualname__
    if isinstance(value, Enum):
        return ["plain", name, f"{name}.{value.name}"]
    if kind is int:
        return ["plain", name, str(value) if abs(value) < 10**100 else hex(value)]
    if kind in _SCALARS:
        return ["plain", name, repr(value)]
    if id(value) in inside:
        return ["plain", name, "itself again"]
    inside = (*inside, id(value))
    more = _attributes(value) if isinstance(value, _HOLDERS) and kind not in _HOLDERS else {}
    contents = _contents(value, path, inside)
    return _with(name, contents, more, path, inside) if more else contents


def _with(name: str, contents: Description, more: Mapping[str, Any], path: str, inside: tuple[int, ...]) -> Description:
    """Describe what a value holds besides its items, as somebody's own kind of list may."""
    return ["with", name, [contents, _fields(name, more, path, inside)]]


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, also those in slots."""
    held = {
        name: getattr(value, name)
        for kind in reversed(type(value).__mro__)
        if kind.__module__ not in ("builtins", "collections")
        for name, member in vars(kind).items()
        if isinstance(member, types.MemberDescriptorType) and hasattr(value, name)
    }
    return {**held, **getattr(value, "__dict__", {})}


def _contents(value: Any, path: str, inside: tuple[int, ...]) -> Description:  # noqa: PLR0911 - a kind of value a line
    kind = type(value)
    name = kind.__qualname__
    if isinstance(value, BaseException):
        return ["raised", name, [_described(each, f"{path}.args[{n}]", inside) for n, each in enumerate(value.args)]]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        compared = [each.name for each in dataclasses.fields(value) if each.compare]
        return _fields(name, {each: getattr(value, each) for each in compared}, path, inside)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _fields(name, dict(zip(value._fields, value, strict=True)), path, inside)
    if isinstance(value, set | frozenset):
        return ["set", name, sorted(([_key(each), _described(each, path, inside)] for each in value), key=repr)]
    if isinstance(value, Mapping):
        return _mapping(value, path, inside)
    if isinstance(value, list | tuple | deque):
        return ["listed", name, [_described(each, f"{path}[{n}]", inside) for n, each in enumerate(value)]]
    package = kind.__module__.partition(".")[0]
    if package in ("numpy", "pandas"):
        return _of_columns(value, path, inside)
    if package in sys.stdlib_module_names and _is_told_by_itself(value):  # a time, a path, a UUID
        return ["plain", name, repr(value)]
    return _opaque(value, path, inside)


def _fields(name: str, fields: Mapping[str, Any], path: str, inside: tuple[int, ...]) -> Description:
    return ["fields", name, [[each, _described(value, f"{path}.{each}", inside)] for each, value in fields.items()]]


def _mapping(value: Mapping[Any, Any], path: str, inside: tuple[int, ...]) -> Description:
    """Describe a mapping. The order of a persistent map follows the hash seed and means nothing; others have theirs."""
    kind = type(value)
    held = [[_key(key), _described(each, f"{path}[{_key(key)}]", inside)] for key, each in value.items()]
    if kind.__module__.split(".")[0] == "immutables":
        return ["set of keys", kind.__qualname__, sorted(held, key=repr)]
    return ["keyed", kind.__qualname__, held]


def _of_columns(value: Any, path: str, inside: tuple[int, ...]) -> Description:
    """Describe an array, a table or a column of one by what is in it."""
    name = type(value).__qualname__
    if hasattr(value, "columns"):
        columns = {str(column): value[column].tolist() for column in value.columns}
        return _fields(name, {**columns, "index": value.index.tolist()}, path, inside)
    if hasattr(value, "index") and hasattr(value, "tolist"):
        return _fields(name, {"values": value.tolist(), "index": list(value.index)}, path, inside)
    if hasattr(value, "tolist"):
        listed = value.tolist()
        return [*_described(listed, path, inside)[:1], name, *_described(listed, path, inside)[2:]]
    return ["plain", name, repr(value)]


def _opaque(value: Any, path: str, inside: tuple[int, ...]) -> Description:
    """Describe a value of another class by what pickling would keep of it."""
    kind = type(value)
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | types.ModuleType):
        return _code(value, path, inside)
    try:
        reduced = value.__reduce_ex__(4)
    except Exception as error:
        raise CannotDescribe(
            f"{path} is a {kind.__qualname__}, whose contents cannot be told: have the function return plain values"
        ) from error
    if isinstance(reduced, str):
        return ["plain", kind.__qualname__, reduced]
    made, arguments, *rest = reduced
    state, items, pairs = (*rest, None, None, None)[:3]
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):  # noqa: PLR2004 - what slots give
        state = {**(state[0] or {}), **state[1]}
    is_plain = made.__name__ in ("__newobj__", "_reconstructor") and isinstance(state, dict)
    said = tuple(each for each in arguments if each is not kind) if is_plain else arguments
    parts = [said, None if is_plain else state, None if items is None else list(items)]
    parts.append(None if pairs is None else dict(pairs))
    held = [_described(each, path, inside) for each in parts if each not in (None, (), (kind,))]
    contents = ["listed", kind.__qualname__, held]
    if not is_plain:
        return contents
    if held:  # somebody's own kind of text, or of number
        return _with(kind.__qualname__, contents, state, path, inside)
    return _fields(kind.__qualname__, state, path, inside)


def _is_told_by_itself(value: Any) -> bool:
    """Tell whether a value has a representation of its own, as times and paths do, and no address in it."""
    return getattr(type(value), "__repr__", None) is not object.__repr__ and " at 0x" not in repr(value)


def _code(value: Any, path: str, inside: tuple[int, ...]) -> Description:
    name = getattr(value, "__qualname__", None) or value.__name__
    module = getattr(value, "__module__", None)
    cells = [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    held = [_described(each, path, inside) for each in cells]
    return ["listed", f"{module}.{name}" if module else name, held]


def _key(key: Any) -> str:
    """Return a key in the words that it is written with; of one without such, its type."""
    if isinstance(key, frozenset):
        return f"frozenset({sorted(map(_key, key))})"
    text = repr(key)
    return f"a {type(key).__qualname__}" if " at 0x" in text else text
