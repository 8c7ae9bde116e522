import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgi_driving import Answer, answer_of, body_in_pieces, http_scope
from event_loop import in_event_loop
from live_stores import Gate, failing
from serving import MUG, order_of

from orderlab import runtime
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import OrderPlaced, OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem
from orderlab.orders.reducer import OrderEnvironment
from orderlab.server.access import Access
from orderlab.server.app import create_app
from orderlab.server.backend import Backend
from orderlab.server.listing import OrderListing
from orderlab.server.problems import Problem

ITEMS = (OrderItem(**MUG),)
PLACE = PlaceOrder("ada", ITEMS)
AT = TestClock().now()


@asynccontextmanager
async def opened(event_store: InMemoryEventStore | None = None) -> AsyncIterator[Backend]:
    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Backend(event_store or InMemoryEventStore(), env=env) as backend:
        yield backend


async def ask(backend: Backend, asked: str, body: Any = None, **headers: str) -> Answer:
    """Ask the application over the backend, without a network between."""
    method, path = asked.split(" ", 1)
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode()) for name, value in named.items()]
    content = [] if body is None else [json.dumps(body).encode()]
    return await answer_of(create_app(backend, Access()), http_scope(method, path, pairs), body_in_pieces(*content))


async def place(event_store: InMemoryEventStore, order_id: str) -> None:
    """Place an order as another program would, that writes to the same log."""
    await event_store.append_events(f"order-{order_id}", [OrderPlaced(order_id, "bea", ITEMS, 1_900, AT)])


def listed(backend: Backend) -> list[str]:
    orders, _ = backend.listing.page(backend.store.state, status=None, customer_id=None, after=None, limit=100)
    return [order.id for order in orders]


# What follows the log


@in_event_loop
async def test_whoever_is_told_of_a_commit_finds_it_everywhere() -> None:
    async with opened() as backend:
        for count in range(1, 4):
            outcome = await backend.perform(PLACE, "c")

            assert (backend.hub.position, backend.listing.position) == (count, count)
            assert listed(backend)[0] == outcome.events[0].order_id


@in_event_loop
async def test_what_is_in_the_log_already_is_listed_in_its_order() -> None:
    event_store = InMemoryEventStore()
    for order_id in ("b", "c", "a"):
        await place(event_store, order_id)
    await event_store.append_events("order-b", [OrderShipped("b", "T", AT)])

    async with opened(event_store) as backend:
        assert listed(backend) == ["a", "c", "b"]
        assert backend.listing.counts() == {"placed": 2, "shipped": 1, "cancelled": 0}
        assert backend.hub.position == 4


@in_event_loop
async def test_what_others_write_is_listed_and_told_too() -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as backend:
        told = backend.store.subscribe_actions()
        await place(event_store, "theirs")
        await anext(told)

        assert listed(backend) == ["theirs"]
        assert (await backend.perform(ShipOrder("theirs", "T"), "c")).positions == (2,)
        assert backend.listing.counts() == {"placed": 0, "shipped": 1, "cancelled": 0}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("GET /api/v1/orders/order-1", b'"order_id":"order-1"'),
        ("GET /api/v1/orders", b'"order_id":"order-1"'),
        ("GET /api/v1/orders/order-1/events", b'"position":1'),
        ("GET /api/v1/events", b'"position":1'),
        ("GET /api/v1/summary", b'"placed":1'),
        ("GET /story/order-1", b'"order-1"'),
    ],
)
@in_event_loop
async def test_what_one_server_has_answered_is_found_at_another(asked: str, found: bytes) -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as here, opened(event_store) as there:
        assert (await ask(there, "POST /api/v1/orders", order_of())).status == 201
        assert here.store.position == 0

        answer = await ask(here, asked)

        assert answer.status == 200
        assert found in answer.body


