"""A few values of a type, made from its annotation alone.

The first value is small and looks valid, so that a domain's ordinary way is found; the others are there to meet its
guards: another one, nothing, zero, less than zero, much more.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from inspect import Parameter, signature
from itertools import chain, combinations, islice, product
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""The time that the sample times lie around."""

_DAY = timedelta(days=1)
_PLAIN: Mapping[Any, tuple[Any, ...]] = {
    bool: (True, False),
    int: (1, 2, 0, -1, 10, 1_000),
    float: (1.0, 2.5, 0.0, -1.0, 1_000.0),
    Decimal: (Decimal(1), Decimal("2.5"), Decimal(0), Decimal(-1), Decimal(1_000)),
    str: ("a1", "b2", ""),
    bytes: (b"a1", b"b2", b""),
    datetime: (NOON + _DAY, NOON + 30 * _DAY, NOON - _DAY),
    date: ((NOON + _DAY).date(), (NOON - _DAY).date()),
    timedelta: (timedelta(hours=1), 2 * _DAY, timedelta(0)),
    UUID: (UUID(int=1), UUID(int=2)),
    NoneType: (None,),
}
_MOST = 12
_MOST_TOGETHER = 8
_DEEPEST = 4


class CannotMake(TypeError):
    """There is no telling what values a type has; whoever wants some hands them over."""


def values_of(annotation: Any, *, depth: int = 0) -> list[Any]:
    """Return a few values of an annotated type, the most ordinary first, None last.

    >>> values_of(int | None)
    [1, 2, 0, -1, 10, 1000, None]

    Raises:
        CannotMake: Nothing is known of such a type.
    """
    if annotation is Parameter.empty:
        raise CannotMake("nothing is known of what has no annotation")
    if isinstance(annotation, NewType):
        return values_of(annotation.__supertype__, depth=depth)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        values = values_of(arguments[0], depth=depth)
    elif origin is Literal:
        values = list(arguments)
    elif origin in (Union, UnionType):
        kinds = sorted(arguments, key=lambda each: each is NoneType)
        values = list(chain.from_iterable(values_of(each, depth=depth) for each in kinds))
    elif annotation in _PLAIN:
        values = list(_PLAIN[annotation])
    elif isinstance(origin, type) and issubclass(origin, Collection) and arguments:
        values = _collections(origin, arguments, depth)
    elif isinstance(annotation, type) and annotation.__module__ != "builtins":
        values = list(annotation) if issubclass(annotation, Enum) else list(islice(_made(annotation, depth + 1), _MOST))
    else:
        values = []
    if not values:
        raise CannotMake(f"nothing is known of {getattr(annotation, '__name__', annotation)}")
    return values


def _collections(origin: type, arguments: tuple[Any, ...], depth: int) -> list[Any]:
    """Return a collection of one, of two, of none, and of another one."""
    if issubclass(origin, Mapping):
        key, values = values_of(arguments[0], depth=depth)[0], values_of(arguments[1], depth=depth)
        return [{key: values[0]}, {}, *({key: each} for each in values[1:_MOST])]
    if issubclass(origin, tuple) and arguments[-1] is not Ellipsis:
        places = {str(place): values_of(each, depth=depth) for place, each in enumerate(arguments)}
        return [tuple(values.values()) for values in islice(varied(places), _MOST)]
    made: Callable[[Iterable[Any]], Any] = origin if origin in (list, set, frozenset) else tuple
    values = values_of(arguments[0], depth=depth)
    return [made(each) for each in (values[:1], values[:2], (), *([each] for each in values[1 : _MOST - 2]))]


def _made(kind: type, depth: int) -> Iterator[Any]:
    """Make values of a class by its own constructor."""
    if depth > _DEEPEST:
        raise CannotMake(f"nothing is known of {kind.__name__}, which holds itself")
    built = (build(kind, values) for values in varied(fields_of(kind, depth=depth)))
    return (value for value in built if value is not None)


def build(kind: type, values: Mapping[str, Any]) -> Any:
    """Return a value of a class, or None where the class itself refuses these fields."""
    try:
        return kind(**values)
    except (TypeError, ValueError):  # a rule of the class, not of the decider: there is no such value to decide on
        return None


def fields_of(kind: type, *, depth: int = 0) -> dict[str, list[Any]]:
    """Return the values to try for each parameter of a class, its default first.

    Raises:
        CannotMake: The parameters do not say what they are, or one of them is of an unknown type.
    """
    try:
        hints = get_type_hints(kind)
        parameters = signature(kind).parameters.values()
    except (NameError, TypeError, ValueError) as error:
        raise CannotMake(f"the fields of {kind.__name__} cannot be read: {error}") from error
    fields = {}
    for each in parameters:
        if each.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        # A default of another kind is a factory's mark, which is no value.
        usual = [each.default] if isinstance(each.default, (*_PLAIN, Enum, tuple, frozenset)) else []
        try:
            values = values_of(hints.get(each.name, each.annotation), depth=depth)
        except CannotMake as error:
            if each.default is Parameter.empty:
                raise CannotMake(f"its field {each.name} cannot be filled, for {error}") from error
            continue
        fields[each.name] = usual + [value for value in values if value not in usual]
    return fields


def varied(fields: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield the first values of all fields, then those with one field changed, then a few with several changed.

    >>> list(varied({"a": [1, 2], "b": [0]}))
    [{'a': 1, 'b': 0}, {'a': 2, 'b': 0}]
    """
    first = {name: values[0] for name, values in fields.items()}
    # A field with one value cannot be changed; of many fields there are more combinations with such than ever end.
    several = [name for name, values in fields.items() if len(values) > 1]
    for number in range(len(several) + 1):
        changed = (
            first | dict(zip(names, values, strict=True))
            for names in combinations(several, number)
            for values in product(*(fields[name][1:] for name in names))
        )
        yield from changed if number <= 1 else islice(changed, _MOST_TOGETHER)
