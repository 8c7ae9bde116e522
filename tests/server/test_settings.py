import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic import ValidationError

from orderlab.server.settings import SettingsError, as_given, duckdb_url, given_settings, load_settings

VARIABLES = [
    "DATABASE_URL",
    "HOST",
    "PORT",
    "ORDERLAB_WORKERS",
    "ORDERLAB_LOG",
    "ORDERLAB_TOKEN",
    "ORDERLAB_OPEN",
    "ORDERLAB_ALLOWED_HOSTS",
    "ORDERLAB_ORIGINS",
]
TOKEN = "sesame-sesame"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def error_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    return str(raised.value)


# Defaults


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()

    assert (settings.host, settings.port, settings.workers, settings.log) == ("127.0.0.1", 3000, 1, "info")
    assert (settings.token, settings.open, settings.allowed_hosts, settings.origins) == (None, False, (), ())


def test_the_log_is_kept_in_the_users_data_folder_which_is_not_made_for_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("orderlab.server.settings.user_data_dir", lambda *_, **__: str(tmp_path / "my data"))

    assert load_settings().database_url == duckdb_url(tmp_path / "my data" / "orders.duckdb")
    assert not (tmp_path / "my data").exists()


def test_the_address_of_a_file_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    address = duckdb_url(Path("my orders.duckdb"))

    assert Path(unquote(address.removeprefix("duckdb:///"))) == tmp_path / "my orders.duckdb"


# The environment, and what is given


def test_every_setting_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["postgres://db/a", "0.0.0.0", "0", "3", "debug", TOKEN, "1", "lab.example", "http://lab.example:8888"]
    for variable, value in zip(VARIABLES, values, strict=True):
        monkeypatch.setenv(variable, value)

    settings = load_settings()

    assert (settings.database_url, settings.host, settings.port) == ("postgres://db/a", "0.0.0.0", 0)
    assert (settings.workers, settings.log) == (3, "debug")
    assert settings.token is not None
    assert settings.token.get_secret_value() == TOKEN
    assert settings.open
    assert settings.allowed_hosts == ("lab.example",)
    assert settings.origins == ("http://lab.example:8888",)


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = load_settings()
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")

    assert load_settings() == unset


@pytest.mark.skipif(os.name == "nt", reason="there variables have no case")
def test_only_the_exact_name_of_a_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("host", "lab.example")

    assert load_settings().host == "127.0.0.1"


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("ORDERLAB_TOKEN", "from-the-environment")

    settings = load_settings(port=0, token=TOKEN)

    assert settings.port == 0
    assert settings.token is not None
    assert settings.token.get_secret_value() == TOKEN


def test_none_means_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")

    assert load_settings(port=None).port == 4000


def test_a_notebook_does_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("HOST", "no host at all")

    settings = given_settings(database_url="memory://")

    assert (settings.database_url, settings.host, settings.port) == ("memory://", "127.0.0.1", 3000)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1


def test_lists_may_have_spaces_and_empty_parts() -> None:
    assert given_settings(allowed_hosts=" lab.example, ,::1 ").allowed_hosts == ("lab.example", "::1")


def test_names_and_origins_are_kept_in_one_form() -> None:
    settings = given_settings(host="[::1]", allowed_hosts=("LAB.example",), origins=("HTTP://Lab.Example:80",))

    assert (settings.host, settings.allowed_hosts, settings.origins) == (
        "::1",
        ("lab.example",),
        ("http://lab.example",),
    )


