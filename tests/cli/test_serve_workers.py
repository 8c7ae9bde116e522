"""`orderlab serve --workers`: several processes, one port, one log in PostgreSQL."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from commandline import orderlab
from postgres_servers import PostgresServer
from serving import Serving, order_of, serving

from orderlab.masking import masked

posix = pytest.mark.skipif(sys.platform == "win32", reason="the signals of this test are not there")


def ask(server: Serving, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask over a connection of its own, which whichever worker is free accepts."""
    return httpx.request(method, f"{server.url}{path}", json=body, trust_env=False, verify=False)


def ask_again(server: Serving, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask until there is an answer: a connection may have been with a worker that was killed."""
    while True:
        with suppress(httpx.TransportError):
            return ask(server, method, path, body)


def workers_of(server: Serving) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [pid for pid, parent in pairs if parent == server.process.pid]


@posix
def test_what_one_worker_has_done_every_worker_knows_and_all_end_together(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.fresh_url()
    with serving(url, "--workers", "2", cwd=tmp_path) as server:
        assert server.said == [
            f"orderlab is at http://127.0.0.1:{server.port}/",
            f"Log: {masked(url)}; 0 events replayed.",
            "Ctrl-C stops it.",
        ]
        assert len(workers_of(server)) == 2
        for number in range(1, 21):
            order_id = ask(server, "POST", "/api/v1/orders", order_of()).json()["order_id"]
            assert ask(server, "GET", f"/api/v1/orders/{order_id}").status_code == 200
            assert ask(server, "GET", "/api/v1/summary").json()["position"] == number

        body = json.dumps(order_of()).encode()
        head = f"POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(f"{head}Expect: 100-continue\r\nContent-Type: application/json\r\n\r\n".encode())
            assert sock.recv(65_536).startswith(b"HTTP/1.1 100 ")  # a worker waits for the rest
            for pid in (*workers_of(server), server.process.pid):  # as a terminal does for all of a group
                os.kill(pid, signal.SIGINT)
            with suppress(ConnectionRefusedError, ConnectionResetError):
                while True:  # until nobody new is taken
                    socket.create_connection(("127.0.0.1", server.port)).close()
            sock.sendall(body)
            assert sock.recv(65_536).startswith(b"HTTP/1.1 201 ")

        assert server.process.wait(60) == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == "Stopped.\n"
        assert server.logged() == ""


@posix
def test_a_worker_that_is_killed_is_replaced_and_none_is_left_when_the_command_is_killed(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with serving(postgres.fresh_url(), cwd=tmp_path, env={"ORDERLAB_WORKERS": "2"}) as server:
        killed, other = workers_of(server)
        os.kill(killed, signal.SIGKILL)
        placed = 0
        while "takes requests" not in server.logged():
            assert ask_again(server, "POST", "/api/v1/orders", order_of()).status_code == 201
            placed += 1
        assert f"worker {killed} has gone (killed by signal 9)" in server.logged()
        [new] = set(workers_of(server)) - {other}
        os.kill(other, signal.SIGKILL)  # so that the new one has to answer
        assert new != killed
        assert ask_again(server, "GET", "/api/v1/summary").json()["position"] >= placed > 0

        server.kill()
        with suppress(ConnectionError):
            while True:  # until no worker listens any more
                socket.create_connection(("127.0.0.1", server.port)).close()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ["duckdb:///orders.duckdb", "--workers", "2"],
            "2 workers need a log in PostgreSQL (postgresql://…): a DuckDB",
        ),
        (["--fresh", "--workers", "3"], "3 workers need a log in PostgreSQL (postgresql://…): a log in memory"),
        (["--fresh", "--workers", "0"], "workers must be a number of processes from 1 to 64, and '0' is not"),
    ],
)
def test_workers_that_cannot_share_a_log_are_refused_in_a_sentence(
    arguments: list[str], why: str, tmp_path: Path
) -> None:
    ran = orderlab("serve", *arguments, cwd=tmp_path, columns=200)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"orderlab: {why}")
    assert ran.stderr.count("\n") == 1
    assert not [*tmp_path.iterdir()]
