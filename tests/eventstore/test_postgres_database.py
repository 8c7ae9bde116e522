import psycopg
import pytest

from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.postgres_address import read_address
from orderlab.eventstore.postgres_database import Database

_AT = 'connection to server at "127.0.0.1", port 5432 failed: '
_FOR_NOW = {
    f"{_AT}Connection refused\n\tIs the server running on that host?": f"{_AT}Connection refused",
    "server closed the connection unexpectedly\n\tThis probably means the server terminated.": (
        "server closed the connection unexpectedly"
    ),
    "SSL SYSCALL error: EOF detected": "SSL SYSCALL error: EOF detected",
    f"{_AT}FATAL:  the database system is starting up": f"{_AT}FATAL: the database system is starting up",
    f"{_AT}FATAL:  sorry, too many clients already": f"{_AT}FATAL: sorry, too many clients already",
    f'{_AT}FATAL:  database "lab" is not currently accepting connections': (
        f'{_AT}FATAL: database "lab" is not currently accepting connections'
    ),
}
_FOR_GOOD = {
    f'{_AT}FATAL:  database "lab" does not exist': f'{_AT}FATAL: database "lab" does not exist',
    **dict.fromkeys(
        [
            'connection is bad: invalid sslmode value: "verify_full"',
            'private key file "x.key" has group or world access',
            "channel binding required, but SSL not in use",
            'definition of service "lab" not found',
        ]
    ),
    "server does not support SSL, but SSL was required": "server does not support SSL, but SSL was required",
    f"{_AT}fe_sendauth: no password supplied": (
        f"{_AT}fe_sendauth: no password supplied; give one in PGPASSWORD, in ~/.pgpass, or in the address"
    ),
}


def failure(said: str) -> EventStoreError:
    return Database(read_address("postgresql://localhost/lab"), readers=1).failure(psycopg.OperationalError(said))


@pytest.mark.parametrize(("said", "told"), _FOR_NOW.items())
def test_a_server_that_may_come_back_cannot_be_reached_now(said: str, told: str) -> None:
    error = failure(said)
    assert type(error) is Unreachable
    assert str(error) == f"schema orderlab of lab at localhost cannot be reached now: {told}"


@pytest.mark.parametrize(("said", "told"), _FOR_GOOD.items())
def test_what_asking_again_does_not_mend_is_an_error_of_another_kind(said: str, told: str | None) -> None:
    error = failure(said)
    assert type(error) is EventStoreError
    assert str(error) == f"schema orderlab of lab at localhost cannot be opened: {told or said}"


def test_what_let_one_in_before_may_do_so_again_whatever_its_language() -> None:
    database = Database(read_address("postgresql://localhost/lab"), readers=1)
    said = psycopg.OperationalError(f"{_AT}FATAL:  das Datenbanksystem fährt herunter")
    assert type(database.failure(said)) is EventStoreError
    database._was_open = True
    assert type(database.failure(said)) is Unreachable


def test_a_pooler_of_transactions_is_told_of() -> None:
    database = Database(read_address("postgresql://localhost/lab"), readers=1)
    error = psycopg.errors.DuplicatePreparedStatement('prepared statement "_pg3_0" already exists')
    assert "seems to be behind a pooler of transactions; have it pool sessions" in str(database.failure(error))