# Refusals


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "orders.duckdb"),
        ("DATABASE_URL", "mysql://host/name"),
        ("HOST", "http://127.0.0.1"),
        ("HOST", "127.0.0.1:3000"),
        ("HOST", "127.1"),
        ("HOST", "a b"),
        ("HOST", "-"),
        ("PORT", "many"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "3000.5"),
        ("ORDERLAB_LOG", "loud"),
        ("ORDERLAB_LOG", "info,orderlab="),
        ("ORDERLAB_LOG", "=debug"),
        ("ORDERLAB_LOG", "info,"),
        ("ORDERLAB_TOKEN", "seven77"),
        ("ORDERLAB_TOKEN", "with a space"),
        ("ORDERLAB_TOKEN", "schlüssel"),
        ("ORDERLAB_TOKEN", "two\nlines"),
        ("ORDERLAB_OPEN", "perhaps"),
        ("ORDERLAB_ALLOWED_HOSTS", "lab.example:3000"),
        ("ORDERLAB_ALLOWED_HOSTS", "*"),
        ("ORDERLAB_ALLOWED_HOSTS", "lab.example,http://other.example"),
        ("ORDERLAB_ORIGINS", "lab.example"),
        ("ORDERLAB_ORIGINS", "*"),
        ("ORDERLAB_ORIGINS", "null"),
        ("ORDERLAB_ORIGINS", "http://lab.example/"),
        ("ORDERLAB_ORIGINS", "http://user@lab.example"),
        ("ORDERLAB_ORIGINS", "http://lab.example:99999"),
        ("ORDERLAB_ORIGINS", "file:///lab"),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    error = error_of(monkeypatch, **{variable: value})

    assert error.startswith(f"{variable} must be ")
    assert "\n" not in error
    assert "pydantic" not in error


def test_the_sentence_repeats_the_part_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    error = error_of(monkeypatch, ORDERLAB_ORIGINS="http://lab.example,other.example")

    assert error.endswith("such as http://lab.example.org:8888, and 'other.example' is not")


def test_an_endless_value_is_not_repeated_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(error_of(monkeypatch, PORT="9" * 10_000)) < 200


def test_a_bad_setting_that_was_given_is_called_as_it_was_given() -> None:
    with pytest.raises(SettingsError, match=r"^port must be a number from 0, for any free one, to 65535"):
        load_settings(port=70_000)


def test_a_setting_that_does_not_exist_is_a_mistake_in_the_program() -> None:
    with pytest.raises(TypeError, match="there is no setting 'prot'"):
        given_settings(prot=3000)  # type: ignore[call-arg] # the point


@pytest.mark.parametrize("token", ["secret", "very secret indeed"])
def test_the_token_is_in_no_error_and_in_no_context_of_it(token: str) -> None:
    with pytest.raises(SettingsError) as raised:
        given_settings(token=token)

    assert token not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_password_in_the_address_of_the_database_is_in_no_error_and_no_repr() -> None:
    with pytest.raises(SettingsError) as raised:
        given_settings(database_url="mysql://lab:sesame@host/name")

    assert "sesame" not in str(raised.value)
    assert "sesame" not in repr(given_settings(database_url="postgresql://lab:sesame@host/name"))


def test_the_token_is_not_in_the_repr() -> None:
    assert TOKEN not in repr(given_settings(token=TOKEN))


# A server for others


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "lab.example", "localhost.evil.example"])
def test_a_server_for_others_needs_a_token_or_to_be_open_on_purpose(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^host .* give a token, a secret, as well"):
        given_settings(host=host)
    assert given_settings(host=host, token=TOKEN).host == host
    assert given_settings(host=host, open=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost", "LocalHost"])
def test_a_server_for_oneself_needs_neither(host: str) -> None:
    assert given_settings(host=host).token is None


# Several processes


def test_another_process_is_given_the_same_settings() -> None:
    settings = given_settings(
        database_url="postgresql://ada:sesame@db/orders",
        host="0.0.0.0",
        port=0,
        workers=3,
        log="debug",
        token=TOKEN,
        allowed_hosts="lab,desk",
        origins="http://lab.example:8888",
    )

    assert given_settings(**as_given(settings)) == settings


@pytest.mark.parametrize("url", ["postgresql://db/orders", "postgres://db/orders"])
def test_several_workers_may_share_a_log_in_postgresql(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERLAB_WORKERS", "2")

    assert load_settings(database_url=url).workers == 2


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("duckdb:///orders.duckdb", "a DuckDB file can be open in one process alone"),
        ("memory://", "a log in memory is"),
    ],
)
def test_several_workers_cannot_share_a_log_of_one_process(url: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = error_of(monkeypatch, DATABASE_URL=url, ORDERLAB_WORKERS="2")

    assert said.startswith(f"2 workers need a log in PostgreSQL (postgresql://…): {why}")


@pytest.mark.parametrize("count", ["0", "65", "many"])
def test_a_number_of_workers_that_cannot_be_is_told(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = error_of(monkeypatch, ORDERLAB_WORKERS=count)

    assert said == f"ORDERLAB_WORKERS must be a number of processes from 1 to 64, and {count!r} is not"