@in_event_loop
async def test_of_several_versions_that_a_client_takes_the_one_counts_at_which_another_server_has_left_the_order() -> (
    None
):
    event_store = InMemoryEventStore()
    async with opened(event_store) as here, opened(event_store) as there:
        assert (await ask(there, "POST /api/v1/orders", order_of())).status == 201

        answer = await ask(here, "POST /api/v1/orders/order-1/cancel", if_match='"7", "1"')

        assert answer.status == 200


@in_event_loop
async def test_who_reads_while_the_server_closes_is_told_to_try_again() -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as backend:
        await backend.store.close()
        await place(event_store, "theirs")

        answer = await ask(backend, "GET /api/v1/orders/theirs")

        assert (answer.status, answer.problem["code"]) == (503, "overloaded")


@in_event_loop
async def test_health_is_well_again_when_the_log_is_though_nobody_has_asked_for_anything_since(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as backend:
        with monkeypatch.context() as broken:
            for name in ("head", "append_many"):
                act = getattr(event_store, name)
                broken.setattr(event_store, name, failing(EventStoreError("the line is dead"), times=9, act=act))
            assert (await ask(backend, "POST /api/v1/orders", order_of())).status == 503
            assert (await ask(backend, "GET /health")).status == 503

        assert (await ask(backend, "GET /health")).status == 200


@in_event_loop
async def test_when_the_log_goes_away_while_it_opens_nothing_is_left_running() -> None:
    event_store = InMemoryEventStore()
    failing_to_list = failing(EventStoreError("gone"), times=1, act=event_store.list_streams)
    before = asyncio.all_tasks()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(event_store, "list_streams", failing_to_list)
        with pytest.raises(EventStoreError, match="gone"):
            async with opened(event_store):
                pass
    assert asyncio.all_tasks() == before


class SlowToList(InMemoryEventStore):
    """Others place orders after it has looked which streams there are, and before it says so."""

    backend: Backend

    async def list_streams(self) -> list[str]:
        streams = await super().list_streams()
        told = self.backend.store.subscribe_actions()
        await place(self, "late")
        await self.append_events("order-early", [OrderShipped("early", "T", AT)])
        await anext(told)
        await anext(told)
        return streams


@in_event_loop
async def test_orders_that_others_place_while_it_opens_are_listed() -> None:
    event_store = SlowToList()
    await place(event_store, "early")
    event_store.backend = backend = Backend(event_store)
    async with backend:
        await place(event_store, "later")
        await anext(backend.store.subscribe_actions(after=3))

        assert listed(backend) == ["later", "late", "early"]
        assert backend.listing.counts() == {"placed": 2, "shipped": 1, "cancelled": 0}
        assert (backend.hub.position, backend.listing.position) == (4, 4)


@in_event_loop
async def test_a_page_after_an_order_that_is_not_listed_yet_is_a_problem_and_no_fault() -> None:
    async with opened() as backend:
        await backend.perform(PLACE, "c")
        backend.listing = OrderListing([], backend.store.state, 0)  # as before it is told of what others wrote

        answer = await ask(backend, "GET /api/v1/orders?after=order-1")

        assert (answer.status, answer.problem["code"]) == (422, "invalid_request")


@in_event_loop
async def test_a_summary_is_of_one_position() -> None:
    async with opened() as backend:
        await backend.perform(PLACE, "c")
        backend.listing.position = 7

        answer = await ask(backend, "GET /api/v1/summary")

        assert json.loads(answer.body)["position"] == 7


# What cannot be done


@in_event_loop
async def test_when_too_many_wait_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 2)
    event_store = InMemoryEventStore()
    gate = Gate(event_store)
    monkeypatch.setattr(event_store, "append_many", gate.append_many)
    async with opened(event_store) as backend:
        first = asyncio.create_task(backend.perform(PLACE, "c"))
        await gate.reached.wait()
        waiting = [asyncio.create_task(backend.perform(PLACE, "c")) for _ in range(2)]
        await asyncio.sleep(0)

        answer = await ask(backend, "POST /api/v1/orders", order_of())
        gate.opened.set()

        assert (answer.status, answer.problem["code"]) == (503, "overloaded")
        assert answer.headers["retry-after"] == "1"
        assert [each.positions for each in await asyncio.gather(first, *waiting)] == [(1,), (2,), (3,)]
        assert (await ask(backend, "POST /api/v1/orders", order_of())).status == 201


