import asyncio
import gc
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path

import httpx
import pytest
from event_loop import in_event_loop
from serving import MUG, order_of
from websockets.sync.client import connect

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import OrderPlaced
from orderlab.orders.model import OrderItem
from orderlab.server.background import RunningServer, serve
from orderlab.server.running import CannotListen
from orderlab.server.settings import SettingsError
from orderlab.system import SystemClock

TOKEN = "sesame&open=%2F"
ITEMS = (OrderItem(**MUG),)


def place(server: RunningServer, customer_id: str = "ada") -> str:
    answer = httpx.post(f"{server.url}/api/v1/orders", json=order_of(customer_id), trust_env=False, verify=False)
    assert answer.status_code == 201
    order_id = answer.json()["order_id"]
    assert isinstance(order_id, str)
    return order_id


def listed(server: RunningServer) -> list[str]:
    orders = httpx.get(f"{server.url}/api/v1/orders", trust_env=False, verify=False).json()["orders"]
    return [order["order_id"] for order in orders]


def is_listening(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


def servers() -> list[str]:
    """Return the names of the threads in which servers run."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("orderlab server")]


def answering_after(asked: threading.Event, head: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    async def answer() -> int:
        await asyncio.to_thread(asked.wait, 30)
        return await head()

    return answer


def test_it_serves_until_its_end() -> None:
    with serve() as server:
        assert server.is_running
        assert server.link == server.url
        assert repr(server) == f"<orderlab server at {server.url}>"
        assert f'<a href="{server.url}"' in server._repr_html_()
        place(server)
    assert not server.is_running
    assert not is_listening(server.url)
    assert repr(server) == f"<orderlab server stopped, was at {server.url}>"
    assert "<a" not in server._repr_html_()
    assert servers() == []


def test_stopping_twice_is_harmless() -> None:
    server = serve()
    server.stop()
    server.stop()

    assert not server.is_running


def test_a_server_that_is_dropped_stops() -> None:
    url = serve().url
    gc.collect()

    assert not is_listening(url)


def test_a_server_that_a_cell_replaces_goes_on_at_the_same_port() -> None:
    server = serve()
    url, port = server.url, int(server.url.rpartition(":")[2])
    server.stop()
    with serve(port=port) as again:
        assert again.url == url
        place(again)


def test_two_servers_know_nothing_of_each_other() -> None:
    with serve() as one, serve() as two:
        order_id = place(one)

        assert httpx.get(f"{two.url}/api/v1/orders/{order_id}", trust_env=False, verify=False).status_code == 404


@in_event_loop
async def test_it_shows_what_the_notebook_writes_and_the_notebook_sees_what_it_writes(tmp_path: Path) -> None:
    for event_store in (InMemoryEventStore(), DuckDBEventStore(tmp_path / "orders.duckdb")):
        async with event_store:
            with (
                serve(event_store) as server,
                connect(f"{server.url.replace('http', 'ws')}/ws?after=0", proxy=None) as ws,
            ):
                placed = OrderPlaced("mine", "bea", ITEMS, 1_900, SystemClock().now())
                await event_store.append_events("order-mine", [placed])
                told = json.loads(ws.recv())
                order_id = place(server)

                assert told["action"]["OrderPlaced"]["order_id"] == "mine"
                assert listed(server) == [order_id, "mine"]
                assert await event_store.head() == 2
            assert (await event_store.load_events("order-mine"))[0].event == placed  # it is open still


def test_with_a_token_the_link_lets_in() -> None:
    with serve(token=TOKEN) as server:
        assert server.link == f"{server.url}/?token=sesame%26open%3D%252F"
        assert f'<a href="{escape(server.link)}"' in server._repr_html_()
        assert TOKEN not in repr(server)
        with httpx.Client(trust_env=False, verify=False, follow_redirects=True) as client:
            assert client.get(server.url).status_code == 401
            assert client.get(server.link).status_code == 200


def test_the_environment_of_a_notebook_is_no_setting_of_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("ORDERLAB_TOKEN", TOKEN)
    with serve() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert listed(server) == []


def test_a_port_that_is_taken_is_told() -> None:
    with serve() as server, pytest.raises(CannotListen, match="is taken"):
        serve(port=int(server.url.rpartition(":")[2]))


@pytest.mark.parametrize("wrong", [{"host": "0.0.0.0"}, {"host": "http://lab"}, {"port": 70_000}, {"token": "short"}])
def test_a_setting_that_cannot_be_is_told_and_nothing_is_started(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(wrong))} (?!.*ORDERLAB_)"):  # by no name of a variable
        serve(**wrong)  # type: ignore[arg-type] # which is the point of some of them

    assert servers() == []


def test_what_is_no_event_store_is_told() -> None:
    with pytest.raises(TypeError, match="event_store must be an event store"):
        serve("duckdb:///orders.duckdb")  # type: ignore[arg-type] # which is the point


@in_event_loop
async def test_a_log_that_cannot_be_read_is_told_and_nothing_is_left_running() -> None:
    event_store = InMemoryEventStore()
    await event_store.close()

    with pytest.raises(EventStoreError):
        serve(event_store)

    assert servers() == []


def test_a_server_that_does_not_start_in_time_is_told_and_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.server.background._PATIENCE_SECONDS", 0.0)
    event_store, asked = InMemoryEventStore(), threading.Event()
    monkeypatch.setattr(event_store, "head", answering_after(asked, event_store.head))

    with pytest.raises(OrderlabError, match="the server has not started within 0 seconds, and ends"):
        serve(event_store)

    [server] = [thread for thread in threading.enumerate() if thread.name in servers()]
    asked.set()
    server.join(30)
    assert servers() == []
