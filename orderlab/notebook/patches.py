"""What an event changed of an entity, field by field, without opening what it left alone."""

from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from orderlab.timeline.fields import ABSENT, fields_of, own_fields

# Of these `fields_of` makes one field.
_WHOLE = frozenset({str, int, bool, float, type(None), datetime, tuple, list, dict, set, frozenset})


class Changes:
    """Finds the fields that an event has changed, without opening what it left alone.

    The result is what two calls of `fields_of` would tell; made for each event they are most of an encoding's time.
    """

    def __init__(self) -> None:
        self._kinds: dict[type, _Kind] = {}

    def of(self, before: Any, after: Any, *, is_full: bool) -> dict[str, Any]:
        """Return the fields that may have another value after an event, and `ABSENT` for those that are gone.

        Args:
            before: The entity before it, or None.
            after: The entity after it.
            is_full: Return all fields, changed or not.
        """
        kind = self._kind(after)
        if kind.values is not None and (before is None or type(before) is type(after)):
            try:
                return self._of_kind(kind, kind.nothing if before is None else kind.values(before), after, is_full)
            except AttributeError:  # a slot that was never set, say
                pass
        return dict.fromkeys(fields_of(before), ABSENT) | fields_of(after)

    def _of_kind(self, kind: "_Kind", olds: Sequence[Any], after: Any, is_full: bool) -> dict[str, Any]:
        assert kind.values is not None
        patch: dict[str, Any] = {}
        for name, old, new in zip(kind.names, olds, kind.values(after), strict=True):
            if old is new and not is_full:
                continue
            if type(old) not in _WHOLE and old is not ABSENT:
                patch.update(dict.fromkeys(self._opened(name, old), ABSENT))
            if type(new) in _WHOLE:
                patch[name] = new
            else:
                patch.update(self._opened(name, new))
        return patch

    def _opened(self, name: str, value: Any) -> dict[str, Any]:
        kind = self._kind(value)
        if kind.called is not None:
            values = () if kind.values is None else kind.values(value)
            if all(type(each) in _WHOLE for each in values):
                return dict(zip(kind.paths(name), (kind.called, *values), strict=True))
        return fields_of({name: value})

    def _kind(self, value: Any) -> "_Kind":
        kind = self._kinds.get(type(value))
        if kind is None:
            kind = self._kinds[type(value)] = _Kind(value)
        return kind


class _Kind:
    """What is known of a class: the fields of a dataclass, how to get them, and what its values are called."""

    def __init__(self, example: Any) -> None:
        own = own_fields(example) if is_dataclass(example) else None
        self.names = tuple(own or ())
        self.nothing = [ABSENT] * len(self.names)
        self.values: Callable[[Any], Sequence[Any]] | None = None
        if len(self.names) == 1:
            self.values = lambda value: (getattr(value, self.names[0]),)
        elif self.names:
            self.values = attrgetter(*self.names)
        called = getattr(type(example), "name", None)
        self.called = called if own is not None and isinstance(called, str) and "name" not in own else None
        self._paths: dict[str, tuple[str, ...]] = {}

    def paths(self, name: str) -> tuple[str, ...]:
        """Return the names that a value of this kind and its fields have as a field of this name."""
        if name not in self._paths:
            self._paths[name] = (name, *(f"{name}.{part}" for part in self.names))
        return self._paths[name]
