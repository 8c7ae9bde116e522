import socket
from typing import Any

import pytest
from asgi_driving import HOST, answer_of, http_scope, replying, websocket_scope
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st

from orderlab.server import hosts
from orderlab.server.access import Access
from orderlab.server.guard import Guard
from orderlab.server.hosts import (
    Hosts,
    addresses_of_machine,
    canonical_host,
    canonical_origin,
    is_loopback,
    names_of_machine,
)
from orderlab.server.settings import given_settings

OWN = Hosts({"127.0.0.1", "localhost", "::1", "lab.example"}, {"http://friend.example:8888"})


def guard(**settings: Any) -> Guard:
    return Guard(replying(), access=Access.of(given_settings(**settings), 3000), new_id=lambda: "drawn")


async def status_of(app: Guard, method: str = "GET", *, host: bytes | None = HOST, **headers: bytes) -> int:
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return (await answer_of(app, http_scope(method, "/api/v1/orders", pairs, host=host))).status


# Host


@pytest.mark.parametrize(
    "host",
    [
        *(b"localhost", b"localhost:3000", b"localhost:1", b"LOCALHOST:3000", b"127.0.0.1", b"127.0.0.1:3000"),
        *(b"[::1]", b"[::1]:3000", b"[0:0:0:0:0:0:0:1]:3000", b"lab.example:80"),
    ],
)
def test_an_own_name_with_any_port_is_own(host: bytes) -> None:
    assert OWN.is_own(host, ("::1", 3000))


@pytest.mark.parametrize(
    "host",
    [
        *(b"", b" ", b":", b":3000", b"evil.example", b"evil.example:3000", b"127.0.0.1.evil.example"),
        *(b"localhost.evil.example", b"evil.example:localhost", b"localhost:", b"localhost:x", b"localhost:123456"),
        *(b"user@localhost", b"localhost/", b"localhost\n", b"localhost,localhost", b"localhost, localhost"),
        *(b"localhost localhost", b"http://localhost", b"::1", b"[::1", b"[::1]x", b"[localhost]", b"localhost."),
        *(b"2130706433", b"127.1", b"0x7f.1", b"10.0.0.8", b"[::2]", b"l\xc3\xb6cal", b"\xff"),
    ],
)
def test_anything_else_is_not(host: bytes) -> None:
    assert not OWN.is_own(host, ("127.0.0.1", 3000))


@pytest.mark.parametrize(
    ("host", "arrived_at"),
    [
        (b"192.168.1.5:3000", "192.168.1.5"),
        (b"192.168.1.5", "::ffff:192.168.1.5"),
        (b"[fd00::5]:3000", "fd00::5"),
        (b"[FD00:0::5]", "fd00::5"),
    ],
)
def test_the_number_at_which_a_connection_arrived_is_own(host: bytes, arrived_at: str) -> None:
    assert OWN.is_own(host, (arrived_at, 3000))
    assert not OWN.is_own(host, ("192.168.1.6", 3000))


@pytest.mark.parametrize("server", [None, ("/run/lab.sock", None), ("evil.example", 3000), ("", 3000)])
def test_a_name_is_not_own_because_the_connection_says_so(server: Any) -> None:
    assert not OWN.is_own(b"evil.example", server)
    assert not OWN.is_own(b"1.2", server)


@given(st.binary(), st.one_of(st.none(), st.tuples(st.text(), st.integers())))
def test_no_host_is_own_by_accident(host: bytes, server: Any) -> None:
    assert not OWN.is_own(b"evil" + host, server)


@in_event_loop
async def test_a_request_for_another_host_is_refused() -> None:
    answer = await answer_of(guard(), http_scope(host=b"evil.example"))

    assert (answer.status, answer.problem["code"]) == (421, "misdirected_host")
    assert "'evil.example'" in answer.problem["detail"]
    assert "ORDERLAB_ALLOWED_HOSTS" in answer.problem["detail"]


@in_event_loop
async def test_a_request_without_a_host_is_refused() -> None:
    assert await status_of(guard(), host=None) == 421


@in_event_loop
async def test_a_request_with_two_hosts_is_refused_even_if_both_are_right() -> None:
    assert (await answer_of(guard(), http_scope(headers=[(b"host", HOST)]))).status == 421


@in_event_loop
async def test_an_allowed_host_is_let_in() -> None:
    assert await status_of(guard(), host=b"lab.example:8080") == 421
    assert await status_of(guard(allowed_hosts="other.example, LAB.example"), host=b"lab.example:8080") == 200


@in_event_loop
async def test_a_server_for_others_goes_by_the_name_of_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Teachers-Laptop")

    assert await status_of(guard(host="0.0.0.0", open=True), host=b"teachers-laptop:3000") == 200
    assert await status_of(guard(), host=b"teachers-laptop:3000") == 421


@in_event_loop
async def test_a_server_goes_by_the_name_it_was_told_to_listen_at() -> None:
    assert await status_of(guard(host="Lab.Example", open=True), host=b"lab.example") == 200


