"""Commands to try on a decider, made from what its command types say of their own fields."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import islice
from typing import Any

from orderlab.core.decider import Decider
from orderlab.timeline.machine.samples import CannotMake, build, fields_of, varied

_MOST = 200
"""How many commands of one type are tried about one key: each of them is tried on all that is found."""


def commands_for(decider: Decider[Any], kinds: Iterable[type], keys: Sequence[str]) -> tuple[Any, ...]:
    """Return commands of each type, all about entities with these keys; the same ones at every call.

    Raises:
        CannotMake: The fields of a type do not say what they hold.
    """
    commands: list[Any] = []
    for kind in kinds:
        try:
            for key in keys:
                commands += _commands_of(decider, kind, key)
        except CannotMake as error:
            name = kind.__name__
            raise CannotMake(
                f"no {name} can be made to try: {error}; hand over some, as commands=[{name}(…)]"
            ) from error
    return tuple(commands)


def _commands_of(decider: Decider[Any], kind: type, key: str) -> list[Any]:
    """Return commands of one type, all of them about the same key or asking for a new one."""
    if issubclass(kind, Enum):
        return list(kind)[:_MOST]
    fields = fields_of(kind)
    first = next((values for values in varied(fields) if build(kind, values) is not None), None)
    if first is None:
        raise CannotMake(f"{kind.__name__} refuses all values that were tried for its fields")
    for name in fields:
        fields[name] = _about_one_key(decider, kind, first, (name, fields[name]), key)
        # Each field has its share, so that an enumeration of a thousand leaves something to the others.
        fields[name] = fields[name][: max(_MOST // len(fields), 2)]
    built = (build(kind, values) for values in islice(varied(fields), _MOST))
    return [command for command in built if command is not None]


def _about_one_key(
    decider: Decider[Any], kind: type, first: Mapping[str, Any], field: tuple[str, list[Any]], key: str
) -> list[Any]:
    """Return the values of a field that leave the key alone: the key itself, where the field carries it."""
    name, values = field
    if any(isinstance(value, str) for value in values):
        other = f"{key}-2"
        marked = build(kind, {**first, name: other})
        if marked is not None and decider.key_of(marked) == other:
            return [key, None] if None in values else [key]
    usual = decider.key_of(build(kind, first))
    changed = (build(kind, {**first, name: value}) for value in values)
    # A key that is made of several fields, or of what is in one: the field stays what it is.
    return values if all(each is None or decider.key_of(each) == usual for each in changed) else [first[name]]
