import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from weakref import ref

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw, account_reducer
from commandline import environment
from event_loop import in_event_loop
from live_stores import live_store, log
from serving import free_port

import orderlab
from orderlab import (
    InMemoryEventStore,
    OrderEnvironment,
    OrderItem,
    OrderReducer,
    OrderState,
    PlaceOrder,
    SequentialIds,
    ShipOrder,
    Store,
    SystemClock,
    Timeline,
)
from orderlab.client.errors import ServerUnreachable
from orderlab.core.decider import DeciderReducer
from orderlab.core.log import RecordedEvent
from orderlab.drawing.machine import Machine
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.notebook import cells, following, growing, sources
from orderlab.notebook.liveboard import LiveBoard
from orderlab.notebook.recording import record
from orderlab.notebook.sources import OfStore

MUG = OrderItem("mug", "Mug", 1, 900)


class Browser:
    """A view of a board as the browser has it: what it was given whole, and what was added to that.

    Args:
        board: The board.
    """

    def __init__(self, board: LiveBoard) -> None:
        self._view = board._view
        self.messages: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._view.send = self._take
        self._view.observe(lambda change: self.said.append(change["new"]), "_said")

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.messages.append(content)

    def ask(self, **content: Any) -> dict[str, Any]:
        """Ask the kernel, and return what it answers."""
        before = len(self.messages)
        self._view._handle_custom_msg(content, [])
        [answer] = self.messages[before:]
        return answer

    @property
    def events(self) -> list[tuple[int, str]]:
        """What was added: the position and the type of each event."""
        return [
            (message["after"] + place, event["type"])
            for message in self.messages
            for place, event in enumerate(message["events"], start=1)
        ]

    @property
    def recorded(self) -> bytes:
        """What it was given whole."""
        data: bytes = self._view._recording
        return data


@asynccontextmanager
async def orders(event_store: EventStore, *placed: str) -> AsyncIterator[Store[OrderState]]:
    """A store of orders, some of which are placed."""
    env = OrderEnvironment(SystemClock(), SequentialIds())
    async with Store(OrderReducer(), OrderState(), env, event_store) as store:
        await place(store, *placed)
        yield store


async def place(store: Store[OrderState], *order_ids: str) -> None:
    for order_id in order_ids:
        await store.send(PlaceOrder("ada", (MUG,), order_id))


async def recording_of(event_store: EventStore, reducer: DeciderReducer[Any, Any] | None = None) -> bytes:
    timeline: Timeline[Any] = await Timeline.load(event_store, reducer=reducer)
    return record(timeline.steps(), noun=timeline.decider.name, start=timeline.decider.state_name(None)).data


async def moved(board: LiveBoard, words: str) -> None:
    """Wait until the board's trouble has some words in it."""
    while words not in board.trouble:
        board._following._moved.clear()
        await board._following._moved.wait()


# What it shows.


@in_event_loop
async def test_it_shows_the_log_so_far_and_then_what_each_event_changed() -> None:
    event_store = InMemoryEventStore()
    async with orders(event_store, "a", "b") as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        assert browser.recorded == await recording_of(event_store)
        await store.send(ShipOrder("a", "T-1"))
        await board.caught_up()
        [message] = browser.messages
        assert message["after"] == 2
        [event] = message["events"]
        assert (event["key"], event["type"], event["state"]) == ("a", "OrderShipped", "shipped")
        assert event["fields"].items() >= {"status": "shipped", "status.tracking_number": "T-1", "version": "2"}.items()
        assert "customer_id" not in event["fields"]
        assert (board.position, board.trouble, board.is_live) == (3, "", True)


@in_event_loop
async def test_a_log_without_events_is_shown_and_grows() -> None:
    async with orders(InMemoryEventStore()) as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        assert (board.position, browser.messages) == (0, [])
        await place(store, "a")
        await board.caught_up()
        assert browser.events == [(1, "OrderPlaced")]


@in_event_loop
async def test_what_others_write_to_an_event_store_is_followed() -> None:
    event_store = InMemoryEventStore()
    board = LiveBoard(event_store)
    browser = Browser(board)
    await board.caught_up()
    async with orders(event_store, "a", "b"):
        await board.caught_up()
        assert browser.events == [(1, "OrderPlaced"), (2, "OrderPlaced")]
    board.stop()


@in_event_loop
async def test_a_server_is_followed() -> None:
    with orderlab.serve() as server:
        async with orderlab.connect(server.url) as client:
            await client.send(PlaceOrder("ada", (MUG,)))
            board = LiveBoard(client)
            browser = Browser(board)
            await board.caught_up()
            assert browser.recorded == await recording_of(server.event_store)
            await client.send(PlaceOrder("grace", (MUG,)))
            await board.caught_up()
            assert browser.events == [(2, "OrderPlaced")]
            board.stop()


