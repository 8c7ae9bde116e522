from typing import Any

import pytest
from asgi_driving import Answer, answer_of, http_scope, replying, websocket_scope
from event_loop import in_event_loop
from starlette.types import Receive, Scope, Send

from orderlab.server.access import Access
from orderlab.server.guard import Guard

FRIEND = b"http://friend.example:8888"
OWN = b"http://127.0.0.1:3000"


def guard(app: Any = None, **access: Any) -> Guard:
    return Guard(app or replying(), access=Access(**access), new_id=lambda: "drawn")


async def asked(app: Guard, method: str = "GET", path: str = "/", **headers: bytes) -> Answer:
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return await answer_of(app, http_scope(method, path, pairs))


# Security headers


@pytest.mark.parametrize("status", [200, 302, 404, 500])
@in_event_loop
async def test_every_answer_has_the_headers_that_keep_browsers_strict(status: int) -> None:
    assert (await asked(guard(replying(status)))).headers == {
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
        "x-correlation-id": "drawn",
    }


@in_event_loop
async def test_every_refusal_has_them_too() -> None:
    ordinary = (await asked(guard())).headers
    refusals = [
        await answer_of(guard(), http_scope(host=b"evil.example")),
        await asked(guard(), origin=b"null"),
        await asked(guard(token="sesame-sesame")),
        await asked(guard(), "POST", content_length=b"9999999"),
        await answer_of(guard(), websocket_scope(host=b"evil.example")),
    ]

    for refusal in refusals:
        assert ordinary.items() <= refusal.headers.items()


@in_event_loop
async def test_what_the_application_sets_stays() -> None:
    headers = [(b"cache-control", b"max-age=60"), (b"etag", b'"1"')]

    answer = await asked(guard(replying(headers=headers)))

    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize("media_type", [b"text/html", b"text/html; charset=utf-8"])
@in_event_loop
async def test_a_page_may_load_what_is_its_own_and_nothing_else(media_type: bytes) -> None:
    answer = await asked(guard(replying(headers=[(b"content-type", media_type)])))

    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@in_event_loop
async def test_a_page_may_be_stricter_or_laxer_on_purpose() -> None:
    headers = [(b"content-type", b"text/html"), (b"content-security-policy", b"default-src 'none'")]

    answer = await asked(guard(replying(headers=headers)))

    assert answer.headers["content-security-policy"] == "default-src 'none'"


@in_event_loop
async def test_json_needs_no_policy() -> None:
    answer = await asked(guard(replying(headers=[(b"content-type", b"application/json")])))

    assert "content-security-policy" not in answer.headers


@in_event_loop
async def test_an_answer_that_is_sent_again_does_not_have_its_headers_twice() -> None:
    headers = [(b"content-type", b"text/html")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)

    first, second = await asked(guard(app)), await asked(guard(app))

    assert first.headers == second.headers
    assert start == {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}


@in_event_loop
async def test_an_answer_without_headers_gets_them() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})

    assert (await asked(guard(app))).headers["x-content-type-options"] == "nosniff"


# Pages of welcome origins


@in_event_loop
async def test_a_welcome_page_may_read_the_answer() -> None:
    answer = await asked(guard(origins=frozenset({FRIEND.decode()})), "POST", "/api/v1/orders", origin=FRIEND)

    assert answer.headers["access-control-allow-origin"] == FRIEND.decode()
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert {"ETag", "Location", "X-Correlation-ID"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


@in_event_loop
async def test_a_welcome_page_may_read_what_it_did_wrong() -> None:
    app = guard(origins=frozenset({FRIEND.decode()}), token="sesame-sesame")

    answer = await asked(app, "POST", "/api/v1/orders", origin=FRIEND)

    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == FRIEND.decode()


@pytest.mark.parametrize("origin", [None, OWN])
@in_event_loop
async def test_nobody_else_is_told_so_and_caches_tell_them_apart(origin: bytes | None) -> None:
    scope = http_scope(headers=[(b"origin", origin)] if origin else [])

    answer = await answer_of(guard(origins=frozenset({FRIEND.decode()})), scope)

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["vary"] == "Origin"


@in_event_loop
async def test_what_an_answer_varies_by_stays() -> None:
    app = guard(replying(headers=[(b"vary", b"Accept")]), origins=frozenset({FRIEND.decode()}))

    messages = (await asked(app)).messages

    assert [value for name, value in messages[0]["headers"] if name == b"vary"] == [b"Accept", b"Origin"]


@in_event_loop
async def test_a_welcome_page_is_told_beforehand_what_it_may_do() -> None:
    app = guard(origins=frozenset({FRIEND.decode()}), token="sesame-sesame")

    answer = await asked(app, "OPTIONS", "/api/v1/orders", origin=FRIEND, access_control_request_method=b"POST")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == FRIEND.decode()
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Correlation-ID"} == set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert answer.headers["access-control-max-age"] == "600"


@in_event_loop
async def test_a_foreign_page_is_told_nothing_beforehand() -> None:
    app = guard(origins=frozenset({FRIEND.decode()}))

    answer = await asked(app, "OPTIONS", origin=b"http://evil.example", access_control_request_method=b"POST")

    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@in_event_loop
async def test_an_options_request_that_asks_nothing_beforehand_is_the_applications() -> None:
    app = guard(origins=frozenset({FRIEND.decode()}))

    assert (await asked(app, "OPTIONS", origin=FRIEND)).status == 200
    assert (await asked(app, "OPTIONS", origin=OWN, access_control_request_method=b"POST")).status == 200


# WebSockets


@in_event_loop
async def test_a_websocket_that_is_accepted_is_told_its_correlation_id_and_no_more() -> None:
    answer = await answer_of(guard(), websocket_scope())

    assert answer.messages == [{"type": "websocket.accept", "headers": [(b"x-correlation-id", b"drawn")]}]


@in_event_loop
async def test_a_websocket_is_closed_where_the_server_cannot_say_why() -> None:
    scope = websocket_scope(host=b"evil.example")
    del scope["extensions"]

    answer = await answer_of(guard(), scope)

    assert answer.messages == [{"type": "websocket.close", "code": 1008}]


@in_event_loop
async def test_what_is_sent_on_a_websocket_is_passed_on_as_it_is() -> None:
    messages: list[dict[str, Any]] = [
        {"type": "websocket.send", "text": "hello"},
        {"type": "websocket.close", "code": 1013, "reason": "come back"},
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": "orders"})
        for message in messages:
            await send(message)

    answer = await answer_of(guard(app), websocket_scope())

    assert answer.messages[0]["subprotocol"] == "orders"
    assert answer.messages[1:] == messages


@pytest.mark.parametrize(
    "message", [{"type": "websocket.close", "code": 1000}, {"type": "websocket.send", "text": "too early"}]
)
@in_event_loop
async def test_what_is_sent_before_a_websocket_is_open_is_for_the_server_to_judge(message: dict[str, Any]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(message)

    [sent] = (await answer_of(guard(app), websocket_scope())).messages

    assert message.items() <= sent.items()
