"""Who may use a running `orderlab serve`: asked for every route that there is, so that no new one is forgotten."""

import json
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from serving import PATIENCE_SECONDS, PROBLEM, Serving, serving
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from orderlab.server.app import ROUTES

TOKEN = "sesame&open=%2F"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

PLACES = {"order_id": "nobody", "name": "page.js", "path": "elsewhere"}


def _requests() -> Iterator[str]:
    for route in ROUTES:
        assert isinstance(route, Route | WebSocketRoute), f"how is {route} to be asked?"
        for method in ["WEBSOCKET"] if isinstance(route, WebSocketRoute) else sorted(route.methods or ()):
            yield f"{method} {route.path.replace(':path', '').format_map(PLACES)}"


ASKED = [*_requests(), "GET /nowhere", "DELETE /api/v1/orders", "OPTIONS /api/v1/orders", "TRACE /"]
"""Every request that there is a route for, and some for which there is none."""

FOREIGN_ORIGINS = ["http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "null", "file://"]
FOREIGN_HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example:{port}"]
FOREIGN_HOSTS += ["0.0.0.0:{port}", "2130706433:{port}", "127.1:{port}", "[::2]:{port}"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def locked(folder: Path) -> Iterator[Serving]:
    """A server with a token."""
    with serving("--fresh", cwd=folder, env={"ORDERLAB_TOKEN": TOKEN}) as server:
        yield server


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    """A server without one."""
    with serving("--fresh", cwd=folder) as server:
        yield server


def status_of(server: Serving, asked: str, headers: Mapping[str, str], query: str = "") -> tuple[int, str]:
    """Ask, and return the status of the answer and, if it is a problem, its code; 101 tells of an open WebSocket."""
    method, path = asked.split()
    headers = {name: value.format(port=server.port) for name, value in headers.items()}
    host = headers.pop("Host", f"127.0.0.1:{server.port}")
    if method == "WEBSOCKET":
        return status_of_websocket(server, f"ws://{host}{path}{query}", headers)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    with closing(connection):
        connection.request(method, f"{path}{query}", headers={"Host": host, **headers})
        answer = connection.getresponse()
        body = answer.read()
    is_problem = body and answer.headers["Content-Type"] == PROBLEM
    return answer.status, json.loads(body)["code"] if is_problem else ""


def status_of_websocket(server: Serving, url: str, headers: dict[str, str]) -> tuple[int, str]:
    """Open a WebSocket; the Host header is that of the address, wherever it leads."""
    origin = headers.pop("Origin", None)
    given = None if origin is None else Origin(origin)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        try:
            with connect(url, proxy=None, sock=sock, origin=given, additional_headers=headers):
                return 101, ""
        except InvalidStatus as refused:
            response = refused.response
            return response.status_code, json.loads(response.body or b"")["code"]


def refusal(asked: str, status: int, code: str) -> tuple[int, str]:
    """Return what a refusal looks like, of which HEAD shows the status alone."""
    return status, "" if asked.startswith("HEAD") else code


# The token


@pytest.mark.parametrize("asked", ASKED)
def test_without_the_token_nothing_is_answered_but_whether_the_server_is_well(asked: str, locked: Serving) -> None:
    wrong: list[tuple[dict[str, str], str]] = [
        ({}, ""),
        ({"Authorization": "Bearer sesame"}, ""),
        ({"Authorization": f"Basic {TOKEN}"}, ""),
        ({"Authorization": TOKEN}, ""),
        ({}, "?token="),
        ({}, "?token=sesame"),
        ({}, "?Token=sesame%26open%3D%252F"),
        ({"Cookie": f"orderlab-{locked.port}={TOKEN}"}, ""),
    ]
    for headers, query in wrong:
        found = status_of(locked, asked, headers, query)

        if asked in ("GET /health", "HEAD /health"):
            assert found == (200, "")
        else:
            assert found == refusal(asked, 401, "unauthorized"), (headers, query)


@pytest.mark.parametrize("asked", ASKED)
def test_with_the_token_everything_is_answered_as_without_a_lock(asked: str, locked: Serving, server: Serving) -> None:
    assert status_of(locked, asked, BEARER) == status_of(server, asked, {})


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/static/page.css"])
def test_a_link_with_the_token_sets_a_cookie_that_lets_in_from_then_on(path: str, locked: Serving) -> None:
    with httpx.Client(trust_env=False, verify=False, base_url=locked.url) as client:
        opened = client.get(locked.link.replace("/?", f"{path}?"))
        # The client that came by the link has the cookie now.
        shown = client.get(opened.headers["location"])
        placed = client.post("/api/v1/orders", json={})

    [cookie] = SimpleCookie(opened.headers["set-cookie"]).values()
    followed = status_of(locked, "WEBSOCKET /ws", {"Cookie": f"{cookie.key}={cookie.value}"})
    assert (opened.status_code, opened.headers["location"]) == (303, path)
    assert (shown.status_code, placed.status_code, followed) == (200, 422, (101, ""))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert TOKEN not in opened.headers["set-cookie"]


def test_a_program_may_have_the_token_in_the_address(locked: Serving) -> None:
    query = f"?{locked.link.partition('?')[2]}"

    assert status_of(locked, "GET /api/v1/orders", {}, query) == (200, "")
    assert status_of(locked, "GET /api/v1/events", {}, f"{query}&after=1") == (200, "")
    assert status_of(locked, "WEBSOCKET /ws", {}, f"{query}&after=0") == (101, "")
    assert status_of(locked, "WEBSOCKET /ws", {}, f"{query}&after=x") == (422, "invalid_request")


# Pages of other sites


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("asked", ASKED)
def test_the_page_of_another_site_is_refused(asked: str, origin: str, server: Serving, locked: Serving) -> None:
    for each, headers in [(server, {}), (locked, BEARER)]:
        found = status_of(each, asked, {"Origin": origin, **headers})

        assert found == refusal(asked, 403, "forbidden_origin")


@pytest.mark.parametrize("asked", ASKED)
def test_the_servers_own_page_is_answered(asked: str, server: Serving) -> None:
    own = {"Origin": "http://127.0.0.1:{port}"}

    assert status_of(server, asked, own) == status_of(server, asked, {})


def test_a_page_that_was_let_in_is_answered_and_another_is_not(folder: Path) -> None:
    with serving("--fresh", cwd=folder, env={"ORDERLAB_ORIGINS": "http://lab.example:8888"}) as server:
        for asked in ASKED:
            lab = status_of(server, asked, {"Origin": "http://lab.example:8888"})
            other = status_of(server, asked, {"Origin": "http://lab.example"})

            assert lab == status_of(server, asked, {})
            assert other == refusal(asked, 403, "forbidden_origin")


# Names that are not the server's


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("asked", ASKED)
def test_a_request_for_another_host_is_refused(asked: str, host: str, server: Serving) -> None:
    assert status_of(server, asked, {"Host": host}) == refusal(asked, 421, "misdirected_host")


@pytest.mark.parametrize("asked", ASKED)
def test_a_foreign_name_that_leads_here_is_refused_even_to_who_knows_the_token(
    asked: str, server: Serving, locked: Serving
) -> None:
    # DNS rebinding: to the browser, page and server are of one origin, and the cookie of an earlier visit goes along.
    rebound = {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}", "Sec-Fetch-Site": "same-origin"}

    for each, headers in [(server, {}), (locked, BEARER)]:
        assert status_of(each, asked, {**rebound, **headers}) == refusal(asked, 421, "misdirected_host")


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST", "127.0.0.1", "[::1]:{port}"])
def test_the_servers_own_names_are_answered(host: str, server: Serving) -> None:
    for asked in ASKED:
        assert status_of(server, asked, {"Host": host}) == status_of(server, asked, {})


def test_a_name_that_was_allowed_is_answered(folder: Path) -> None:
    with serving("--fresh", cwd=folder, env={"ORDERLAB_ALLOWED_HOSTS": "lab.example"}) as server:
        assert status_of(server, "GET /health", {"Host": "lab.example:80"}) == (200, "")
        assert status_of(server, "GET /health", {"Host": "evil.example"}) == (421, "misdirected_host")


def test_a_request_that_names_no_host_is_refused(server: Serving) -> None:
    for head in ("GET /health HTTP/1.0\r\n\r\n", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(head.encode())
            answer = b""
            while piece := sock.recv(65_536):
                answer += piece

        assert answer.split()[1] in (b"400", b"421")
