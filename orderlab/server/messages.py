"""What a WebSocket client may say, and what it is answered."""

from dataclasses import dataclass
from typing import Any

import msgspec

from orderlab.orders.actions import COMMANDS, EVENTS, Command
from orderlab.orders.codec import InvalidAction, decode_action

PONG = '{"type":"pong"}'

MOST_ID = 128

_MOST_TOLD = 3
"""Wrong fields that a client is told of: a message may have thousands."""


class BadMessage(Exception):
    """A message that cannot be done, with the code and the words that its sender is told."""

    def __init__(self, code: str, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks whether anybody is there."""


@dataclass(frozen=True, slots=True)
class SentCommand:
    """The client wants a command done; `message_id` is how it will know its answer."""

    command: Command
    message_id: str | None


class _Envelope(msgspec.Struct):
    type: Any = None
    action: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: Any = None


_decode = msgspec.json.Decoder(_Envelope).decode


def message_from(text: str) -> Ping | SentCommand:
    """Read a message.

    Raises:
        BadMessage: It is none; it says why.
    """
    try:
        envelope = _decode(text)
    except msgspec.ValidationError as error:
        raise BadMessage("invalid_request", "a message is a JSON object with a type") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadMessage("malformed_json", f"the message is not JSON: {error}") from error
    except RecursionError as error:
        raise BadMessage("malformed_json", "the message is nested too deep") from error
    message_id = envelope.id if _is_id(envelope.id) else None
    if envelope.id is not None and message_id is None:
        raise BadMessage("invalid_request", f"id must be text of 1 to {MOST_ID} printable characters")
    match envelope.type:
        case "ping":
            return Ping()
        case "command":
            return SentCommand(_command_in(envelope.action, message_id), message_id)
    raise BadMessage("invalid_request", 'type must be "command" or "ping"', message_id)


def _command_in(raw: msgspec.Raw | msgspec.UnsetType, message_id: str | None) -> Command:
    if isinstance(raw, msgspec.UnsetType):
        raise BadMessage("invalid_request", "a command needs an action", message_id)
    try:
        action = decode_action(bytes(raw), wanted=COMMANDS)
    except InvalidAction as error:
        told = "; ".join(error.problems[:_MOST_TOLD])
        more = f" (and {len(error.problems) - _MOST_TOLD} more)" if len(error.problems) > _MOST_TOLD else ""
        raise BadMessage("invalid_request", f"{told}{more}", message_id) from error
    if isinstance(action, COMMANDS):
        return action  # type: ignore[return-value] # which COMMANDS are
    kind = "an event, and events are what commands cause" if isinstance(action, EVENTS) else "what commands are refused"
    name = type(action).__name__
    raise BadMessage("invalid_request", f"only commands are taken, and {name} is {kind}", message_id)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MOST_ID and value.isprintable()


def error_message(code: str, message: str, message_id: str | None) -> str:
    """Return what the sender of a bad message, or of a refused command, is told."""
    told = {"type": "error", "message": message, "code": code}
    return msgspec.json.encode(told if message_id is None else {**told, "id": message_id}).decode()