@pytest.mark.parametrize("machine", ["", "a b", "ünïcode", "x" * 300])
def test_a_machine_with_an_impossible_name_has_none(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: machine)

    names = Access.of(given_settings(host="0.0.0.0", open=True), 3000).names

    assert names == {"localhost", "127.0.0.1", "::1", "0.0.0.0", *addresses_of_machine()}


def test_a_server_for_others_goes_by_the_addresses_and_the_name_of_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Laptop")
    monkeypatch.setattr(hosts, "addresses_of_machine", lambda: ["10.1.2.3"])

    assert names_of_machine() == ["10.1.2.3", "laptop", "laptop.local"]
    assert {"10.1.2.3", "laptop.local"} <= Access.of(given_settings(host="0.0.0.0", open=True), 3000).names
    assert "10.1.2.3" not in Access.of(given_settings(), 3000).names


def test_no_address_of_the_machine_is_one_that_only_it_can_reach() -> None:
    assert not any(map(is_loopback, addresses_of_machine()))


# Origin


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        (b"http://127.0.0.1:3000", "http", b"127.0.0.1:3000"),
        (b"http://127.0.0.1:3000", "ws", b"127.0.0.1:3000"),
        (b"https://lab.example", "https", b"lab.example:443"),
        (b"https://lab.example:443", "wss", b"lab.example"),
        (b"http://lab.example", "http", b"LAB.example:80"),
        (b"http://[::1]:3000", "http", b"[::1]:3000"),
    ],
)
def test_a_page_of_the_server_itself_is_of_the_same_origin(origin: bytes, scheme: str, host: bytes) -> None:
    assert OWN.is_same_origin(origin, scheme, host)


@pytest.mark.parametrize(
    "origin",
    [
        *(b"", b"null", b"http://evil.example", b"http://127.0.0.1", b"http://127.0.0.1:3001", b"127.0.0.1:3000"),
        *(b"https://127.0.0.1:3000", b"ws://127.0.0.1:3000", b"http://localhost:3000", b"http://127.0.0.1:3000/"),
        *(b"http://127.0.0.1:3000, http://127.0.0.1:3000", b"http://x@127.0.0.1:3000", b"\xff"),
    ],
)
@in_event_loop
async def test_a_page_of_any_other_origin_is_refused(origin: bytes) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert await status_of(guard(), method, origin=origin) == 403
    answer = await answer_of(guard(), websocket_scope(headers=[(b"origin", origin)]))
    assert answer.status == 403


@in_event_loop
async def test_the_refusal_says_whose_page_it_was_and_what_to_do() -> None:
    answer = await answer_of(guard(), http_scope(headers=[(b"origin", b"http://evil.example")]))

    assert answer.problem["code"] == "forbidden_origin"
    assert "'http://evil.example'" in answer.problem["detail"]
    assert "ORDERLAB_ORIGINS" in answer.problem["detail"]
    assert "access-control-allow-origin" not in answer.headers


@in_event_loop
async def test_a_page_of_a_welcome_origin_is_let_in() -> None:
    app = guard(origins="http://friend.example:8888")

    assert await status_of(app, "POST", origin=b"http://friend.example:8888") == 200
    assert await status_of(app, "POST", origin=b"http://friend.example") == 403


@in_event_loop
async def test_what_is_no_browser_sends_no_origin_and_is_let_in() -> None:
    assert await status_of(guard(), "POST") == 200


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b"", b"none, none", b"other"])
@in_event_loop
async def test_a_foreign_page_without_an_origin_may_only_lead_here(site: bytes) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "get"):
        assert await status_of(guard(), method, sec_fetch_site=site) == 403
    for method in ("GET", "HEAD"):
        assert await status_of(guard(), method, sec_fetch_site=site) == 200
    answer = await answer_of(guard(), websocket_scope(headers=[(b"sec-fetch-site", site)]))
    assert answer.status == 403


@pytest.mark.parametrize("site", [b"same-origin", b"none"])
@in_event_loop
async def test_an_own_page_without_an_origin_may_do_anything(site: bytes) -> None:
    assert await status_of(guard(), "POST", sec_fetch_site=site) == 200


# Forms


@pytest.mark.parametrize(
    "text", ["", "a b", "a\n", "fe80::1%a b", "fe80::1%\n", "fe80::1%ö", "l\u00f6cal", "[a]", "1.2"]
)
def test_what_is_neither_a_name_nor_an_address_has_no_form(text: str) -> None:
    assert canonical_host(text) is None


@given(st.text())
def test_the_form_of_a_host_is_final(text: str) -> None:
    canonical = canonical_host(text)

    assert canonical is None or canonical_host(canonical) == canonical
    assert canonical is None or canonical.isascii()


@given(st.binary())
def test_the_form_of_an_origin_is_final_but_for_its_port(origin: bytes) -> None:
    canonical = canonical_origin(origin)

    assert canonical == canonical.lower()
    assert origin.lower().startswith(canonical)
