"""A script as a file of JSON lines: the commands that were given, the refused ones too, which no log has.

One command a line, in the order in which they were given: `at`, `key`, and the action as tagged JSON.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import msgspec

from orderlab.core.errors import OrderlabError
from orderlab.core.script import TimedCommand
from orderlab.orders.actions import COMMANDS
from orderlab.orders.codec import InvalidAction, decode_action, encode_action
from orderlab.replacing import replacing


class CommandFileError(OrderlabError):
    """A file that is no script of commands, or one that cannot be written; names the line."""


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    key: Annotated[str, msgspec.Meta(min_length=1)]
    action: msgspec.Raw


_LOG = "this is an event of a log, and no command: `Timeline.from_file` reads a log"


def decode_command(text: str) -> Any:
    """Read an order command from tagged JSON; the reading of a script unless another domain brings its own.

    Raises:
        InvalidAction: It has another shape, or is an event or a rejection: nobody can ask for those.
    """
    action = decode_action(text, wanted=COMMANDS)
    if not isinstance(action, COMMANDS):
        raise InvalidAction((f"{type(action).__name__} is no command",))
    return action


def write_commands(
    commands: Iterable[TimedCommand], path: str | PathLike[str], *, encode: Callable[[Any], str] = encode_action
) -> int:
    """Write a script to a file, and return how many commands it has.

    The file appears when it is whole; one that was there before is replaced only then.

    Args:
        commands: The script, as `simulate` returns it.
        path: The file.
        encode: What makes JSON text of a command; the tagged JSON of orders by default.

    Raises:
        CommandFileError: The file cannot be written.
    """
    target, written = Path(path), 0
    to_json = msgspec.json.Encoder().encode
    try:
        with replacing(target) as partial, partial.open("wb") as file:
            for timed in commands:
                line = _Line(timed.at.astimezone(UTC), timed.key, msgspec.Raw(encode(timed.command).encode()))
                file.write(to_json(line) + b"\n")
                written += 1
    except OSError as error:
        raise CommandFileError(f"{target} cannot be written: {error.strerror}") from error
    return written


def read_commands(
    path: str | PathLike[str], *, decode: Callable[[str], Any] = decode_command
) -> tuple[TimedCommand, ...]:
    """Read a script from a file.

    Args:
        path: The file.
        decode: What makes a command of its JSON text; orders by default.

    Raises:
        CommandFileError: The file cannot be read, or a line of it is no command.
    """
    decoder, commands = msgspec.json.Decoder(_Line), []
    try:
        with Path(path).open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    line = decoder.decode(text)
                    at, command = line.at.astimezone(UTC), decode(bytes(line.action).decode())
                except (msgspec.DecodeError, InvalidAction, UnicodeError, RecursionError, OverflowError) as error:
                    problem = _LOG if b'"payload":' in text and b'"action":' not in text else error
                    raise CommandFileError(f"{path}, line {number}: {problem}") from error
                commands.append(TimedCommand(at, command, line.key))
    except OSError as error:
        raise CommandFileError(f"{path} cannot be read: {error.strerror}") from error
    return tuple(commands)
