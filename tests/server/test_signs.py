"""The short pages that people see where programs get a problem."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest
from serving import PROBLEM
from starlette.responses import Response

import orderlab
from orderlab.server.signs import door, is_for_person, not_found

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with orderlab.serve() as server, httpx.Client(base_url=server.url) as client:
        yield client


def page_of(answer: Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return bytes(answer.body).decode()


# Who wants a page


@pytest.mark.parametrize(
    "accept",
    [
        BROWSER,
        "text/html",
        "TEXT/HTML ; Q=0.9, */*;q=0.8",
        "text/html, application/json",
        "text/html, */*",
        "application/json;q=0.8, text/html;charset=utf-8;q=0.9",
        "application/json;q=0, text/html;q=0.1",
    ],
)
def test_who_names_html_before_json_wants_a_page(accept: str) -> None:
    assert is_for_person("/nope", accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/html",
        "text/html;q=0.5, application/problem+json",
        "text/html;q=0.5, application/*;q=0.6",
        "text/html;q=0.5, */*",
        "text/html;q=0",
        "text/html;q=much",
        "text/htmlx, text/*",
        ";;,,q=1;text/html",
    ],
)
def test_who_does_not_is_a_program(accept: str) -> None:
    assert not is_for_person("/nope", accept)


@pytest.mark.parametrize("path", ["/api/v1/orders", "/api", "/health", "/health/nope", "/ws", "/openapi.json"])
def test_an_address_for_programs_has_no_pages(path: str) -> None:
    assert not is_for_person(path, BROWSER)


# The pages


@pytest.mark.parametrize("sign", [door(wrong=False), not_found("/nope", BROWSER)], ids=["the door", "nothing here"])
def test_the_style_of_a_page_is_the_one_that_its_own_policy_allows(sign: Response) -> None:
    [style] = re.findall(r"<style>(.*)</style>", page_of(sign), re.DOTALL)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}';" in sign.headers["content-security-policy"]
    assert not re.search(r"<script|\sstyle=|\son\w+=|\ssrc=", page_of(sign))


def test_the_door_asks_for_the_token_and_says_when_one_was_wrong() -> None:
    assert door(wrong=False).status_code == 401
    assert door(wrong=False).headers["www-authenticate"] == "Bearer"
    assert "That is not the token." not in page_of(door(wrong=False))
    assert "That is not the token." in page_of(door(wrong=True))


@pytest.mark.parametrize("path", ["/nope", "/static/nope.css", "/timetravel/"])
def test_a_browser_that_comes_to_nothing_is_shown_the_way_home(path: str, client: httpx.Client) -> None:
    answer = client.get(path, headers={"Accept": BROWSER})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f"There is nothing at {path}." in answer.text
    assert '<a href="/">' in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/api/v2/orders", "/health/nope", "/ws/nope", "/openapi.json/nope"])
def test_where_programs_come_to_nothing_is_a_problem_always(path: str, client: httpx.Client) -> None:
    answer = client.get(path, headers={"Accept": BROWSER})

    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


def test_an_address_is_text_in_the_page_whatever_it_says(client: httpx.Client) -> None:
    answer = client.get("/<script>alert(1)</script>{title}", headers={"Accept": BROWSER})

    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{title}" in answer.text