@in_event_loop
async def test_a_store_of_any_domain_is_followed_with_its_own_reducer() -> None:
    event_store = log()
    async with live_store(event_store) as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await store.send(Deposit("a", 5))
        await board.caught_up()
        await store.send(Withdraw("a", 2))
        await board.caught_up()
        assert browser.recorded == await recording_of_accounts(event_store, until=1)
        assert [event["fields"] for message in browser.messages for event in message["events"]] == [
            {"balance_cents": "3"}
        ]
        assert board.title == "The log of every account, live"


async def recording_of_accounts(event_store: EventStore, until: int) -> bytes:
    events = [each async for each in event_store.read_all(limit=until)]
    timeline = Timeline(events, reducer=account_reducer())
    return record(timeline.steps(), noun=ACCOUNTS.name, start=ACCOUNTS.state_name(None)).data


@in_event_loop
async def test_an_event_store_of_any_domain_is_followed_with_the_reducer_that_is_given() -> None:
    event_store = log()
    async with live_store(event_store) as store:
        await store.send(Deposit("a", 5))
    board = LiveBoard(event_store, reducer=account_reducer())
    browser = Browser(board)
    await board.caught_up()
    assert browser.recorded == await recording_of_accounts(event_store, until=1)
    board.stop()


@in_event_loop
async def test_the_log_of_another_domain_is_told_of_in_a_sentence() -> None:
    event_store = log()
    async with live_store(event_store) as store:
        await store.send(Deposit("a", 5))
    board = LiveBoard(event_store)
    await moved(board, "a log is replayed with the reducer of its own domain")
    assert (board.position, board.is_live) == (0, False)
    board.stop()


@in_event_loop
async def test_of_many_events_there_are_few_messages() -> None:
    async with orders(InMemoryEventStore()) as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(place(store, f"order-{number}") for number in range(500)))
        await board.caught_up()
        assert [position for position, _ in browser.events] == list(range(1, 501))
        assert len(browser.messages) <= (loop.time() - began) / following._BATCH_SECONDS + 2


@in_event_loop
async def test_who_opens_the_view_later_is_told_what_was_missed() -> None:
    async with orders(InMemoryEventStore(), "a") as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        await place(store, "b", "c")
        await board.caught_up()
        assert [event["key"] for event in browser.ask(after=1)["events"]] == ["b", "c"]
        assert [event["key"] for event in browser.ask(after=2)["events"]] == ["c"]
        before = len(browser.messages)
        browser._view._handle_custom_msg({"after": 3}, [])
        assert len(browser.messages) == before  # who has everything is told nothing


@in_event_loop
async def test_a_log_that_has_grown_is_recorded_anew_for_who_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "_AT_LEAST", 2)
    event_store = InMemoryEventStore()
    async with orders(event_store, "a") as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        whole = []
        for number in range(9):
            await place(store, f"order-{number}")
            await board.caught_up()
            whole.append(browser.recorded == await recording_of(event_store))
        assert whole == [False, False, True] * 3
        assert [position for position, _ in browser.events] == list(range(2, 11))  # and who is there is told of each
        assert board._view._log == 1
        assert [event["key"] for event in browser.ask(after=8)["events"]] == ["order-7", "order-8"]
        browser._view._handle_custom_msg({"after": 1}, [])  # of which nothing is kept any more
        assert board._view._log == 2


@in_event_loop
async def test_a_way_that_was_not_drawn_is_drawn_when_the_log_goes_it() -> None:
    async with live_store(log()) as store:
        board = LiveBoard(store, machine=Machine("none", ()))
        await store.send(Deposit("a", 5))
        await board.caught_up()
        assert "Withdrawn" not in board._view._machine
        await store.send(Withdraw("a", 2))
        await board.caught_up()
        assert 'data-events="Withdrawn"' in board._view._machine
        assert board._view._log == 1  # it is the same one, and whoever reads it stays where he is


@in_event_loop
async def test_what_if_is_answered_with_where_to_ask() -> None:
    board = LiveBoard(InMemoryEventStore())
    answer = Browser(board).ask(what_if=3)
    assert answer["what_if"] == 3
    assert "TimeTravel(await Timeline.load(event_store))" in answer["nodes"][0][1]
    board.stop()


