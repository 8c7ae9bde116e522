"""`orderlab serve` as its users have it: a process of its own, started and stopped, and asked with curl."""

import json
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commandline import COMMAND, environment

from orderlab.server.settings import ServerSettings

PATIENCE_SECONDS = 60.0

_IS_AT = "orderlab is at "

PROBLEM = "application/problem+json"

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not installed, and these tests ask as its users do"
)


class Serving:
    """A running `orderlab serve`.

    Args:
        process: The process; its standard error goes to `log`.
        log: What it logs.
    """

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self._log = log
        self.said: list[str] = []
        while not (self.said and self.said[-1].startswith("Ctrl-C")):  # the last line of those that tell it is ready
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"it ended before it was ready: {self.said} {self.logged()}"
            self.said.append(line.rstrip("\n"))
        self.link = self.said[0].removeprefix(_IS_AT)
        self.url = self.link.partition("?")[0].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])

    @property
    def ws_url(self) -> str:
        """Where its WebSocket is."""
        return f"{self.url.replace('http', 'ws', 1)}/ws"

    def logged(self) -> str:
        """Return what it has logged so far."""
        return self._log.read_text(encoding="utf-8")

    def stop(self, by: int = signal.SIGTERM) -> str:
        """Tell it to stop, make sure that it ends as it should, and return the rest of what it said."""
        self.process.send_signal(by)
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        assert self.process.wait(PATIENCE_SECONDS) == 0, self.logged()
        return rest

    def kill(self) -> None:
        """End it by the signal that it cannot catch."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        assert self.process.returncode == -signal.SIGKILL


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would be a setting of the server, and not of the test."""
    settings = {str(field.validation_alias) for field in ServerSettings.model_fields.values()}
    return {name: value for name, value in environment.items() if name not in settings}


@contextmanager
def serving(*arguments: str, cwd: Path, port: int = 0, env: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """Serve until the end of the context, and stop in an orderly way, unless that was done.

    Args:
        arguments: Those of `orderlab serve`.
        cwd: The folder it runs in.
        port: Where it listens; 0 for any that is free.
        env: Environment variables.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "stderr"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*COMMAND, "serve", *arguments, "--port", str(port)],
                cwd=cwd,
                env={**_without_settings(environment(columns=200)), **(env or {})},
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                encoding="utf-8",
            )
        with process:
            try:
                server = Serving(process, log)
                yield server
                if process.poll() is None:
                    server.stop()
            finally:
                if process.poll() is None:
                    process.kill()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, which it must say that it is."""
        assert self.headers["content-type"] == ("application/json" if self.status < 400 else PROBLEM), self.headers
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem, every member of which must be there and fit."""
        problem = self.json
        assert set(problem) >= {"type", "title", "status", "detail", "code"}
        assert problem["status"] == self.status
        assert all(problem[member] for member in ("type", "title", "detail"))
        code = problem["code"]
        assert isinstance(code, str)
        return code


def curl(
    server: Serving | str,
    request: str,
    *options: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask with curl.

    Args:
        server: The server, or its address.
        request: Method and address, such as `GET /health`.
        options: More options of curl.
        body: JSON as a value, or bytes as they are; they are sent as JSON unless `headers` say otherwise.
        headers: Headers of the request; one without a value is left out.
    """
    method, _, address = request.partition(" ")
    url = server if isinstance(server, str) else server.url
    said = {"Expect": "", **({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
    command = ["curl", "-sS", "-i", "--http1.1", "--path-as-is", "--globoff", "--noproxy", "*"]
    command += ["--max-time", str(PATIENCE_SECONDS)]
    command += ["--head"] if method == "HEAD" else ["-X", method]
    for name, value in said.items():
        command += ["-H", f"{name}: {value}" if value else f"{name}:"]
    if body is not None:
        command += ["--data-binary", "@-"]
    asked = subprocess.run(
        [*command, *options, f"{url}{address}"],
        input=body if isinstance(body, bytes) else json.dumps(body).encode(),
        capture_output=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    head, _, content = asked.stdout.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs), lines
    return Answer(int(status.split()[1]), {name.lower(): value for name, value in pairs}, content)


def free_port() -> int:
    """Return a port that was free a moment ago, for a server that comes back to it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


MUG: Mapping[str, Any] = {"product_id": "mug", "name": "Enamel mug", "quantity": 2, "unit_price_cents": 950}


def order_of(customer_id: str = "ada", *items: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request that places an order; of two mugs if nothing else is said."""
    return {"customer_id": customer_id, "items": list(items or (MUG,))}


def placed(server: Serving | str, customer_id: str = "ada") -> str:
    """Place an order with curl, and return its id."""
    answer = curl(server, "POST /api/v1/orders", body=order_of(customer_id))
    assert answer.status == 201
    order_id = answer.json["order_id"]
    assert isinstance(order_id, str)
    return order_id


def shipped(server: Serving | str, order_id: str) -> str:
    """Ship an order with curl, and return its id."""
    assert curl(server, f"POST /api/v1/orders/{order_id}/ship", body={"tracking_number": "TRACK-1"}).status == 200
    return order_id
