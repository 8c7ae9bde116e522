import logging
import re
from typing import Any

import pytest
from asgi_driving import HOST, answer_of, giving, http_scope, replying, websocket_scope
from event_loop import in_event_loop
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from orderlab.server.access import Access
from orderlab.server.guard import Guard
from orderlab.server.logs import CORRELATION_ID
from orderlab.server.problems import Problem

TOKEN = "sesame-sesame"
ACCESS_LOG = "orderlab.server.access"

paths = st.sampled_from(["/", "/docs", "/api/v1/orders", "/api/v1/orders/order-1/ship", "/ws", "/health", "/nowhere"])
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get", ""])
names = st.one_of(
    st.binary(),
    st.sampled_from(
        [
            *(b"host", b"origin", b"sec-fetch-site", b"authorization", b"cookie", b"x-correlation-id"),
            *(b"content-length", b"transfer-encoding", b"access-control-request-method", b"upgrade"),
        ]
    ),
)
headers = st.lists(st.tuples(names, st.binary()))


def guard(app: ASGIApp | None = None, **access: Any) -> Guard:
    return Guard(app or replying(), access=Access(**access), new_id=lambda: "drawn")


async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the application must not be asked")


def failing(error: Exception, *before: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in before:
            await send(message)
        raise error

    return app


# Nobody comes around it


@pytest.mark.parametrize("kind", ["http", "websocket"])
@given(path=paths, method=methods, more=headers)
@example(path="/health", method="OPTIONS", more=[(b"access-control-request-method", b"GET")])
def test_whatever_else_is_asked_for_a_foreign_host_is_refused(
    kind: str, path: str, method: str, more: list[tuple[bytes, bytes]]
) -> None:
    @in_event_loop
    async def ask() -> None:
        scope = http_scope(method, path, more, host=b"evil.example:3000")
        if kind == "websocket":
            scope = websocket_scope(path, more, host=b"evil.example:3000")
        assert (await answer_of(guard(unreached), scope)).status == 421

    ask()


@pytest.mark.parametrize("kind", ["http", "websocket"])
@given(path=paths, method=methods, more=headers.filter(lambda more: all(name != b"host" for name, _ in more)))
def test_whatever_else_is_asked_for_a_foreign_origin_is_refused(
    kind: str, path: str, method: str, more: list[tuple[bytes, bytes]]
) -> None:
    @in_event_loop
    async def ask() -> None:
        origin = (b"origin", b"http://evil.example")
        scope = http_scope(method, path, [origin, *more])
        if kind == "websocket":
            scope = websocket_scope(path, [origin, *more])
        assert (await answer_of(guard(unreached), scope)).status == 403

    ask()


@pytest.mark.parametrize("kind", ["http", "websocket"])
@given(path=paths.filter(lambda path: path != "/health"), method=methods, query=st.binary(), more=headers)
def test_whatever_else_is_asked_nothing_is_done_without_the_token(
    kind: str, path: str, method: str, query: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    @in_event_loop
    async def ask() -> None:
        scope = http_scope(method, path, more) if kind == "http" else websocket_scope(path, more)
        scope["query_string"] = query
        assert (await answer_of(guard(unreached, token=TOKEN), scope)).status in (401, 403, 421)

    ask()


@given(path=st.text(), method=st.text(), query=st.binary(), more=headers, host=st.one_of(st.none(), st.binary()))
def test_no_request_whatever_makes_the_guard_fail(
    path: str, method: str, query: bytes, more: list[tuple[bytes, bytes]], host: bytes | None
) -> None:
    @in_event_loop
    async def ask() -> None:
        scope = {**http_scope(method, "/", more, host=host), "path": path, "query_string": query}
        answer = await answer_of(guard(), scope)
        assert answer.status in (200, 403, 413, 421)
        assert re.fullmatch(r"[!-~]{1,128}", answer.headers["x-correlation-id"])

    ask()


@in_event_loop
async def test_the_host_is_judged_before_the_origin_and_the_origin_before_the_token() -> None:
    app = guard(unreached, token=TOKEN)
    huge, foreign = (b"content-length", b"99999999"), (b"origin", b"http://evil.example")

    scopes = [
        http_scope("POST", "/", [foreign, huge], host=b"evil.example"),
        http_scope("POST", "/", [foreign, huge]),
        http_scope("POST", "/", [huge]),
        http_scope("POST", "/", [huge, (b"authorization", b"Bearer " + TOKEN.encode())]),
    ]

    assert [(await answer_of(app, scope)).status for scope in scopes] == [421, 403, 401, 413]


@in_event_loop
async def test_health_is_not_told_to_foreign_pages() -> None:
    scope = http_scope("GET", "/health", [(b"origin", b"http://evil.example")])

    assert (await answer_of(guard(unreached, token=TOKEN), scope)).status == 403
    assert (await answer_of(guard(unreached, token=TOKEN), http_scope(path="/health", host=b"evil"))).status == 421


@in_event_loop
async def test_the_lifespan_passes_by() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
    await answer_of(guard(app), scope)

    assert seen == [scope]


@in_event_loop
async def test_a_request_is_handed_on_as_it_came() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        await replying(body=scope["method"].encode() + scope["path"].encode() + body)(scope, receive, send)

    message = {"type": "http.request", "body": b"{}", "more_body": False}

    assert (await answer_of(guard(app), http_scope("POST", "/a"), giving(message))).body == b"POST/a{}"


# Correlation ids


async def correlation_id_of(*brought: bytes) -> str:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert CORRELATION_ID.get() == scope["state"]["correlation_id"]
        await replying(body=scope["state"]["correlation_id"].encode())(scope, receive, send)

    answer = await answer_of(guard(app), http_scope(headers=[(b"x-correlation-id", value) for value in brought]))
    assert answer.headers["x-correlation-id"] == answer.body.decode()
    return answer.body.decode()


@pytest.mark.parametrize("brought", [b"a", b"req-1", b"3f2e{}!~", b"x" * 128])
@in_event_loop
async def test_a_correlation_id_is_taken_over_and_returned(brought: bytes) -> None:
    assert await correlation_id_of(brought) == brought.decode()


@pytest.mark.parametrize(
    "brought", [[], [b""], [b"x" * 129], [b"a b"], [b"a\r\nb"], [b"\x00"], [b"z\xc3\xbcrich"], [b"a\n"], [b"a", b"a"]]
)
@in_event_loop
async def test_one_that_could_not_be_written_down_safely_is_replaced(brought: list[bytes]) -> None:
    assert await correlation_id_of(*brought) == "drawn"


@in_event_loop
async def test_a_server_without_a_state_gets_one() -> None:
    scope = http_scope()
    del scope["state"]

    await answer_of(guard(), scope)

    assert scope["state"] == {"correlation_id": "drawn"}


# Failures


@in_event_loop
async def test_a_failure_is_told_without_its_cause_and_logged_with_it(caplog: pytest.LogCaptureFixture) -> None:
    answer = await answer_of(guard(failing(ValueError("the secret cause"))), http_scope())

    assert (answer.status, answer.problem["code"]) == (500, "internal_error")
    assert b"secret" not in answer.body
    assert "drawn" in answer.problem["detail"]
    [record] = [each for each in caplog.records if each.name == "orderlab.server.guard"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the secret cause"
    assert vars(record)["correlation_id"] == "drawn"


@in_event_loop
async def test_a_failure_after_the_answer_began_leaves_it_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}

    answer = await answer_of(guard(failing(ValueError("late"), start)), http_scope())

    assert answer.types == ["http.response.start"]
    assert "a request failed" in caplog.text


@in_event_loop
async def test_a_problem_that_nobody_caught_is_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    answer = await answer_of(guard(failing(Problem("order_not_found", "there is no order-7"))), http_scope())

    assert (answer.status, answer.problem["detail"]) == (404, "there is no order-7")
    assert caplog.records == []


@in_event_loop
async def test_a_websocket_that_fails_before_it_opens_is_refused() -> None:
    answer = await answer_of(guard(failing(ValueError())), websocket_scope())

    assert (answer.status, answer.problem["code"]) == (500, "internal_error")


@in_event_loop
async def test_an_open_websocket_that_fails_is_closed_with_the_code_for_it() -> None:
    answer = await answer_of(guard(failing(ValueError(), {"type": "websocket.accept"})), websocket_scope())

    assert answer.messages[1:] == [{"type": "websocket.close", "code": 1011}]


@in_event_loop
async def test_a_closed_websocket_that_fails_is_not_closed_again() -> None:
    before: list[Message] = [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 1000}]

    answer = await answer_of(guard(failing(ValueError(), *before)), websocket_scope())

    assert answer.types == ["websocket.accept", "websocket.close"]


@pytest.mark.parametrize("error", [ClientDisconnect(), ClientDisconnected(), WebSocketDisconnect(1006)])
@pytest.mark.parametrize("scope", [http_scope(), websocket_scope()], ids=["http", "websocket"])
@in_event_loop
async def test_a_client_that_has_gone_is_no_failure(
    error: Exception, scope: Scope, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await answer_of(guard(failing(error)), dict(scope))).messages == []
    assert caplog.records == []


# The access log


@pytest.mark.parametrize(
    ("status", "level"), [(200, logging.DEBUG), (303, logging.DEBUG), (404, logging.DEBUG), (503, logging.ERROR)]
)
@in_event_loop
async def test_each_request_is_logged_without_what_follows_the_question_mark(
    status: int, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, ACCESS_LOG)

    await answer_of(guard(replying(status)), http_scope("POST", "/api/v1/orders?token=sesame"))

    [record] = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == (ACCESS_LOG, level, "POST /api/v1/orders")
    assert vars(record)["status"] == status
    assert vars(record)["ms"] >= 0
    assert vars(record)["correlation_id"] == "drawn"


@in_event_loop
async def test_refused_requests_and_failures_are_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, ACCESS_LOG)

    await answer_of(guard(), http_scope(host=b"evil.example"))
    await answer_of(guard(failing(ValueError())), http_scope())
    await answer_of(guard(failing(ClientDisconnect())), http_scope())
    await answer_of(guard(), websocket_scope())
    await answer_of(guard(), websocket_scope(host=b"evil.example"))

    logged = [record for record in caplog.records if record.name == ACCESS_LOG]
    assert [vars(record)["status"] for record in logged] == [421, 500, 499, 101, 421]
    assert [record.getMessage() for record in logged[2:4]] == ["GET /", "WEBSOCKET /ws"]


@pytest.mark.parametrize(
    ("path", "logged"), [("/a\nERROR forged", "/a%0AERROR%20forged"), ("/zürich", "/z%C3%BCrich"), ("/\udc80", "/%3F")]
)
@in_event_loop
async def test_no_path_forges_a_line_of_the_log(path: str, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, ACCESS_LOG)

    await answer_of(guard(), {**http_scope(), "path": path})

    assert caplog.messages == [f"GET {logged}"]


@in_event_loop
async def test_an_access_log_that_is_off_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, ACCESS_LOG)

    await answer_of(guard(), http_scope())

    assert caplog.records == []


def test_the_token_is_not_in_the_repr_of_an_access() -> None:
    assert TOKEN not in repr(Access(token=TOKEN))
    assert HOST.endswith(str(Access().port).encode())  # which the other tests rely on
