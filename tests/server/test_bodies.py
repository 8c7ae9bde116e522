import asyncio

import pytest
from asgi_driving import END, Answer, answer_of, body_in_pieces, giving, http_scope, reading, replying
from event_loop import in_event_loop
from starlette.types import ASGIApp, Receive, Scope, Send

from orderlab.server.access import Access
from orderlab.server.guard import Guard
from orderlab.server.problems import Problem

CHUNKED = (b"transfer-encoding", b"chunked")


def guarded(app: ASGIApp, *, body_bytes: int = 10, body_seconds: float = 30.0) -> Guard:
    access = Access(body_bytes=body_bytes, body_seconds=body_seconds)
    return Guard(app, access=access, new_id=lambda: "drawn")


async def sent(app: ASGIApp, *pieces: bytes, length: bytes | None = None) -> Answer:
    headers = [(b"content-length", length) if length is not None else CHUNKED]
    return await answer_of(guarded(app), http_scope("POST", "/", headers), body_in_pieces(*pieces))


async def careless(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the problem for something else, as a framework may."""
    try:
        await reading()(scope, receive, send)
    except Problem:
        await replying(500, body=b"oops")(scope, receive, send)


async def mute(scope: Scope, receive: Receive, send: Send) -> None:
    """Swallow the problem, and answer nothing."""
    try:
        await reading()(scope, receive, send)
    except Problem:
        return


async def wrapping(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise something else instead."""
    try:
        await reading()(scope, receive, send)
    except Problem as error:
        raise RuntimeError("the body is bad") from error


# Size


@in_event_loop
async def test_a_body_of_the_largest_size_is_handed_on() -> None:
    assert (await sent(reading(), b"01234", b"56789")).body == b"0123456789"
    assert (await sent(reading(), b"0123456789", length=b"10")).body == b"0123456789"


@pytest.mark.parametrize("length", [b"11", b"1048577", b"9" * 18, b"9" * 19, b"9" * 5000], ids=len)
@in_event_loop
async def test_a_body_that_will_be_too_large_is_refused_at_once(length: bytes) -> None:
    async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    answer = await sent(unreached, length=length)

    assert (answer.status, answer.problem["code"]) == (413, "payload_too_large")
    assert answer.problem["detail"] == "a body may have 10 bytes at the most"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("app", [reading(), careless, mute, wrapping])
@in_event_loop
async def test_a_body_that_becomes_too_large_is_refused_whatever_the_application_makes_of_it(app: ASGIApp) -> None:
    answer = await sent(app, b"01234", b"56789", b"!")

    assert answer.types == ["http.response.start", "http.response.body"]
    assert (answer.status, answer.problem["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("length", [b"", b"-1", b"1e9", b"5, 5", b"\xb2"])
@in_event_loop
async def test_a_length_that_is_no_number_is_not_relied_on(length: bytes) -> None:
    assert (await sent(reading(), b"0123456789", length=length)).status == 200
    assert (await sent(reading(), b"0123456789!", length=length)).status == 413


@in_event_loop
async def test_a_length_that_is_a_lie_does_not_help() -> None:
    assert (await sent(reading(), b"0123456789!", length=b"1")).status == 413


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "anything"])
@in_event_loop
async def test_a_body_is_bounded_without_any_header_that_announces_it(method: str) -> None:
    answer = await answer_of(guarded(reading()), http_scope(method), body_in_pieces(b"0123456789!"))

    assert answer.status == 413


@in_event_loop
async def test_the_body_of_a_get_is_bounded_too() -> None:
    answer = await answer_of(guarded(reading()), http_scope("GET", "/", [CHUNKED]), body_in_pieces(b"0123456789!"))

    assert answer.status == 413


@in_event_loop
async def test_a_body_that_was_too_large_is_not_read_on() -> None:
    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(2):
            with pytest.raises(Problem):
                await receive()

    assert (await sent(stubborn, b"0123456789!", b"more")).status == 413


@in_event_loop
async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    async def answering_first(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    answer = await sent(answering_first, b"0123456789!")

    assert answer.types == ["http.response.start"]


# Time


@pytest.mark.parametrize("app", [reading(), careless, mute, wrapping])
@in_event_loop
async def test_a_body_that_does_not_come_is_waited_for_no_longer_than_allowed(app: ASGIApp) -> None:
    begun = giving({"type": "http.request", "body": b"0", "more_body": True})
    answer = await answer_of(guarded(app, body_seconds=0.01), http_scope("POST"), begun)

    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert answer.problem["detail"] == "the body did not arrive within 0.01 seconds"
    assert answer.headers["connection"] == "close"


@in_event_loop
async def test_a_body_that_comes_little_by_little_has_no_more_time() -> None:
    async def endless() -> dict[str, object]:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    answer = await answer_of(guarded(reading(), body_seconds=0.02), http_scope("POST"), endless)

    assert answer.status == 408


@in_event_loop
async def test_a_body_that_is_there_is_read_however_late_the_application_reads_it() -> None:
    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.02)
        await reading()(scope, receive, send)

    assert (await answer_of(guarded(busy, body_seconds=0.01), http_scope("POST"), giving(END))).status == 200


@in_event_loop
async def test_waiting_for_the_client_to_go_is_not_waiting_for_its_body() -> None:
    goes = asyncio.Event()

    async def receive() -> dict[str, object]:
        if receiving.pop():
            return dict(END)
        await goes.wait()
        return {"type": "http.disconnect"}

    async def long_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        asyncio.get_running_loop().call_later(0.02, goes.set)
        assert (await receive())["type"] == "http.disconnect"
        await replying()(scope, receive, send)

    receiving = [False, True]
    assert (await answer_of(guarded(long_answer, body_seconds=0.01), http_scope("POST"), receive)).status == 200


@in_event_loop
async def test_a_request_that_is_called_off_is_not_a_timeout() -> None:
    request = asyncio.create_task(answer_of(guarded(reading()), http_scope("POST"), giving()))
    await asyncio.sleep(0)
    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request
