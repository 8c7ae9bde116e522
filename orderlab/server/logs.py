"""Logs on standard error, one line each, which no client can forge and in which no password stands.

    2025-01-01T00:00:00.000Z INFO orderlab.server.access "GET /health" status=200 ms=0.4 correlation_id=req-1

Only the command line calls `configure_logging`: a library logs where its user asks it to.
"""

import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from orderlab.masking import masked

CORRELATION_ID: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""The request that is being handled, so that whatever is logged meanwhile tells which one it was."""

_LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error", "critical")}
_LOGGER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

_BARE = re.compile(r"""[^\s="\\]+""")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_NOT_SHOWN = {*_OF_EVERY_RECORD, "color_message", "correlation_id"}  # uvicorn writes each message twice, once coloured


def parse_levels(text: str) -> dict[str, int]:
    """Read levels: one for everything, and ones by module that are told apart by their name; both may be left out.

    Raises:
        ValueError: A part of the text is no level.

    >>> parse_levels("info,orderlab.runtime=debug")
    {'': 20, 'orderlab.runtime': 10}
    """
    levels = {"": logging.INFO}
    for part in text.split(","):
        name, assigned, level = part.strip().rpartition("=")
        name, level = name.strip(), level.strip().lower()
        if level not in _LEVELS or bool(assigned) != bool(_LOGGER_NAME.fullmatch(name)):
            raise ValueError(part)
        levels[name] = _LEVELS[level]
    return levels


def configure_logging(levels: Mapping[str, int]) -> None:
    """Write logs to standard error from now on; called again, change the levels.

    Args:
        levels: The level of each logger by its name, and of all others by the empty name, as `parse_levels` gives them.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each.formatter, LogLines)]:
        root.removeHandler(handler)
    ours = logging.StreamHandler(sys.stderr)
    ours.setFormatter(LogLines())
    root.addHandler(ours)
    # At its level info uvicorn tells the address of every WebSocket, and the token in it. The pool of connections to
    # PostgreSQL warns of each attempt while that is away, several times a second, and we say it once.
    quiet = {"uvicorn.error": logging.WARNING, "psycopg.pool": logging.ERROR}
    for name, level in quiet.items():
        logging.getLogger(name).setLevel(logging.NOTSET if name.partition(".")[0] in levels else level)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    access = logging.getLogger("uvicorn.access")  # the guard has its own, which costs nothing while it is off
    access.handlers.clear()
    access.propagate = False
    access.setLevel(logging.CRITICAL + 1)  # else what has no handler goes to the one of last resort


class LogLines(logging.Formatter):
    """Write a record as one line: time, level, logger, message, and what else it carries as `key=value`.

    Passwords are masked here rather than in a filter, because the text of an exception is only made here.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        fields = {key: value for key, value in vars(record).items() if key not in _NOT_SHOWN}
        fields["correlation_id"] = getattr(record, "correlation_id", None) or CORRELATION_ID.get()
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = [at, record.levelname, record.name, _written(record.getMessage())]
        line += [f"{key}={_written(value)}" for key, value in fields.items() if value is not None]
        return " ".join(line)


def _written(value: Any) -> str:
    """Return a value as one word: bare where it can be, else quoted and escaped."""
    text = masked(str(value))
    if _BARE.fullmatch(text) and text.isprintable():
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    """Escape what would end the line or the quotes, or show the rest of the line otherwise than it is."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\u{ord(character):04x}"
