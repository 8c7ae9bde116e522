"""Orders as JSON: the log's codec with its old shapes, and tagged actions as they come from outside.

Two readers of one set of types. The log was validated when it was written, so msgspec reads it, for speed; whatever
comes from outside is read by pydantic, strictly (`"2"` and `true` are no integers), every wrong field named.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from orderlab.core.codec import JsonCodec, in_utc, times_in
from orderlab.core.errors import OrderlabError
from orderlab.orders.actions import COMMANDS, EVENTS, REJECTIONS, Action
from orderlab.orders.model import OrderItem


class InvalidAction(OrderlabError):
    """JSON from outside that is no action; `problems` has one sentence for each field that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["InvalidAction"], tuple[tuple[str, ...]]]:
        return InvalidAction, (self.problems,)


def with_timestamp(payload: dict[str, Any], recorded_at: datetime) -> dict[str, Any]:
    """Upcast an event without a time of its own: it happened when it was recorded, as near as we can know."""
    return {**payload, "timestamp": payload.get("timestamp", recorded_at)}


ORDER_CODEC = JsonCodec(
    event_types=list(EVENTS),
    schema_versions={event_type.__name__: 2 for event_type in EVENTS},
    upcasters={(event_type.__name__, 1): with_timestamp for event_type in EVENTS},
)
"""Version 1 of each event is the shape of the system this one is taken from, which had no `timestamp`."""

_ACTIONS: dict[str, type] = {action.__name__: action for action in (*COMMANDS, *EVENTS, *REJECTIONS)}
_TIMES = {action: times_in(action) for action in _ACTIONS.values()}


def encode_action(action: Action) -> str:
    """Return an action as JSON tagged with its name.

    >>> from orderlab.orders.actions import OrderNotFound
    >>> encode_action(OrderNotFound("order-1"))
    '{"OrderNotFound":{"order_id":"order-1"}}'
    """
    return msgspec.json.encode({type(action).__name__: in_utc(action, _TIMES[type(action)])}).decode()


def decode_action(text: str | bytes, *, wanted: Iterable[type] = ()) -> Action:
    """Read an action from tagged JSON, checking its shape strictly; the rules are `decide`'s to check.

    Args:
        text: The JSON.
        wanted: The types that are named to whoever sends none; every type of action by default.

    Raises:
        InvalidAction: It is not JSON, or has another shape; every field that is wrong is named.

    >>> decode_action('{"ShipOrder": {"order_id": "order-1", "tracking_number": 7}}')
    Traceback (most recent call last):
        ...
    orderlab.orders.codec.InvalidAction: ShipOrder.tracking_number: Input should be a valid string
    """
    try:
        tagged = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise InvalidAction((f"not a JSON object of one action: {error}",)) from error
    except UnicodeError as error:
        raise InvalidAction(("not valid UTF-8 text",)) from error
    except RecursionError as error:
        raise InvalidAction(("the JSON is nested too deep",)) from error
    if len(tagged) != 1 or next(iter(tagged)) not in _ACTIONS:
        found = ", ".join(tagged) or "nothing"
        names = [each.__name__ for each in wanted] or [*_ACTIONS]
        raise InvalidAction((f"one action is wanted, tagged {' or '.join(names)}, not {found}",))
    [(name, raw)] = tagged.items()
    return _validate(name, bytes(raw))


def place_of(steps: Iterable[str | int]) -> str:
    """Return where in JSON something is, as the rules of `decide` write it too.

    >>> place_of(("items", 0, "quantity"))
    'items[0].quantity'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _validate(name: str, raw: bytes) -> Action:
    from pydantic import ValidationError  # noqa: PLC0415 - a tenth of a second that reading a log can do without

    try:
        _adapter(name).validate_json(raw)
        # The value is made by the log's own reader, so that both ways in give the same one.
        action: Action = msgspec.json.decode(raw, type=_ACTIONS[name])
        return in_utc(action, _TIMES[type(action)])  # type: ignore[no-any-return] # the same type again
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        raise InvalidAction(tuple(f"{place_of((name, *each['loc']))}: {each['msg']}" for each in wrong)) from error
    except (msgspec.ValidationError, ValueError) as error:  # a time that pydantic lets pass: without a zone, say
        raise InvalidAction((f"{name}: {error}",)) from error


@cache
def _adapter(name: str) -> Any:
    from pydantic import ConfigDict, TypeAdapter, with_config  # noqa: PLC0415 - as above

    # pydantic reads its settings off the class; put there here, so that the domain's modules need not know of it.
    strict = ConfigDict(strict=True, extra="forbid")
    for shape in (OrderItem, *_ACTIONS.values()):
        with_config(strict)(shape)
    return TypeAdapter(_ACTIONS[name])
