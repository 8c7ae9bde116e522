"""The OpenAPI document: it is one, it comes from the types, and a running server does what it says."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import Field
from serving import MUG, PROBLEM, Serving, order_of, serving
from starlette.routing import Route

from orderlab.server import openapi
from orderlab.server.app import ROUTES
from orderlab.server.operations import OPERATIONS
from orderlab.server.problems import KINDS

DOCUMENT = openapi.document()

API = [route for route in ROUTES if isinstance(route, Route) and re.match("/(api|health)", route.path)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving("--sample", cwd=folder) as server:
        yield server


# The document


def test_it_is_an_openapi_3_1_document() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_has_every_route_of_the_api_and_no_other() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert described == {(method, route.path) for route in API for method in (route.methods or set()) - {"HEAD"}}


def test_every_operation_says_what_it_does_in_a_sentence_of_its_own() -> None:
    summaries = [operation.summary for operation in OPERATIONS]

    assert all(summaries)
    assert len({*summaries}) == len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_every_parameter_in_an_address_is_described() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            described = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path))


def test_every_rule_is_about_a_field_that_there_is() -> None:
    for name, fields in openapi.RULES.items():
        assert set(fields) <= set(DOCUMENT["components"]["schemas"][name]["properties"])


def test_every_problem_of_an_operation_is_described_under_its_status() -> None:
    for operation in OPERATIONS:
        responses = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]
        for code in operation.problems:
            assert f"(`{code}`)" in responses[str(KINDS[code].status)]["description"]


@dataclass(frozen=True)
class Wrapped:
    """A type that is not in the document."""

    gift_wrap: Annotated[bool, Field(description="In paper with stars.")]


@pytest.mark.parametrize("part", ["body", "answer", "query"])
def test_a_change_of_a_type_shows_in_it(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change: dict[str, Any] = {part: Wrapped}
    changed = [replace(each, **change) if getattr(each, part) is not None else each for each in OPERATIONS]
    monkeypatch.setattr(openapi, "OPERATIONS", changed)

    described = openapi.document.__wrapped__()

    assert "In paper with stars." in str(described["paths" if part == "query" else "components"])
    assert described != DOCUMENT


def test_an_answer_leaves_out_nothing() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    for operation in OPERATIONS:
        for name in re.findall(
            r"schemas/(\w+)", str(_answer_schema(operation.path, operation.method, operation.status))
        ):
            assert schemas[name]["required"] == list(schemas[name]["properties"])


# The answers of a session


def _answer_schema(path: str, method: str, status: int) -> Any:
    response = DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]
    media_type = "application/json" if status < 400 else PROBLEM
    return response.get("content", {}).get(media_type, {}).get("schema")


def problems_with(answer: httpx.Response, path: str) -> list[str]:
    """Return what the document does not say of an answer to a request for this path."""
    response = DOCUMENT["paths"][path][answer.request.method.lower()]["responses"].get(str(answer.status_code))
    if response is None:
        return [f"{answer.status_code} is not described"]
    missing = [f"no {name}" for name in response["headers"] if name not in answer.headers]
    schema = _answer_schema(path, answer.request.method, answer.status_code)
    if schema is None:
        return missing
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]}, format_checker=FormatChecker())
    return [*missing, *(error.message for error in validator.iter_errors(answer.json()))]


def test_the_answers_of_a_session_are_as_it_says(server: Serving) -> None:
    found: dict[str, list[str]] = {}
    seen: set[tuple[str, int]] = set()
    with httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:

        def ask(method: str, path: str, order_id: str = "", query: str = "", **more: Any) -> httpx.Response:
            answer = client.request(method, f"{path.replace('{order_id}', order_id)}{query}", **more)
            found[f"{method} {path}{query} {answer.status_code}"] = problems_with(answer, path)
            seen.add((f"{method} {path}", answer.status_code))
            return answer

        orders, one = "/api/v1/orders", "/api/v1/orders/{order_id}"
        shipped, cancelled = (ask("POST", orders, json=order_of()).json()["order_id"] for _ in range(2))
        ask("POST", f"{one}/ship", shipped, json={"tracking_number": "TRACK-1"})
        ask("POST", f"{one}/cancel", cancelled)
        for order_id in (shipped, cancelled, "nobody"):
            ask("GET", one, order_id)
            ask("GET", f"{one}/events", order_id)
            ask("POST", f"{one}/cancel", order_id)
            ask("POST", f"{one}/ship", order_id, json={"tracking_number": "TRACK-1"}, headers={"If-Match": '"9"'})
        ask("GET", one, shipped, headers={"If-None-Match": '"2"'})
        ask("POST", f"{one}/ship", shipped, json={})
        ask("POST", f"{one}/ship", shipped, content="{}")
        for query in ("", "?status=shipped&limit=3", "?status=cancelled", "?limit=0"):
            ask("GET", orders, query=query)
        ask("POST", orders, content="{", headers={"Content-Type": "application/json"})
        ask("POST", orders, json=order_of("ada", {**MUG, "quantity": 0}))
        ask("POST", orders, content=b" " * 2**21, headers={"Content-Type": "application/json"})
        for key_user in ("ada", "bea"):
            ask("POST", orders, json=order_of(key_user), headers={"Idempotency-Key": "session"})
        for query in ("", "?after=7&limit=1000", "?after=-1"):
            ask("GET", "/api/v1/events", query=query)
        ask("GET", "/api/v1/summary")
        ask("GET", "/health")
        ask("GET", "/health", headers={"Origin": "http://evil.example"})
        ask("GET", "/health", headers={"Host": "evil.example"})

    assert {request: problems for request, problems in found.items() if problems} == {}
    assert {(f"{each.method} {each.path}", each.status) for each in OPERATIONS} <= seen


def test_the_server_gives_the_document_and_a_page_that_needs_nothing_from_elsewhere(server: Serving) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:
        document, page = client.get("/openapi.json"), client.get("/docs")

    assert document.json() == DOCUMENT
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert {*re.findall(r"https?://[^\s/'\"<&]+", page.text)} == {server.url}
    assert all(operation.path in page.text for operation in OPERATIONS)


# Requests that nobody thought of

SETTINGS = """
[checks]
# Of what is wrong with a request one thing is told: that there is no such order, or that it has moved on, comes before
# the rules for the request's own fields.
negative_data_rejection.expected-statuses = ["400", "404", "412", "415", "422"]
# Whether what has the right shape is done depends on the order: one that is shipped cannot be shipped, a version may
# have moved on, a key may be used. And 2.0 is an integer to JSON Schema, but not here.
positive_data_acceptance.expected-statuses = ["2xx", "304", "400", "404", "412", "422"]
"""


def schemathesis(server: Serving, folder: Path, *, seed: int, examples: int) -> str:
    """Have schemathesis ask whatever it comes upon, with all of its checks; return what it says."""
    (folder / "schemathesis.toml").write_text(SETTINGS)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", "all"]
    command += ["--seed", str(seed), "--max-examples", str(examples), "--continue-on-failure", "--warnings", "off"]
    ran = subprocess.run([*command, "--no-color"], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_whatever_is_asked_the_answer_is_as_it_says(server: Serving, folder: Path) -> None:
    said = schemathesis(server, folder, seed=1, examples=5)

    assert f"{len(OPERATIONS)} selected / {len(OPERATIONS)} total" in said
    assert "Traceback" not in server.logged()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_whatever_else_is_asked_the_answer_is_as_it_says(seed: int, server: Serving, folder: Path) -> None:
    said = schemathesis(server, folder, seed=seed, examples=300)
    print(*re.findall(r"[\d,]+ generated", said), end="; ")

    assert "Traceback" not in server.logged()
