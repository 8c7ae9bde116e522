"""The server's settings, from the environment or as given; a bad one is one sentence."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypedDict, Unpack, cast
from urllib.parse import quote

from platformdirs import user_data_dir
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.urls import is_postgres
from orderlab.server.hosts import canonical_host, canonical_origin, is_loopback
from orderlab.server.logs import parse_levels

MOST_WORKERS = 64
"""Processes of one server; each has all orders in memory, and connections to the database."""

_ALLOWED = {
    "DATABASE_URL": "an address such as duckdb:///file.duckdb, postgresql://user@host/database or memory://",
    "HOST": "a name or an address to listen at, such as 127.0.0.1, without a port",
    "PORT": "a number from 0, for any free one, to 65535",
    "ORDERLAB_WORKERS": f"a number of processes from 1 to {MOST_WORKERS}",
    "ORDERLAB_LOG": "a level (debug, info, warning, error, critical), or levels by module such as "
    "info,orderlab.runtime=debug",
    "ORDERLAB_TOKEN": "at least 8 printable ASCII characters without spaces",
    "ORDERLAB_OPEN": "1 or 0",
    "ORDERLAB_ALLOWED_HOSTS": "names of hosts without ports, separated by commas",
    "ORDERLAB_ORIGINS": "origins separated by commas, each in full such as http://lab.example.org:8888",
}
_SECRET = {"DATABASE_URL", "ORDERLAB_TOKEN"}
"""Variables whose value is not repeated: a password may be in it."""

_SCHEMES = ("memory://", "duckdb:///", "postgresql://", "postgres://")
_TOKEN = re.compile(r"[!-~]{8,}")
_ORIGIN = re.compile(r"https?://([^/?#@\\]+?)(?::([0-9]{1,5}))?")
_MOST_SHOWN = 60


class SettingsError(OrderlabError):
    """A setting that cannot be; its text names it and says what is allowed."""


def duckdb_url(path: Path) -> str:
    """Return the absolute address of a DuckDB file.

    >>> duckdb_url(Path("/var/lib/my orders.duckdb"))
    'duckdb:////var/lib/my%20orders.duckdb'
    """
    return f"duckdb:///{quote(path.absolute().as_posix(), safe='/:')}"


def default_database_url() -> str:
    """Return the address of the log in the user's data folder."""
    return duckdb_url(Path(user_data_dir("orderlab", appauthor=False)) / "orders.duckdb")


def _database_url(url: str) -> str:
    if not url.startswith(_SCHEMES):
        raise ValueError
    return url


def _host(host: str) -> str:
    canonical = canonical_host(host)
    if canonical is None:
        raise ValueError(host)
    return canonical


def _log(levels: str) -> str:
    parse_levels(levels)
    return levels


def _token(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError
    return token


def _origin(origin: str) -> str:
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None or canonical_host(found[1]) is None or int(found[2] or 0) > 65535:  # noqa: PLR2004 - the last port
        raise ValueError(origin)
    return canonical_origin(origin.encode("ascii")).decode("ascii")


def _split(listed: Any) -> Any:
    return [part.strip() for part in listed.split(",") if part.strip()] if isinstance(listed, str) else listed


class Given(TypedDict, total=False):
    """The settings by the names that Python and the command line give them; None stands for "not given"."""

    database_url: str | None
    host: str | None
    port: int | None
    workers: int | None
    log: str | None
    token: str | None
    open: bool | None
    allowed_hosts: str | tuple[str, ...] | None
    origins: str | tuple[str, ...] | None


class ServerSettings(BaseSettings):
    """How the server runs. Made by `load_settings` or `given_settings`, which say in one sentence what is wrong."""

    # The environment is read by exact names: some shells export a `host` of their own.
    model_config = SettingsConfigDict(
        frozen=True, case_sensitive=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    _TOO_OPEN: ClassVar[str] = (
        "HOST {} lets in everyone who can reach this machine: set ORDERLAB_TOKEN to a secret, or ORDERLAB_OPEN=1 if "
        "that is what you want"
    )

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default_factory=default_database_url, validation_alias="DATABASE_URL", repr=False
    )
    host: Annotated[str, AfterValidator(_host)] = Field("127.0.0.1", validation_alias="HOST")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(3000, validation_alias="PORT")
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = Field(1, validation_alias="ORDERLAB_WORKERS")
    log: Annotated[str, AfterValidator(_log)] = Field("info", validation_alias="ORDERLAB_LOG")
    token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(None, validation_alias="ORDERLAB_TOKEN")
    open: bool = Field(False, validation_alias="ORDERLAB_OPEN")
    allowed_hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], BeforeValidator(_split), NoDecode] = (
        Field((), validation_alias="ORDERLAB_ALLOWED_HOSTS")
    )
    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_split), NoDecode] = Field(
        (), validation_alias="ORDERLAB_ORIGINS"
    )

    @model_validator(mode="after")
    def _is_not_open_by_accident(self) -> Self:
        if self.token is None and not self.open and not is_loopback(self.host):
            raise ValueError(self._TOO_OPEN.format(self.host))
        return self

    @model_validator(mode="after")
    def _has_a_log_for_all_workers(self) -> Self:
        if self.workers > 1 and not is_postgres(self.database_url):
            of_one = "a log in memory is gone with its process, and no other sees it"
            if not self.database_url.startswith("memory:"):
                of_one = "a DuckDB file can be open in one process alone"
            raise ValueError(f"{self.workers} workers need a log in PostgreSQL (postgresql://…): {of_one}")
        return self


class _GivenSettings(ServerSettings):
    """Settings that do not look at the environment of the process, such as a notebook's."""

    _TOO_OPEN: ClassVar[str] = "host {} lets in everyone who can reach this machine: give a token, a secret, as well"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def load_settings(**overrides: Unpack[Given]) -> ServerSettings:
    """Read the settings from the environment; what is given wins, such as the options of a command line.

    Raises:
        SettingsError: A setting cannot be.
    """
    return _made(ServerSettings, overrides)


def given_settings(**given: Unpack[Given]) -> ServerSettings:
    """Make settings of what is given and the defaults alone, whatever the environment holds.

    Raises:
        SettingsError: A setting cannot be.
    """
    return _made(_GivenSettings, given)


def as_given(settings: ServerSettings) -> Given:
    """Return what makes the same settings in another process; the token stands in it as it is."""
    token = None if settings.token is None else settings.token.get_secret_value()
    given: dict[str, Any] = {name: getattr(settings, name) for name in ServerSettings.model_fields}
    return cast("Given", {**given, "token": token})


def _made(kind: type[ServerSettings], given: Given) -> ServerSettings:
    names = {str(field.validation_alias): name for name, field in ServerSettings.model_fields.items()}
    unknown = sorted(given.keys() - names.values())
    if unknown:
        raise TypeError(f"there is no setting {unknown[0]!r}: use {', '.join(names.values())}")
    values: dict[str, Any] = {variable: given.get(name) for variable, name in names.items()}
    values = {variable: value for variable, value in values.items() if value is not None}
    try:
        return kind(**values)
    except ValidationError as error:
        sentence = _sentence(error, {variable: names[variable] for variable in values})
    raise SettingsError(sentence)  # outside of `except`, whose error would carry the token along


def _sentence(error: ValidationError, given: dict[str, str]) -> str:
    """Say what is wrong with the first bad setting: by the name under which it was given, or else by its variable."""
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    variable = str(first["loc"][0])
    shown = "" if variable in _SECRET else f", and {str(first['input'])[:_MOST_SHOWN]!r} is not"
    return f"{given.get(variable, variable)} must be {_ALLOWED[variable]}{shown}"