@in_event_loop
async def test_when_it_is_closed_it_says_so() -> None:
    async with opened() as backend:
        await backend.store.close()

        answer = await ask(backend, "POST /api/v1/orders", order_of())

        assert (answer.status, answer.problem["code"]) == (503, "overloaded")


class OthersAreFirst(InMemoryEventStore):
    """Whatever is to be written, another program has just written to the same order."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Any]:
        return [VersionConflict(append.stream_id, append.expected_version or 0, 7) for append in appends]


@in_event_loop
async def test_a_conflict_that_does_not_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    event_store = OthersAreFirst()
    async with opened(event_store) as backend:
        answer = await ask(backend, "POST /api/v1/orders", order_of())

        assert (answer.status, answer.problem["code"]) == (409, "version_conflict")


@in_event_loop
async def test_who_wants_a_version_and_is_overtaken_is_told_that_it_has_moved_on() -> None:
    event_store = OthersAreFirst()
    await InMemoryEventStore.append_many(
        event_store, [AppendEvents("order-a", (OrderPlaced("a", "bea", ITEMS, 1_900, AT),), 0)]
    )
    async with opened(event_store) as backend:
        answer = await ask(backend, "POST /api/v1/orders/a/cancel", if_match='"1"')

        assert (answer.status, answer.problem["code"]) == (412, "version_mismatch")
        assert answer.problem["current_version"] == 7


@pytest.mark.parametrize(
    "asked", ["GET /health", "GET /api/v1/events", "GET /api/v1/orders/a/events", "POST /api/v1/orders/a/cancel"]
)
@in_event_loop
async def test_an_event_store_that_fails_is_told_in_its_own_words(
    asked: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event_store = InMemoryEventStore()
    await place(event_store, "a")
    async with opened(event_store) as backend:
        with monkeypatch.context() as broken:
            for name in ("head", "read_all", "read_columns", "load_events", "append_many"):
                act = getattr(event_store, name)
                broken.setattr(event_store, name, failing(EventStoreError("the disk is full"), times=9, act=act))
            answer = await ask(backend, asked)

        assert (answer.status, answer.problem["code"]) == (503, "event_store_unavailable")
        assert answer.problem["detail"] == "the disk is full"
        assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ("GET /health", "the event store cannot be reached now: try again in some seconds"),
        (
            "POST /api/v1/orders/a/cancel",
            "the event store cannot be reached now: try again in some seconds; whether the command was done is not "
            "known, and with one Idempotency-Key it is done once",
        ),
    ],
)
@in_event_loop
async def test_where_a_log_is_that_cannot_be_reached_is_told_to_the_servers_log_alone(
    asked: str, detail: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event_store = InMemoryEventStore()
    await place(event_store, "a")
    async with opened(event_store) as backend:
        with monkeypatch.context() as broken, caplog.at_level("INFO"):
            for name in ("head", "append_many"):
                act, away = getattr(event_store, name), Unreachable("lab at db.example:5432 cannot be reached now")
                broken.setattr(event_store, name, failing(away, times=9, act=act))
            answer = await ask(backend, asked)

        assert (answer.status, answer.problem["detail"]) == (503, detail)
        assert "db.example:5432" in caplog.text


@in_event_loop
async def test_where_a_log_is_that_fails_is_told_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event_store, error = InMemoryEventStore(), EventStoreError("lab at db.example:5432 can be read only")
    error.where = "lab at db.example:5432"
    async with opened(event_store) as backend:
        with monkeypatch.context() as broken, caplog.at_level("INFO"):
            broken.setattr(event_store, "head", failing(error, times=9, act=event_store.head))
            answer = await ask(backend, "GET /health")

        assert answer.problem["detail"] == "the event store can be read only"
        assert "db.example:5432" in caplog.text


@in_event_loop
async def test_an_event_store_that_does_not_answer_in_time_is_as_one_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as backend:
        monkeypatch.setattr("orderlab.server.backend._HEALTH_SECONDS", 0.0)
        monkeypatch.setattr(event_store, "head", asyncio.Event().wait)

        answer = await ask(backend, "GET /health")

        assert (answer.status, answer.problem["code"]) == (503, "event_store_unavailable")
        assert answer.problem["detail"] == "the event store takes too long to answer"


@in_event_loop
async def test_a_fault_that_nobody_foresaw_is_a_problem_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as backend:
        monkeypatch.setattr(backend.listing, "page", failing(ZeroDivisionError(), times=1, act=backend.listing.page))

        answer = await ask(backend, "GET /api/v1/orders", x_correlation_id="lab-9")

        assert (answer.status, answer.problem["code"]) == (500, "internal_error")
        assert answer.problem["detail"] == "a fault of the server, found in its log by lab-9"
        assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]
        assert (await ask(backend, "GET /api/v1/orders")).status == 200


def test_what_is_refused_of_an_order_that_is_not_there_does_not_repeat_a_long_id() -> None:
    with pytest.raises(Problem) as caught:
        Backend(InMemoryEventStore()).order("x" * 101)

    assert caught.value.detail == f"there is no order {'x' * 100}…"


# What no state can follow


@pytest.mark.parametrize(
    ("stream_id", "event", "told"),
    [
        ("order-ghost", OrderShipped("ghost", "T-1", AT), "OrderShipped of ghost cannot follow"),
        ("order-a", OrderPlaced("order-a", "bea", ITEMS, 1_900, AT), "stream order-a holds .*, which is about another"),
    ],
)
@in_event_loop
async def test_over_a_log_that_no_state_can_follow_nothing_is_done_and_everybody_is_told_why(
    stream_id: str, event: object, told: str
) -> None:
    event_store = InMemoryEventStore()
    async with opened(event_store) as backend:
        await event_store.append_events(stream_id, [event])
        await ask(backend, "POST /api/v1/orders", order_of())  # may be durable before anybody looks at the other event
        head = await event_store.head()
        for asked in ("POST /api/v1/orders", "GET /health"):
            answer = await ask(backend, asked, order_of() if asked.startswith("POST") else None)

            assert (answer.status, answer.problem["code"]) == (503, "event_store_unavailable")
            assert re.search(told, str(answer.problem["detail"]))
        assert await event_store.head() == head


# Pages


async def read(backend: Backend, asked: str) -> Any:
    return json.loads((await ask(backend, asked)).body)


@in_event_loop
async def test_a_page_of_large_orders_is_no_larger_than_a_client_may_make_the_server_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orderlab.server.answering.Page.__init__.__defaults__", (500,))
    event_store = InMemoryEventStore()
    for number in range(5):
        await place(event_store, f"a{number}")
    async with opened(event_store) as backend:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await read(backend, f"GET /api/v1/orders?limit=4{after and f'&after={after}'}")
            assert 1 <= len(page["orders"]) < 4
            found += [order["order_id"] for order in page["orders"]]
            after = page["next"]
        seen: list[int] = []
        position = 0
        while len(seen) < 5:
            events = await read(backend, f"GET /api/v1/events?after={position}")
            assert 1 <= len(events["events"]) < 4
            seen += [event["position"] for event in events["events"]]
            position = events["next_after"]

        assert found == ["a4", "a3", "a2", "a1", "a0"]
        assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("path", ["/health", "/api/v1/orders", "/docs"])
@in_event_loop
async def test_an_address_with_a_line_end_is_none(path: str) -> None:
    async with opened() as backend:
        assert (await ask(backend, f"GET {path}\n")).status == 404
