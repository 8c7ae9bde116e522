"""Servers for tests, each started when a first test asks for it."""

import pytest
from postgres_servers import NoServer, PostgresServer, kinds


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    """A PostgreSQL: the first that there is."""
    missing = []
    for server in kinds().values():
        try:
            return server()
        except NoServer as error:
            missing.append(str(error))
    pytest.skip("; ".join(missing))


@pytest.fixture(scope="session", params=list(kinds()))
def every_postgres(request: pytest.FixtureRequest) -> PostgresServer:
    """One PostgreSQL after another."""
    try:
        return kinds()[request.param]()
    except NoServer as error:
        pytest.skip(str(error))
