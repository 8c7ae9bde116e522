"""Values of a type for Hypothesis, made from its annotation: the ordinary one first, which failures shrink to.

Only small choices are drawn, never an unbounded number or text: Hypothesis mixes constants of the user's own modules
into those, and what is found would then depend on which modules happen to be loaded.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from orderlab.timeline.machine.samples import CannotMake, build, fields_of, values_of

Values = st.SearchStrategy[Any]

_SMALL = st.integers(1, 99) | st.integers(-99, 0)
_LARGE = st.sampled_from([10**4, 10**6, 2**31, 10**9, 2**53, 10**12])
_TEXTS = st.sampled_from(["c3", " ", "é", "漢字", "\U0001f680", '"', "\\", "x" * 101, "x" * 201])
_MORE: Mapping[type, Values] = {
    int: _SMALL | st.builds(int.__add__, _LARGE, st.integers(-1, 1)),
    float: _SMALL.map(float) | _LARGE.map(float),
    Decimal: _SMALL.map(Decimal) | _LARGE.map(Decimal),
    str: _TEXTS,
    bytes: _TEXTS.map(str.encode),
}
"""What is tried beyond the few samples of a type."""

_PLAIN = (bool, int, float, Decimal, str, bytes, datetime, date, timedelta, UUID, NoneType)
_DEEPEST = 4
_LONGEST = 3


def values_for(annotation: Any, *, depth: int = 0) -> Values:  # noqa: PLR0911 - a kind of annotation a line
    """Return a strategy for the values of an annotated type, most of them ordinary.

    Args:
        annotation: The type, such as `int | None` or a dataclass.
        depth: How deep in other types it is; a type that holds itself is given up.

    Raises:
        CannotMake: Nothing is known of such a type.

    >>> from hypothesis import find
    >>> find(values_for(tuple[int, ...]), lambda numbers: len(numbers) > 1)
    (1, 1)
    """
    if isinstance(annotation, NewType):
        return values_for(annotation.__supertype__, depth=depth)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values_for(arguments[0], depth=depth)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        kinds = sorted(arguments, key=lambda each: each is NoneType)
        return st.one_of([values_for(each, depth=depth) for each in kinds])
    if annotation in _PLAIN:
        return _plain(annotation)
    if isinstance(origin, type) and issubclass(origin, Collection) and arguments:
        return _collections(origin, arguments, depth)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    if isinstance(annotation, type) and annotation is not Any and annotation.__module__ != "builtins":
        return made(annotation, depth=depth + 1)
    raise CannotMake(f"nothing is known of {getattr(annotation, '__name__', annotation)}")


def made(kind: type, given: Mapping[str, Values] | None = None, *, depth: int = 0) -> Values:
    """Return a strategy for values of a class, made by its own constructor.

    Args:
        kind: The class.
        given: Strategies for some of its fields, by name.
        depth: How deep in other types it is.

    Raises:
        CannotMake: Its fields do not say what they hold, and Hypothesis knows no strategy for it either.
    """
    if depth > _DEEPEST:
        raise CannotMake(f"nothing is known of {kind.__name__}, which holds itself")
    if silent_field(kind):
        return _registered(kind)
    fields = _fields(kind, given or {}, depth)
    # A value that the class itself refuses is no value of the domain: decide is never asked about it.
    return st.fixed_dictionaries(fields).map(lambda values: build(kind, values)).filter(lambda value: value is not None)


def mostly(first: Any, others: Values) -> Values:
    """Return a strategy that gives one value three times of four, and it alone when a failure is shrunk."""
    return st.one_of(st.just(first), st.just(first), st.just(first), others)


def _plain(kind: type) -> Values:
    samples = values_of(kind)
    others: Values = st.sampled_from(samples)
    return mostly(samples[0], others | _MORE[kind] if kind in _MORE else others)


def _fields(kind: type, given: Mapping[str, Values], depth: int) -> dict[str, Values]:
    samples = fields_of(kind, depth=depth)  # also refuses a class whose parameters do not say what they are
    hints = get_type_hints(kind)
    fields = {}
    for name, parameter in signature(kind).parameters.items():
        if name in given:
            fields[name] = given[name]
        elif name in samples:
            fields[name] = _of_parameter(parameter, hints.get(name, parameter.annotation), samples[name], depth)
    return fields


def _of_parameter(parameter: Parameter, annotation: Any, samples: list[Any], depth: int) -> Values:
    values = values_for(annotation, depth=depth)
    return values if parameter.default is Parameter.empty else mostly(samples[0], values)


def silent_field(kind: type) -> str:
    """Return the name of a field of a class that does not say what it holds; empty if all do.

    >>> from orderlab.orders.model import OrderItem
    >>> silent_field(OrderItem)
    ''
    """
    try:
        hints, parameters = get_type_hints(kind), signature(kind).parameters.values()
    except (NameError, TypeError, ValueError):
        return "…"
    return next((each.name for each in parameters if hints.get(each.name, each.annotation) is Parameter.empty), "")


def _registered(kind: type) -> Values:
    """Return the strategy that somebody has registered with Hypothesis for a class of his own."""
    strategy: Values = st.from_type(kind)
    try:
        strategy.validate()
    except (HypothesisException, TypeError, ValueError) as error:
        raise CannotMake(
            f"the field {silent_field(kind)} of {kind.__name__} does not say what it holds: annotate it, "
            f"or register a strategy with hypothesis.strategies.register_type_strategy({kind.__name__}, …)"
        ) from error
    return strategy


def _collections(origin: type, arguments: tuple[Any, ...], depth: int) -> Values:
    if issubclass(origin, Mapping):
        keys, values = values_for(arguments[0], depth=depth), values_for(arguments[1], depth=depth)
        return st.dictionaries(keys, values, max_size=_LONGEST)
    if issubclass(origin, tuple) and arguments[-1] is not Ellipsis:
        return st.tuples(*(values_for(each, depth=depth) for each in arguments))
    values = values_for(arguments[0], depth=depth)
    collect: Callable[[list[Any]], Any] = origin if origin in (list, set, frozenset) else tuple
    # One first: most rules want something in it, and none or several are what they guard against.
    one, several = st.tuples(values), st.lists(values, max_size=_LONGEST)
    return st.one_of(one, one, one, several).map(collect)
