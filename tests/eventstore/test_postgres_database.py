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
def test_what_asking_again_does_not_mend_is_an_error_of_another_kind(said: str, told: str) -> None:
    error = failure(said)
    assert type(error) is EventStoreError
    assert str(error) == f"schema orderlab of lab at localhost cannot be opened: {told}"
