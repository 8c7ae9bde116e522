"""The address of a log in PostgreSQL: what of it is the driver's, what is ours, and what a person is told of it."""

import os
import re
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.postgres_schema import DEFAULT_SCHEMA, require_schema_name

_DEFAULTS = {
    "application_name": "orderlab",
    "connect_timeout": "5",
    # A peer that is gone without a word is noticed in half a minute, not in two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""What is asked of the driver where the address does not say otherwise."""

_FIXED = {"client_encoding": "utf8"}
"""What no address changes: a log's text is any text."""

_FORM = "the address of PostgreSQL must be postgresql://user@host:port/database, with user:password if there is one"
_BY_NUMBER = "%40 for @, %2F for /, %3A for :, %3F for ?, %26 for &, %25 for %"
_SPECIAL = f"{_FORM}, and a special character in it by its number: {_BY_NUMBER}"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a log is.

    Attributes:
        conninfo: The same in the driver's words, the password among them.
        schema: The schema of the log.
        called: What messages call the log.
    """

    conninfo: str = field(repr=False)
    schema: str
    called: str


def read_address(url: str, schema: str | None = None) -> Address:
    """Read an address, and never repeat a part of it that may be a password.

    Args:
        url: `postgresql://user:password@host:port/database`, with whatever else the driver understands, and
            `?schema=name`.
        schema: The schema, where the address names none.

    Raises:
        EventStoreError: The address is none.
        ValueError: The schema is none, or is another one than that of the address.
    """
    address, named = _split_schema(url)
    if "@" in (named or ""):  # which is the end of a password with a question mark
        raise EventStoreError(_SPECIAL)
    if schema is not None and named not in (None, schema):
        raise ValueError(f"schema is {schema!r}, and the address names the schema {named!r}: give one of them")
    schema = next((name for name in (schema, named) if name is not None), DEFAULT_SCHEMA)
    require_schema_name(schema)
    given = _settings_of(address)
    host = given.get("host") or os.environ.get("PGHOST") or "this machine"
    port = given.get("port") or os.environ.get("PGPORT")
    database = given.get("dbname") or os.environ.get("PGDATABASE") or "PostgreSQL"
    return Address(
        make_conninfo(address, **{name: value for name, value in _DEFAULTS.items() if name not in given}, **_FIXED),
        schema,
        f"schema {schema} of {database} at {host}{f':{port}' if port else ''}",
    )


def _settings_of(address: str) -> dict[str, str]:
    """Return what the driver makes of an address."""
    head, _, query = address.partition("?")
    user, at, _ = head.partition("://")[2].rpartition("@")
    # Of a password with one of these the driver would take the rest for the host, and say that there is no such host.
    misread = re.search("[@/]", user if at else "") or "@" in query.partition("=")[0]
    refusal = ""
    if re.match("postgres(ql)?://", address) and not misread and "\0" not in address:
        try:
            return {name: str(value) for name, value in conninfo_to_dict(address).items() if value is not None}
        except psycopg.ProgrammingError as error:
            refusal = str(error)  # raised below, where no text of the driver's goes with it
    if "password" not in query and (unknown := re.search(r'invalid URI query parameter: "(\w+)"', refusal)):
        raise EventStoreError(f"{_FORM}, and the driver knows no parameter {unknown[1]!r}")
    raise EventStoreError(_SPECIAL)


def _split_schema(url: str) -> tuple[str, str | None]:
    """Return the address of a database and the schema that was named in it, which its driver would not know.

    >>> _split_schema("postgresql://ada@localhost/lab?schema=group_1&sslmode=require")
    ('postgresql://ada@localhost/lab?sslmode=require', 'group_1')
    """
    address, _, query = url.partition("?")
    settings = [setting for setting in query.split("&") if setting]
    named = [setting for setting in settings if setting.startswith("schema=")]
    others = "&".join(setting for setting in settings if setting not in named)
    return address + (f"?{others}" if others else ""), named[-1].removeprefix("schema=") if named else None
