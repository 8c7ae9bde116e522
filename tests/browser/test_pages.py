"""The live page and its files as the server gives them, for which no browser is needed."""

import re
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest

import orderlab
from orderlab.drawing.files import script, style

STATIC = files("orderlab.server") / "static"
NAMES = sorted(each.name for each in STATIC.iterdir())
PAGES = {"/": "index.html", "/timetravel": "timetravel.html"}
OF_OTHER_PAGES = {"docs.css", "timetravel.html", "travel.js"}
SHARED = {"timetravel.js": script, "timetravel.css": style}
"""What notebooks and exported pages have too."""


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with orderlab.serve() as server, httpx.Client(base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_html_that_no_one_keeps(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline_that_its_own_policy_forbids(client: httpx.Client, path: str) -> None:
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", client.get(path).text)


def test_the_machine_is_drawn_with_what_there_is(client: httpx.Client) -> None:
    item = {"product_id": "p-1", "name": "Mug", "quantity": 1, "unit_price_cents": 100}
    before = client.get("/api/v1/summary").json()["orders"]["placed"]
    client.post("/api/v1/orders", json={"customer_id": "ada", "items": [item]}).raise_for_status()
    assert f"; {before + 1} placed, 0 shipped, 0 cancelled</title>" in client.get("/").text


@pytest.mark.parametrize("name", [name for name in [*NAMES, *SHARED] if name not in PAGES.values()])
def test_each_file_is_given_as_what_it_is_and_asked_for_again_each_time(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/static/{name}")
    media_types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    assert answer.content == (SHARED[name]().encode() if name in SHARED else (STATIC / name).read_bytes())
    assert answer.headers["content-type"] == media_types[name.rpartition(".")[2]]
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/static/{name}", headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_file_that_a_page_names_is_there(client: httpx.Client) -> None:
    pages = "".join(client.get(path).text for path in (*PAGES, "/docs"))
    modules = "".join((STATIC / name).read_text(encoding="utf-8") for name in NAMES if name.endswith(".js"))
    named = {*re.findall(r'"/static/([^"]+)"', pages), *re.findall(r'(?:from|import) "\./([^"]+)"', modules)}
    assert named == {*NAMES, *SHARED} - {*PAGES.values()}


@pytest.mark.parametrize("path", [*PAGES.values(), "nothing.js", "..%2fpages.py", "%2e%2e", ".js", "page.js%00"])
def test_what_is_no_file_of_the_page_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_browsers_find_an_icon_where_they_look_for_one(client: httpx.Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg")


def test_the_page_with_all_its_files_is_smaller_than_forty_kilobytes() -> None:
    assert sum(len((STATIC / name).read_bytes()) for name in NAMES if name not in OF_OTHER_PAGES) < 40 * 1024


def test_no_file_names_an_address_outside() -> None:
    addresses = [re.findall(r"https?://[^\s\"')]+", (STATIC / name).read_text(encoding="utf-8")) for name in NAMES]
    assert {address for found in addresses for address in found} <= {"http://www.w3.org/2000/svg"}
