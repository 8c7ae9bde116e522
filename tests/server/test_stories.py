"""What the pages are told for time travel: events, and what each of them changed."""

from collections.abc import Iterator

import httpx
import pytest
from browsing import Visitors

import orderlab
from orderlab.server import stories
from orderlab.server.background import RunningServer


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with orderlab.serve() as running:
        yield running


@pytest.fixture
def others(server: RunningServer) -> Visitors:
    return Visitors(server.url)


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


def test_a_story_has_each_event_as_the_log_has_it_and_what_it_changed(client: httpx.Client, others: Visitors) -> None:
    [_, order_id] = others.place(2)
    others.ship(order_id)
    told = client.get(f"/story/{order_id}").json()
    assert told["events"] == client.get(f"/api/v1/orders/{order_id}/events").json()["events"]
    [placed, shipped] = told["changes"]
    assert (placed["key"], placed["type"], placed["state"]) == (order_id, "OrderPlaced", "placed")
    assert placed["fields"]["total_cents"] == "1,900"
    assert (shipped["type"], shipped["state"]) == ("OrderShipped", "shipped")
    assert shipped["fields"].items() >= {"status": "shipped", "status.tracking_number": "TRACK-1"}.items()
    assert "total_cents" not in shipped["fields"]


def test_a_story_names_the_states_that_there_are(client: httpx.Client, others: Visitors) -> None:
    [order_id] = others.place()
    told = client.get(f"/story/{order_id}").json()
    assert (told["noun"], told["states"]) == ("order", ["draft", "placed", "shipped", "cancelled"])


def test_an_order_that_is_not_there_has_no_story(client: httpx.Client) -> None:
    answer = client.get("/story/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


def test_the_whole_log_is_told_in_its_order(client: httpx.Client, others: Visitors) -> None:
    order_ids = others.place(3)
    others.cancel(order_ids[1])
    told = client.get("/timetravel/log").json()
    assert told["length"] == 4
    assert [change["key"] for change in told["changes"]] == [*order_ids, order_ids[1]]
    assert 'data-state="placed"' in told["machine"]


def test_of_a_long_log_the_beginning_is_told_and_how_long_it_is(
    client: httpx.Client, others: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "MOST_EVENTS", 2)
    order_ids = others.place(3)
    told = client.get("/timetravel/log").json()
    assert ([change["key"] for change in told["changes"]], told["length"]) == (order_ids[:2], 3)


def test_the_log_of_a_server_without_orders_is_empty(client: httpx.Client) -> None:
    told = client.get("/timetravel/log").json()
    assert (told["changes"], told["length"]) == ([], 0)