# What goes wrong.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_PATIENCE_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
@in_event_loop
async def test_a_server_that_goes_and_comes_back_is_told_of_and_nothing_is_missed() -> None:
    event_store, port = InMemoryEventStore(), free_port()
    server = orderlab.serve(event_store, port=port)
    async with orderlab.connect(server.url, patience=0.5) as client:
        await client.send(PlaceOrder("ada", (MUG,)))
        board = LiveBoard(client)
        browser = Browser(board)
        await board.caught_up()
        server.stop()
        await moved(board, "cannot be reached")
        assert board.trouble.endswith("The board goes on trying.")
        assert not board.is_live
        with pytest.raises(ServerUnreachable):
            await board.caught_up()
        async with orders(event_store, "b", "c"):
            pass
        with orderlab.serve(event_store, port=port):
            await moved(board, "nothing was missed")
            await board.caught_up()
            assert browser.events == [(2, "OrderPlaced"), (3, "OrderPlaced")]
            assert browser.said[-1] == board.trouble
            assert board.is_live
            board.stop()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("others", [(), ("x",), ("x", "y", "z")], ids=["empty", "shorter", "longer"])
def test_a_server_that_comes_back_with_another_log_has_that_shown(others: Sequence[str]) -> None:
    @in_event_loop
    async def test() -> None:
        port, event_store = free_port(), InMemoryEventStore()
        server = orderlab.serve(port=port)
        async with orderlab.connect(server.url, patience=0.5) as client:
            await client.send(PlaceOrder("ada", (MUG,)))
            board = LiveBoard(client)
            await board.caught_up()
            await client.send(PlaceOrder("ada", (MUG,)))
            await board.caught_up()
            browser = Browser(board)
            server.stop()
            async with orders(event_store, *others):
                pass
            with orderlab.serve(event_store, port=port):
                await moved(board, "another log")
                await board.caught_up()
                assert board.position == len(others)
                assert browser.recorded == await recording_of(event_store)
                await client.send(PlaceOrder("grace", (MUG,)))
                await board.caught_up()
                assert browser.events == [(len(others) + 1, "OrderPlaced")]
                board.stop()

    test()


@in_event_loop
async def test_a_board_that_falls_behind_says_so_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OfStore, "live", lambda self, after: self._store.subscribe_actions(after=after, buffer=2))
    async with orders(InMemoryEventStore()) as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        await asyncio.gather(*(place(store, f"order-{number}") for number in range(20)))
        await board.caught_up()
        assert "came too quickly" in board.trouble
        assert [position for position, _ in browser.events] == list(range(1, 21))


class Failing(InMemoryEventStore):
    """An event store that cannot be read for a while."""

    fails = True

    async def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        if self.fails:
            raise EventStoreError("the disk is on fire")
        async for recorded in super().read_all(after=after, limit=limit):
            yield recorded


@in_event_loop
async def test_a_log_that_cannot_be_read_at_first_is_tried_again() -> None:
    event_store = Failing()
    board = LiveBoard(event_store)
    await moved(board, "The disk is on fire. The board goes on trying.")
    event_store.fails = False
    async with orders(event_store, "a"):
        await board.caught_up()
        assert board.position == 1
    board.stop()


@in_event_loop
async def test_a_store_that_is_closed_ends_the_board() -> None:
    async with orders(InMemoryEventStore(), "a") as store:
        board = LiveBoard(store)
        await board.caught_up()
    await moved(board, "closed")
    assert (board.position, board.is_live) == (1, False)
    await board.caught_up()  # which it is


# How it begins and ends.


def test_without_an_event_loop_it_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match="LiveBoard follows a log in the running event loop, and there is none"):
        LiveBoard(InMemoryEventStore())


@pytest.mark.parametrize("wrong", [None, [], "http://127.0.0.1:3000"])
@in_event_loop
async def test_what_cannot_be_followed_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="LiveBoard follows a client, a Store or an event store, and not"):
        LiveBoard(wrong)


@in_event_loop
async def test_a_server_is_to_be_connected_to_first() -> None:
    with orderlab.serve() as server, pytest.raises(TypeError, match=r"LiveBoard\(orderlab.connect\(url\)\)"):
        LiveBoard(server)


@in_event_loop
async def test_what_is_no_reducer_is_refused() -> None:
    with pytest.raises(TypeError, match="reducer must be a DeciderReducer, such as OrderReducer"):
        LiveBoard(InMemoryEventStore(), reducer=ACCOUNTS)  # type: ignore[arg-type] # what a reader might try


@in_event_loop
async def test_after_a_stop_nothing_more_is_shown() -> None:
    async with orders(InMemoryEventStore(), "a") as store:
        board = LiveBoard(store)
        browser = Browser(board)
        await board.caught_up()
        board.stop()
        board.stop()
        await place(store, "b")
        with pytest.raises(RuntimeError, match="the board has stopped at position 1, and the log goes on to 2"):
            await board.caught_up()
        assert (browser.messages, board.position, board.is_live) == ([], 1, False)


