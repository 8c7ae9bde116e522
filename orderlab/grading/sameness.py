"""Tell whether an answer is still the one that was given: functions and classes by their code, values by equality."""

import dis
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

_IGNORED = frozenset(
    (
        *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__firstlineno__", "__slots__"),
        *("__static_attributes__", "__match_args__", "__abstractmethods__", "_abc_impl", "__parameters__"),
        *("__annotate__", "__annotate_func__", "__annotations_cache__", "__conditional_annotations__"),
        "__orig_bases__",
    )
)
"""What of a class depends on where it stands, or follows from the rest."""

_QUIET = frozenset({"RESUME", "NOP", "CACHE", "EXTENDED_ARG", "COPY_FREE_VARS", "MAKE_CELL", "PRECALL", "NOT_TAKEN"})


def is_blank(answer: Any) -> bool:
    """Tell whether nothing was written: `...`, a collection with `...` in it, a function that returns it.

    >>> is_blank(...), is_blank([1, ...]), is_blank([1, 2])
    (True, True, False)
    """
    if answer is ...:
        return True
    if isinstance(answer, list | tuple):
        return any(map(is_blank, answer))
    if isinstance(answer, dict):
        return any(map(is_blank, answer.values()))
    return isinstance(answer, FunctionType) and _gives_nothing(answer.__code__)


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same: by code, whatever their lines, comments and docstrings."""
    return _Comparison().same(one, other)


def is_undone(answer: Any) -> bool:
    """Tell whether a function does nothing but raise NotImplementedError."""
    if not isinstance(answer, FunctionType):
        return False
    steps = list(_instructions(answer.__code__))
    names = [value for name, value in steps if name.startswith("LOAD_") and isinstance(value, str)]
    return names[:1] == ["NotImplementedError"] and any(name == "RAISE_VARARGS" for name, _ in steps)


def _gives_nothing(code: CodeType) -> bool:
    """Tell whether a function does nothing but return `...`."""
    steps = list(_instructions(code))
    return steps[0][1] is ... and len(steps) <= len(("load", "return"))


def _instructions(code: CodeType) -> Iterator[tuple[str, Any]]:
    for each in dis.get_instructions(code):
        if each.opname not in _QUIET:
            yield each.opname, each.argval


class _Comparison:
    """Compare two values all the way down; pairs that are being compared already count as the same."""

    def __init__(self) -> None:
        self._met: set[tuple[int, int]] = set()
        self._comparisons: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
            (FunctionType, self._functions),
            (CodeType, self._codes),
            (type, self._classes),
            (partial, self._pieces("func", "args", "keywords")),
            (MethodType, self._pieces("__func__", "__self__")),
            (classmethod | staticmethod, self._pieces("__func__")),
            (property, self._pieces("fget", "fset", "fdel")),
            (list | tuple, self._all),
            (dict, lambda one, other: list(one) == list(other) and self._all([*one.values()], [*other.values()])),
        )

    def same(self, one: Any, other: Any) -> bool:
        if one is other:
            return True
        if (id(one), id(other)) in self._met:
            return True
        self._met.add((id(one), id(other)))
        if type(one) is not type(other):
            return self._objects(one, other)
        for kind, comparison in self._comparisons:
            if isinstance(one, kind):
                return comparison(one, other)
        return self._values(one, other)

    def _pieces(self, *names: str) -> Callable[[Any, Any], bool]:
        return lambda one, other: self._all(*([getattr(each, name) for name in names] for each in (one, other)))

    def _all(self, one: Any, other: Any) -> bool:
        return len(one) == len(other) and all(map(self.same, one, other))

    def _functions(self, one: FunctionType, other: FunctionType) -> bool:
        return (
            self.same(one.__code__, other.__code__)
            and self.same(one.__defaults__, other.__defaults__)
            and self.same(one.__kwdefaults__, other.__kwdefaults__)
            and self._all(_held(one), _held(other))
            and self._helpers(one, other)
        )

    def _helpers(self, one: FunctionType, other: FunctionType) -> bool:
        """Compare the functions and classes of the source that the answer uses."""
        return all(
            self.same(one.__globals__[name], other.__globals__.get(name))
            for name in _names(one.__code__)
            if name in one.__globals__ and _is_home_made(one.__globals__[name])
        )

    def _codes(self, one: CodeType, other: CodeType) -> bool:
        shapes = [
            (each.co_argcount, each.co_posonlyargcount, each.co_kwonlyargcount, each.co_varnames, each.co_freevars)
            for each in (one, other)
        ]
        if shapes[0] != shapes[1]:
            return False
        steps, others = list(_instructions(one)), list(_instructions(other))
        return len(steps) == len(others) and all(
            name == other_name and self._constants(value, other_value)
            for (name, value), (other_name, other_value) in zip(steps, others, strict=True)
        )

    def _constants(self, one: Any, other: Any) -> bool:
        if isinstance(one, CodeType) and isinstance(other, CodeType):
            return one.co_name == other.co_name and self._codes(one, other)
        return type(one) is type(other) and repr(one) == repr(other)  # 1, 1.0 and True are three

    def _classes(self, one: type, other: type) -> bool:
        if one.__name__ != other.__name__ or not _is_home_made(one) or len(one.__bases__) != len(other.__bases__):
            return False
        mine, theirs = _written(one), _written(other)
        return self._all(one.__bases__, other.__bases__) and mine.keys() == theirs.keys() and self.same(mine, theirs)

    def _values(self, one: Any, other: Any) -> bool:
        try:
            if bool(one == other):
                return True
        except Exception:  # noqa: BLE001 - values that cannot be compared were not shown to be the same
            return False
        parts = _parts(one)
        return bool(parts) and self.same(parts, _parts(other))

    def _objects(self, one: Any, other: Any) -> bool:
        """Compare objects of two classes, which may be one class that was written twice."""
        kinds = type(one), type(other)
        return all(map(_is_home_made, kinds)) and self.same(*kinds) and self.same(_parts(one), _parts(other))


def _held(function: FunctionType) -> tuple[Any, ...]:
    """Return what a function has from the functions around it; an empty cell counts as None."""
    held = []
    for cell in function.__closure__ or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:
            held.append(None)
    return tuple(held)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _is_home_made(value: Any) -> bool:
    """Tell whether a function or class is of a source or a notebook, not of a module that is imported."""
    return isinstance(value, FunctionType | type) and value.__module__ == "__main__"


def _written(kind: type) -> dict[str, Any]:
    """Return what a class was written with, without what depends on where it stands."""
    written = {name: value for name, value in vars(kind).items() if name not in _IGNORED}
    annotations = getattr(kind, "__annotations__", {})
    written["__annotations__"] = {name: getattr(each, "__name__", str(each)) for name, each in annotations.items()}
    return {name: repr(value) if _is_made(name, value) else value for name, value in sorted(written.items())}


def _is_made(name: str, value: Any) -> bool:
    """Tell whether an attribute of a class was made of its fields, and differs for each class by identity alone."""
    return name.startswith("__dataclass_") or type(value).__name__ in ("member_descriptor", "getset_descriptor")


def _parts(value: Any) -> dict[str, Any]:
    """Return the attributes of an object."""
    parts = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                parts[name] = getattr(value, name)
    return {name: parts[name] for name in sorted(parts)}
