import pytest
from psycopg.conninfo import conninfo_to_dict

from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.postgres_address import read_address

PASSWORD = "hunter2hunter2"


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host=localhost",
        "mysql://localhost/lab",
        f"postgresql://ada:{PASSWORD}%zz@localhost/lab",
        f"postgresql://ada:{PASSWORD}@x@localhost/lab",
        f"postgresql://ada:{PASSWORD}/x@localhost:5432/lab",
        f"postgresql://ada:x/{PASSWORD}@localhost:5432/lab",
        f"postgresql://ada:x@{PASSWORD}@localhost:5432/lab?sslmode=require",
        f"postgresql://ada:x?{PASSWORD}@localhost:5432/lab",
        f"postgresql://ada:x?schema={PASSWORD}@localhost:5432/lab",
        f"postgresql://localhost/lab?password=x&{PASSWORD}=1",
        f"postgresql://ada:{PASSWORD}\0@localhost/lab",
        f"postgresql://ada:x?{PASSWORD}@localhost:5432/lab?sslmode=require",
    ],
)
def test_an_address_that_is_none_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(EventStoreError, match=r"^the address of PostgreSQL must be .* by its number: %40 ") as caught:
        PostgresEventStore(url)
    assert PASSWORD not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_parameter_that_the_driver_does_not_know_is_named() -> None:
    with pytest.raises(EventStoreError, match=r", and the driver knows no parameter 'shema'$") as caught:
        PostgresEventStore(f"postgresql://ada:{PASSWORD}@localhost/lab?shema=group_1")
    assert caught.value.__context__ is None


def test_the_schema_is_that_of_the_address_or_of_the_argument_or_orderlab() -> None:
    url = "postgresql://localhost/lab"
    assert PostgresEventStore(f"{url}?schema=group_1").schema == "group_1"
    assert PostgresEventStore(url, schema="group_1").schema == "group_1"
    assert PostgresEventStore(f"{url}?schema=group_1", schema="group_1").schema == "group_1"
    assert PostgresEventStore(url).schema == "orderlab"


def test_two_schemas_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="schema is 'group_2', and the address names the schema 'group_1': give one"):
        PostgresEventStore("postgresql://localhost/lab?schema=group_1", schema="group_2")


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("postgresql://ada:secret@example.org:5433/lab?sslmode=require", "schema orderlab of lab at example.org:5433"),
        ("postgresql://", "schema orderlab of PostgreSQL at this machine"),
        ("postgresql:///lab?host=/var/run&schema=group_1", "schema group_1 of lab at /var/run"),
        ("postgresql://ada%40home:p%2Fw@[::1]/lab", "schema orderlab of lab at ::1"),
    ],
)
def test_messages_say_where_the_log_is(url: str, called: str) -> None:
    assert read_address(url).called == called


def test_what_the_address_does_not_say_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGHOST": "example.org", "PGPORT": "5433", "PGDATABASE": "lab"}.items():
        monkeypatch.setenv(name, value)

    assert read_address("postgresql://?schema=group_1").called == "schema group_1 of lab at example.org:5433"


def test_no_address_changes_that_text_is_any_text() -> None:
    address = read_address("postgresql://localhost/lab?client_encoding=latin1")
    assert conninfo_to_dict(address.conninfo)["client_encoding"] == "utf8"


def test_what_the_address_says_to_the_driver_is_left_to_it() -> None:
    conninfo = read_address("postgresql://localhost/lab?connect_timeout=60&schema=group_1").conninfo
    assert "connect_timeout=60" in conninfo
    assert "60" not in repr(read_address("postgresql://localhost/lab?connect_timeout=60"))
    assert "application_name=orderlab" in conninfo
    assert "schema" not in conninfo