# It collects what earlier tests left as well: connections that a busy event loop did not come to close, seen under load
# with the oldest libraries alone.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*(_SelectorTransport|socket.socket):pytest.PytestUnraisableExceptionWarning"
)
@in_event_loop
async def test_what_is_dropped_lets_go_of_the_log() -> None:
    board = LiveBoard(InMemoryEventStore())
    await board.caught_up()
    task, gone = board._following._task, ref(board)
    del board
    for _ in range(1_000):  # what holds the board for a moment more, such as the loop's own callbacks, lets go in time
        gc.collect()
        await asyncio.wait([task], timeout=0.01)
        await asyncio.sleep(0)
        if gone() is None and task.done():
            break
    assert gone() is None
    assert task.cancelled()


class Shell:
    """What a kernel knows of the cell that it runs."""

    def __init__(self) -> None:
        self.kernel = self
        self.cell, self.run = "one", "first"

    def get_parent(self) -> dict[str, Any]:
        return {"metadata": {"cellId": self.cell}, "header": {"msg_id": self.run}}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    shell = Shell()
    monkeypatch.setattr(cells, "_MADE", {})
    with patch("orderlab.notebook.cells.get_ipython", lambda: shell):
        yield shell


def test_a_cell_that_runs_again_lets_go_of_what_it_followed(shell: Shell) -> None:
    @in_event_loop
    async def test() -> None:
        event_store = InMemoryEventStore()
        first, beside = LiveBoard(event_store), LiveBoard(event_store)
        shell.cell = "another"
        elsewhere = LiveBoard(event_store)
        shell.cell, shell.run = "one", "second"
        again = LiveBoard(event_store)
        await asyncio.wait([first._following._task, beside._following._task])
        assert [each._following.is_over for each in (first, beside, elsewhere, again)] == [True, True, False, False]
        elsewhere.stop()
        again.stop()

    test()


def test_a_board_that_is_shown_lives_on_though_nobody_refers_to_it() -> None:
    @in_event_loop
    async def test() -> None:
        with (
            patch("orderlab.notebook.showing.get_ipython", Shell),
            patch("orderlab.notebook.showing.display") as shown,
        ):
            board = LiveBoard(InMemoryEventStore())
            board._ipython_display_()
        [picture, view] = [call.args[0] for call in shown.call_args_list]
        assert picture["text/plain"] == repr(board)
        assert "data:image/svg+xml" in picture["text/html"]
        assert "application/vnd.jupyter.widget-view+json" in view
        gone = ref(board)
        del board
        gc.collect()
        board = gone()  # type: ignore[assignment] # which it is not, and that is what is tested
        assert board is not None
        board.stop()

    test()


ENDING = """
import asyncio, orderlab
from orderlab.notebook.liveboard import LiveBoard

async def main():
    global board, client, kept
    server = orderlab.serve()
    client = orderlab.connect(server.url)
    kept = LiveBoard(server.event_store)
    board = LiveBoard(client)
    await board.caught_up()
    server.stop()

asyncio.run(main())
"""


def test_a_program_ends_though_a_board_still_follows() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDING],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


# Where nothing moves.


@in_event_loop
async def test_it_tells_where_it_stands_in_a_line() -> None:
    async with orders(InMemoryEventStore(), "a") as store:
        board = LiveBoard(store)
        assert repr(board) == "<LiveBoard, waiting, at position 0>"
        await board.caught_up()
        assert repr(board) == "<LiveBoard, live, at position 1>"
    await moved(board, "closed")
    assert repr(board) == "<LiveBoard, stopped, at position 1>"


@in_event_loop
async def test_its_picture_is_that_of_the_log_so_far() -> None:
    async with orders(InMemoryEventStore(), "a", "<b>") as store:
        board = LiveBoard(store)
        empty = board._repr_html_()
        await board.caught_up()
        picture = board._repr_html_()
    assert "data:image/svg+xml" in empty
    assert "1 placed" in picture
    assert "OrderPlaced" in picture


@in_event_loop
async def test_the_log_so_far_is_exported(tmp_path: Path) -> None:
    async with orders(InMemoryEventStore(), "a") as store:
        board = LiveBoard(store, title="My shop")
        await board.caught_up()
        written = board.export_html(tmp_path / "board.html").read_text(encoding="utf-8")
        assert "<title>My shop</title>" in written
        assert board.as_static().text == written
