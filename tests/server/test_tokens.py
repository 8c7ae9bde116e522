from urllib.parse import quote, urlsplit

import pytest
from asgi_driving import Answer, answer_of, http_scope, replying, websocket_scope
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st

from orderlab.server.access import Access
from orderlab.server.guard import Guard
from orderlab.server.tokens import Token, address_without_token

TOKEN = "sesame+%2F&open=1"
IN_LINK = quote(TOKEN, safe="")

GUARD = Guard(replying(), access=Access(token=TOKEN), new_id=lambda: "drawn")
COOKIE = Token(TOKEN, 3000).cookie.partition(b";")[0]


async def asked(
    method: str = "GET",
    path: str = "/api/v1/orders",
    *,
    authorization: bytes | None = None,
    cookie: bytes | None = None,
    accept: bytes | None = None,
) -> Answer:
    headers = [(b"authorization", authorization), (b"cookie", cookie), (b"accept", accept)]
    return await answer_of(
        GUARD, http_scope(method, path, [(name, value) for name, value in headers if value is not None])
    )


# Who is let in


@in_event_loop
async def test_without_the_token_one_is_told_how_to_bring_it() -> None:
    answer = await asked()

    assert (answer.status, answer.problem["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.problem["detail"]


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER"])
@in_event_loop
async def test_the_token_may_be_in_the_authorization(scheme: bytes) -> None:
    assert (await asked("POST", authorization=scheme + b" " + TOKEN.encode())).status == 200


@in_event_loop
async def test_the_token_may_be_in_the_address() -> None:
    assert (await asked(path=f"/api/v1/orders?limit=1&token={IN_LINK}")).status == 200
    assert (await answer_of(GUARD, websocket_scope(f"/ws?token={IN_LINK}"))).types == ["websocket.accept"]


@in_event_loop
async def test_a_token_with_a_plus_may_be_in_the_address_as_it_is() -> None:
    app = Guard(replying(), access=Access(token="a+plus+token"), new_id=lambda: "drawn")

    assert (await answer_of(app, http_scope(path="/api/v1/orders?token=a+plus+token"))).status == 200


@pytest.mark.parametrize("cookies", [b"%s", b"a=b; %s", b"%s;c=d", b"a; ;=; %s; c=d"])
@in_event_loop
async def test_the_cookie_lets_in(cookies: bytes) -> None:
    assert (await asked("POST", cookie=cookies % COOKIE)).status == 200


@in_event_loop
async def test_a_cookie_may_come_in_a_header_of_its_own() -> None:
    headers = [(b"cookie", b"a=b"), (b"cookie", COOKIE)]

    assert (await answer_of(GUARD, http_scope(path="/", headers=headers))).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        b"Bearer wrong-token",
        b"Bearer " + TOKEN.encode()[:-1],
        b"Bearer " + TOKEN.encode() + b"1",
        b"Bearer",
        b"Basic " + TOKEN.encode(),
        TOKEN.encode(),
        b"Bearer \xff\x00",
    ],
)
@in_event_loop
async def test_any_other_authorization_does_not_let_in(authorization: bytes) -> None:
    assert (await asked(authorization=authorization)).status == 401


@pytest.mark.parametrize(
    "cookie",
    [
        COOKIE[:-1],
        COOKIE.replace(b"3000", b"3001"),
        b"x" + COOKIE,
        b"orderlab-3000=" + TOKEN.encode(),
        b"orderlab-3000=",
        b"\xff=\xff",
    ],
)
@in_event_loop
async def test_any_other_cookie_does_not_let_in(cookie: bytes) -> None:
    assert (await asked(cookie=cookie)).status == 401


@pytest.mark.parametrize(
    "query", ["token=", "token=wrong", "token", f"xtoken={IN_LINK}", f"a=token={IN_LINK}", "token=%"]
)
@in_event_loop
async def test_a_wrong_token_in_the_address_does_not_let_in(query: str) -> None:
    for path in ("/", "/api/v1/orders"):
        answer = await asked(path=f"{path}?{query}")
        assert answer.status == 401
        assert "set-cookie" not in answer.headers


@in_event_loop
async def test_two_authorizations_do_not_let_in() -> None:
    bearer = (b"authorization", b"Bearer " + TOKEN.encode())

    assert (await answer_of(GUARD, http_scope(headers=[bearer, bearer]))).status == 401


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/health/", "//health", "/healthy", "/nowhere"])
@in_event_loop
async def test_everything_needs_the_token(path: str) -> None:
    assert (await asked(path=path)).status == 401


@in_event_loop
async def test_health_needs_no_token() -> None:
    assert (await asked(path="/health")).status == 200


