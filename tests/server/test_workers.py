"""Workers from outside, with small programs in their place; and one real worker, of a log that it has to itself."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest

from orderlab.server import workers as module
from orderlab.server.running import for_worker, listen
from orderlab.server.settings import ServerSettings, duckdb_url, given_settings
from orderlab.server.worker import Failed, Ready
from orderlab.server.workers import Process, WorkerFailed, Workers

SAYS_READY = 'import sys, os; sys.stdin.readline(); print(\'{"type":"Ready","position":7}\', flush=True); '
SERVES = f"{SAYS_READY} sys.stdin.readline()"
NEVER_ENDS = f"{SAYS_READY} import time; time.sleep(600)"
ENDS_WHEN_TOLD_TWICE = f"{SAYS_READY} sys.stdin.readline(); sys.stdin.readline()"
DIES_AT_ONCE = f"{SAYS_READY} os._exit(3)"
CANNOT_SERVE = 'print(\'{"type":"Failed","why":"the line is dead"}\', flush=True); raise SystemExit(1)'
SAYS_NOTHING = "raise SystemExit(4)"

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="a process sends itself no SIGTERM there")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0, workers=True) as made:
        yield made


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have workers be another program."""
    return lambda program: monkeypatch.setattr(module, "_BOOT", program)


@pytest.fixture
def workers(listening: socket.socket) -> Iterator[Workers]:
    made = Workers(given_settings(database_url="postgresql://db/orders", workers=2), listening)
    yield made
    assert made._processes == set()
    assert listening.fileno() == -1


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class At(logging.Handler):
    """Do something when something is logged for the so-manieth time."""

    def __init__(self, text: str, times: int, do: Callable[[], object]) -> None:
        super().__init__()
        self._text, self._left, self._do = text, times, do

    def emit(self, record: logging.LogRecord) -> None:
        if self._text in record.getMessage():
            self._left -= 1
            if self._left == 0:
                self._do()


@pytest.fixture
def at() -> Iterator[Callable[[str, int, Callable[[], object]], None]]:
    added: list[At] = []

    def add(text: str, times: int, do: Callable[[], object]) -> None:
        added.append(At(text, times, do))
        module.logger.addHandler(added[-1])

    level = module.logger.level
    module.logger.setLevel(logging.INFO)
    yield add
    module.logger.setLevel(level)
    for each in added:
        module.logger.removeHandler(each)


@needs_signals
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_workers_serve_until_they_are_told_to_stop(by: int, workers: Workers, be: Callable[[str], None]) -> None:
    be(SERVES)
    positions: list[int] = []

    def started(position: int) -> None:
        positions.append(position)
        os.kill(os.getpid(), by)

    before = signal.getsignal(by)
    workers.run(started)

    assert positions == [7]
    assert signal.getsignal(by) is before


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (CANNOT_SERVE, "the line is dead"),
        (SAYS_NOTHING, "a worker ended before it took requests: exit code 4"),
    ],
)
def test_a_worker_that_cannot_begin_is_the_end_of_all_and_the_reason_is_told(
    program: str, why: str, workers: Workers, be: Callable[[str], None]
) -> None:
    be(program)

    with pytest.raises(WorkerFailed) as raised:
        workers.run(lambda position: None)

    assert str(raised.value) == why


@needs_signals
def test_another_worker_takes_the_place_of_one_that_dies(
    workers: Workers,
    be: Callable[[str], None],
    at: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SOON", 0.01)
    be(SERVES)
    at("takes requests", 1, stop)
    killed: list[int] = []

    def started(position: int) -> None:
        process = next(iter(workers._processes))
        killed.append(process.pid)
        process.kill()

    workers.run(started)

    gone, back = caplog.messages
    assert gone == f"worker {killed[0]} has gone (killed by signal 9): another begins in 0.0 seconds"
    assert back.endswith("takes requests")


@needs_signals
def test_workers_that_die_again_and_again_are_begun_ever_more_seldom(
    listening: socket.socket,
    be: Callable[[str], None],
    at: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SOON", 0.1)
    monkeypatch.setattr(module, "_SELDOM", 0.2)
    be(DIES_AT_ONCE)
    at("has gone", 3, stop)

    Workers(given_settings(database_url="postgresql://db/orders"), listening).run(lambda position: None)

    told = [each.partition(" has gone ")[2] for each in caplog.messages if "has gone" in each]
    assert told == [f"(exit code 3): another begins in {seconds} seconds" for seconds in (0.1, 0.2, 0.2)]


@needs_signals
def test_what_something_in_a_worker_prints_is_not_taken_for_its_word(
    workers: Workers, be: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    be(f"print('stray'); {SAYS_READY} print('{{}}', flush=True); sys.stdin.readline()")

    workers.run(lambda position: stop())

    assert {each.partition(" printed ")[2] for each in caplog.messages} >= {"b'stray\\n'"}
    assert not any("in time" in each for each in caplog.messages)


@needs_signals
def test_a_worker_that_cannot_be_begun_in_the_place_of_another_is_tried_again(
    listening: socket.socket,
    be: Callable[[str], None],
    at: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SOON", 0.01)
    be(DIES_AT_ONCE)
    at("no worker can begin now", 3, stop)

    def started(position: int) -> None:
        monkeypatch.setattr(module, "Process", no_process)

    def no_process(*args: object) -> None:
        raise OSError("Resource temporarily unavailable")

    Workers(given_settings(database_url="postgresql://db/orders"), listening).run(started)

    told = [each.partition(": ")[0] for each in caplog.messages if each.startswith("no worker")]
    assert told == ["no worker can begin now (Resource temporarily unavailable)"] * 3


@needs_signals
def test_told_to_stop_once_more_workers_wait_for_nobody(
    workers: Workers, be: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    be(ENDS_WHEN_TOLD_TWICE)

    def started(position: int) -> None:
        stop()
        stop()

    workers.run(started)

    assert caplog.messages == []  # or else they were killed, in the end


@needs_signals
def test_workers_that_do_not_end_in_time_are_ended(
    workers: Workers, be: Callable[[str], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.05)
    be(NEVER_ENDS)

    workers.run(lambda position: stop())

    assert caplog.messages == ["workers that did not end in time are ended now: 2"]


# A real one

Heard = SimpleQueue[Ready | Failed | None]


def begun(settings: ServerSettings, listening: socket.socket) -> tuple[Process, Heard]:
    heard: Heard = SimpleQueue()
    with for_worker(listening) as its_own:
        return Process(settings, its_own, lambda _, said: heard.put(said)), heard


def test_a_worker_serves_with_the_settings_it_is_given_and_ends_when_it_is_told(
    listening: socket.socket, tmp_path: Path
) -> None:
    settings = given_settings(database_url=duckdb_url(tmp_path / "orders.duckdb"), token="sesame-open")
    process, heard = begun(settings, listening)
    assert heard.get(timeout=60) == Ready(0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1/summary"
    with httpx.Client(trust_env=False, verify=False) as client:
        assert client.get(url).status_code == 401
        assert client.get(url, headers={"Authorization": "Bearer sesame-open"}).status_code == 200

    process.stop()

    assert heard.get(timeout=60) is None
    assert process.end == "exit code 0"


def test_a_worker_that_cannot_open_its_log_says_why(listening: socket.socket, tmp_path: Path) -> None:
    process, heard = begun(given_settings(database_url=duckdb_url(tmp_path / "none" / "orders.duckdb")), listening)

    said = heard.get(timeout=60)

    assert isinstance(said, Failed)
    assert "none" in said.why
    assert heard.get(timeout=60) is None
    assert process.end == "exit code 1"