@in_event_loop
async def test_a_websocket_needs_the_token() -> None:
    answer = await answer_of(GUARD, websocket_scope())

    assert answer.types == ["websocket.http.response.start", "websocket.http.response.body"]
    assert answer.problem["code"] == "unauthorized"


@in_event_loop
async def test_an_open_server_asks_for_none() -> None:
    app = Guard(replying(), access=Access(), new_id=lambda: "drawn")

    assert (await answer_of(app, http_scope(path="/?token=anything"))).status == 200


# The link


@in_event_loop
async def test_the_link_sets_the_cookie_and_leads_to_the_same_page_without_the_token() -> None:
    answer = await asked(path=f"/docs?a=1&token={IN_LINK}&b=%20")

    assert (answer.status, answer.headers["location"], answer.body) == (303, "/docs?a=1&b=%20", b"")
    assert answer.headers["set-cookie"] == COOKIE.decode() + "; Path=/; HttpOnly; SameSite=Lax"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@in_event_loop
async def test_the_cookie_of_the_link_lets_in() -> None:
    cookie = (await asked(path=f"/?token={IN_LINK}")).headers["set-cookie"].partition(";")[0]

    assert (await asked("POST", cookie=cookie.encode())).status == 200


@in_event_loop
async def test_only_the_link_to_a_page_leads_on() -> None:
    for method, path in (("POST", "/docs"), ("HEAD", "/"), ("GET", "/api/v1/orders"), ("GET", "/ws")):
        answer = await asked(method, f"{path}?token={IN_LINK}")
        assert answer.status == 200
        assert "set-cookie" not in answer.headers


def test_the_cookie_does_not_tell_the_token() -> None:
    cookie = Token("sesame-sesame", 3000).cookie

    assert b"sesame" not in cookie
    assert cookie != Token("sesame-sesamf", 3000).cookie
    assert cookie.startswith(b"orderlab-3000=")


@pytest.mark.parametrize(
    ("path", "query", "address"),
    [
        ("/", b"token=a", b"/"),
        ("/", b"token=a&token=b", b"/"),
        ("/docs", b"", b"/docs"),
        ("/", b"a=1&&token=b", b"/?a=1&"),
        ("//evil.example", b"", b"/evil.example"),
        ("/\\evil.example", b"", b"/%5Cevil.example"),
        ("\\/evil.example", b"", b"/%5C/evil.example"),
        ("/a\r\nSet-Cookie: b", b"", b"/a%0D%0ASet-Cookie:%20b"),
        ("/zürich", b"q=\xff\r\n", b"/z%C3%BCrich?q=%FF%0D%0A"),
        ("", b"", b"/"),
        ("/a?b#c", b"d=%26", b"/a%3Fb%23c?d=%26"),
    ],
)
def test_the_address_without_the_token_is_a_page_of_this_server(path: str, query: bytes, address: bytes) -> None:
    assert address_without_token(path, query) == address


@given(st.text(), st.binary())
def test_no_link_leads_away(path: str, query: bytes) -> None:
    address = address_without_token(path, query)

    assert address.startswith(b"/")
    assert not address.startswith(b"//")
    assert b"\\" not in address
    assert all(0x20 < byte < 0x7F for byte in address)
    assert urlsplit(address).netloc == b""


@given(st.binary(), st.binary(), st.binary())
def test_nobody_gets_in_by_accident(authorization: bytes, cookie: bytes, query: bytes) -> None:
    token = Token("never-in-random-bytes", 3000)

    assert not token.is_in_authorization(authorization)
    assert not token.is_in_authorization(b"Bearer " + authorization)
    assert not token.is_in_cookies(cookie)
    assert not token.is_in_cookies(b"orderlab-3000=" + cookie)
    assert not token.is_in_query(query)
    assert not token.is_in_query(b"token=" + query)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8))
def test_every_token_that_may_be_set_can_be_brought_in_every_way(text: str) -> None:
    token = Token(text, 3000)

    assert token.is_in_authorization(b"Bearer " + text.encode())
    assert token.is_in_query(b"a=1&token=" + quote(text, safe="").encode())
    assert token.is_in_cookies(token.cookie)


# People


@in_event_loop
async def test_a_person_without_the_token_is_shown_where_to_put_it() -> None:
    answer = await asked(path="/docs", accept=b"text/html,*/*;q=0.8")

    assert answer.status == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert b'<input name="token"' in answer.body


@in_event_loop
async def test_a_wrong_token_is_told_as_such() -> None:
    none, wrong = await asked(), await asked(authorization=b"Bearer no-such-token")

    assert none.problem["detail"].startswith("open the link")
    assert wrong.problem["detail"].startswith("that is not the token: open the link")
