"""Every request of the contract's table, asked with curl of a running `orderlab serve`."""

import json
import re
import socket
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from event_loop import in_event_loop
from serving import MUG, PROBLEM, Answer, Serving, curl, needs_curl, order_of, placed, serving, shipped
from starlette.routing import Route

from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.server import background
from orderlab.server.app import ROUTES

pytestmark = needs_curl

MEBIBYTE = 1024 * 1024
SHIP = {"tracking_number": "TRACK-1"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving("duckdb:///orders.duckdb", cwd=folder) as server:
        yield server


@pytest.fixture(scope="module")
def order_id(server: Serving) -> str:
    """An order that stays placed."""
    return placed(server)


@pytest.fixture(scope="module")
def gone(server: Serving) -> str:
    """An order that is shipped."""
    return shipped(server, placed(server))


def is_recent(text: str) -> bool:
    """Tell whether a text is a time of the last minutes, as RFC 3339 writes it in UTC."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", text)
    at = datetime.fromisoformat(text)
    return timedelta(0) <= datetime.now(at.tzinfo) - at < timedelta(minutes=5)


def position_of(answer: Answer) -> int:
    return int(answer.headers["x-event-position"])


@pytest.fixture(scope="module")
def orders(order_id: str, gone: str) -> dict[str, str]:
    """Both of them, by name."""
    return {"order_id": order_id, "gone": gone}


# What is done


def test_a_server_that_reaches_its_log_is_well(server: Serving) -> None:
    answer = curl(server, "GET /health")

    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_an_order_is_placed(server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=order_of("ada", MUG, {**MUG, "quantity": 1}))

    said = answer.json
    assert answer.status == 201
    assert set(said) == {"order_id", "status", "total_cents", "placed_at"}
    assert said["order_id"].startswith("order-")
    assert (said["status"], said["total_cents"]) == ("placed", 2_850)
    assert is_recent(said["placed_at"])
    assert answer.headers["location"] == f"/api/v1/orders/{said['order_id']}"
    assert answer.headers["etag"] == '"1"'


def test_where_an_order_is_said_to_be_there_it_is(server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=order_of("bea"))

    shown = curl(server, f"GET {answer.headers['location']}")

    placed_at = answer.json["placed_at"]
    assert (shown.status, shown.headers["etag"]) == (200, '"1"')
    assert shown.json == {
        "order_id": answer.json["order_id"],
        "customer_id": "bea",
        "status": "placed",
        "items": [MUG],
        "total_cents": 1_900,
        "created_at": placed_at,
        "updated_at": placed_at,
        "version": 1,
    }


def test_an_order_is_shipped(server: Serving) -> None:
    order_id = placed(server)

    answer = curl(server, f"POST /api/v1/orders/{order_id}/ship", body={"tracking_number": "TRACK-7"})

    said, shown = answer.json, curl(server, f"GET /api/v1/orders/{order_id}")
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    assert said == {
        "order_id": order_id,
        "status": "shipped",
        "tracking_number": "TRACK-7",
        "shipped_at": said["shipped_at"],
    }
    assert is_recent(said["shipped_at"])
    assert shown.headers["etag"] == '"2"'
    assert shown.json == {
        **shown.json,
        "status": "shipped",
        "tracking_number": "TRACK-7",
        "shipped_at": said["shipped_at"],
        "updated_at": said["shipped_at"],
        "version": 2,
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "Cancelled by customer"),
        ({}, "Cancelled by customer"),
        ({"reason": "changed my mind"}, "changed my mind"),
        ({"reason": "\x00 \u202e 👩🏽‍🚀"}, "\x00 \u202e 👩🏽‍🚀"),
    ],
)
def test_an_order_is_cancelled(body: Any, reason: str, server: Serving) -> None:
    order_id = placed(server)

    answer = curl(server, f"POST /api/v1/orders/{order_id}/cancel", body=body)

    said, shown = answer.json, curl(server, f"GET /api/v1/orders/{order_id}").json
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    assert said == {
        "order_id": order_id,
        "status": "cancelled",
        "reason": reason,
        "cancelled_at": said["cancelled_at"],
    }
    assert is_recent(said["cancelled_at"])
    assert (shown["status"], shown["reason"], shown["cancelled_at"]) == ("cancelled", reason, said["cancelled_at"])


def test_the_story_of_an_order_is_its_events(server: Serving) -> None:
    order_id = shipped(server, placed(server, "cem"))

    answer = curl(server, f"GET /api/v1/orders/{order_id}/events")

    first, second = answer.json["events"]
    assert answer.status == 200
    assert (first["version"], second["version"]) == (1, 2)
    assert first["position"] < second["position"]
    assert first == {
        "position": first["position"],
        "stream_id": f"order-{order_id}",
        "version": 1,
        "event_id": str(UUID(first["event_id"])),
        "recorded_at": first["recorded_at"],
        "correlation_id": first["correlation_id"],
        "causation_id": first["correlation_id"],
        "action": {
            "OrderPlaced": {
                "order_id": order_id,
                "customer_id": "cem",
                "items": [MUG],
                "total_cents": 1_900,
                "timestamp": first["action"]["OrderPlaced"]["timestamp"],
            }
        },
    }
    assert is_recent(first["recorded_at"])
    assert second["action"]["OrderShipped"]["tracking_number"] == "TRACK-1"


def test_the_summary_counts_what_the_lists_show(server: Serving) -> None:
    before = curl(server, "GET /api/v1/summary").json
    order_id = placed(server)
    shipped(server, placed(server))
    curl(server, f"POST /api/v1/orders/{order_id}/cancel")

    after = curl(server, "GET /api/v1/summary").json

    assert after["position"] == before["position"] + 4
    assert {name: count - before["orders"][name] for name, count in after["orders"].items()} == {
        "placed": 0,
        "shipped": 1,
        "cancelled": 1,
    }


# What is refused


@pytest.mark.parametrize(
    ("asked", "body", "refusal"),
    [
        ("GET /api/v1/orders/nobody", None, "404 order_not_found"),
        ("GET /api/v1/orders/nobody/events", None, "404 order_not_found"),
        ("POST /api/v1/orders/nobody/cancel", None, "404 order_not_found"),
        ("POST /api/v1/orders/nobody/ship", SHIP, "404 order_not_found"),
        ("GET /nowhere", None, "404 not_found"),
        ("GET /api/v1/orders/", None, "404 not_found"),
        ("GET /api/v1/orders//events", None, "404 not_found"),
        ("POST /api/v1/orders/", order_of(), "404 not_found"),
        ("GET /health/", None, "404 not_found"),
        ("GET /ws", None, "426 upgrade_required"),
        ("POST /api/v1/orders/{gone}/cancel", None, "400 invalid_order_state"),
        ("POST /api/v1/orders/{gone}/ship", SHIP, "400 invalid_order_state"),
        ("POST /api/v1/orders", order_of(" "), "400 validation_failed"),
        ("POST /api/v1/orders", {"customer_id": "ada", "items": []}, "400 validation_failed"),
        ("POST /api/v1/orders", {"customer_id": "ada", "items": [MUG] * 1_001}, "400 validation_failed"),
        ("POST /api/v1/orders", {"customer_id": "ada", "items": [MUG] * 10_000}, "400 validation_failed"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": 0}), "400 validation_failed"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": -(10**30)}), "400 validation_failed"),
        ("POST /api/v1/orders", order_of("a" * 201), "400 validation_failed"),
        (
            "POST /api/v1/orders",
            order_of("ada", {**MUG, "quantity": 10**6, "unit_price_cents": 10**11}),
            "400 validation_failed",
        ),
        ("POST /api/v1/orders/{order_id}/ship", {"tracking_number": " "}, "400 validation_failed"),
        ("POST /api/v1/orders/{order_id}/cancel", {"reason": ""}, "400 validation_failed"),
        ("POST /api/v1/orders", {}, "422 invalid_request"),
        ("POST /api/v1/orders", [], "422 invalid_request"),
        ("POST /api/v1/orders", b"null", "422 invalid_request"),
        ("POST /api/v1/orders", {**order_of(), "order_id": "mine"}, "422 invalid_request"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": "2"}), "422 invalid_request"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": True}), "422 invalid_request"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": 2.0}), "422 invalid_request"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "quantity": None}), "422 invalid_request"),
        ("POST /api/v1/orders", order_of("ada", {**MUG, "price": 1}), "422 invalid_request"),
        ("POST /api/v1/orders/{order_id}/ship", {}, "422 invalid_request"),
        ("POST /api/v1/orders/{order_id}/ship", {"tracking_number": 7}, "422 invalid_request"),
        ("POST /api/v1/orders/{order_id}/cancel", {"reason": None}, "422 invalid_request"),
        ("POST /api/v1/orders/{order_id}/cancel", b"null", "422 invalid_request"),
        ("POST /api/v1/orders", b"{", "400 malformed_json"),
        ("POST /api/v1/orders", b"hello", "400 malformed_json"),
        ("POST /api/v1/orders", b'{"customer_id":"\xff"}', "400 malformed_json"),
        ("POST /api/v1/orders", b'{"customer_id":"\\ud800"}', "400 malformed_json"),
        ("POST /api/v1/orders", json.dumps(order_of()).encode("utf-16"), "400 malformed_json"),
        ("POST /api/v1/orders", b"[" * 100_000, "400 malformed_json"),
        ("POST /api/v1/orders", b'{"items":' * 100_000, "400 malformed_json"),
        ("POST /api/v1/orders/{order_id}/cancel", b" ", "400 malformed_json"),
        ("GET /api/v1/orders?status=draft", None, "422 invalid_request"),
        ("GET /api/v1/orders?status=Placed", None, "422 invalid_request"),
        ("GET /api/v1/orders?limit=0", None, "422 invalid_request"),
        ("GET /api/v1/orders?limit=1001", None, "422 invalid_request"),
        ("GET /api/v1/orders?after=nobody", None, "422 invalid_request"),
        ("GET /api/v1/orders?state=placed", None, "422 invalid_request"),
        ("GET /api/v1/orders?limit=1&limit=1", None, "422 invalid_request"),
        ("GET /api/v1/events?limit=0", None, "422 invalid_request"),
        ("GET /api/v1/events?limit=1001", None, "422 invalid_request"),
        ("GET /api/v1/events?limit=", None, "422 invalid_request"),
        ("GET /api/v1/events?limit=many", None, "422 invalid_request"),
        ("GET /api/v1/events?after=-1", None, "422 invalid_request"),
        ("GET /api/v1/events?after=9007199254740992", None, "422 invalid_request"),
        ("GET /api/v1/events?after=" + "9" * 5_000, None, "422 invalid_request"),
        ("GET /api/v1/events?since=1", None, "422 invalid_request"),
        ("GET /api/v1/events?after=1&after=2", None, "422 invalid_request"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_cannot_be_done_is_a_problem_with_a_code_and_changes_nothing(
    asked: str, body: Any, refusal: str, server: Serving, orders: dict[str, str]
) -> None:
    before = curl(server, "GET /api/v1/summary").json

    answer = curl(server, asked.format_map(orders), body=body)

    assert f"{answer.status} {answer.code}" == refusal
    assert curl(server, "GET /api/v1/summary").json == before


def test_an_order_in_another_status_is_refused_by_that_status(server: Serving, gone: str) -> None:
    answer = curl(server, f"POST /api/v1/orders/{gone}/cancel")

    assert answer.json["current_status"] == "shipped"
    assert answer.json["detail"] == f"order {gone} is shipped, which does not allow this"


def test_a_wrong_shape_names_each_field(server: Serving) -> None:
    bad = {"customer_id": 7, "items": [MUG, {"product_id": "mug", "name": "Mug", "quantity": "2", "colour": "red"}]}

    answer = curl(server, "POST /api/v1/orders", body=bad)

    assert {error["field"] for error in answer.json["errors"]} == {
        "customer_id",
        "items[1].quantity",
        "items[1].unit_price_cents",
        "items[1].colour",
    }
    assert all(error["message"] for error in answer.json["errors"])
    assert "customer_id" in answer.json["detail"]


# Named, because pytest puts the name of a test into the environment, which has to have room for it.
@pytest.mark.parametrize(
    "body",
    [b'{"items":[' + b"1," * 100_000 + b"1]}", b'{"items":[' + b"{}," * 100_000 + b"{}]}"],
    ids=["numbers", "objects"],
)
def test_a_body_that_is_wrong_in_countless_places_is_refused_in_few_words(body: bytes, server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=body)

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert len(answer.body) < 1_000


@pytest.mark.parametrize("body", [b" " * MEBIBYTE, b" " * (3 * MEBIBYTE)], ids=["a little", "much"])
@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}], ids=["announced", "unannounced"])
@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/orders/{}/cancel", "/api/v1/orders/{}/ship"])
def test_a_body_over_one_mebibyte_is_too_large(
    path: str, headers: dict[str, str], body: bytes, server: Serving, order_id: str
) -> None:
    answer = curl(server, f"POST {path.format(order_id)}", body=body + b"{}", headers=headers)

    assert (answer.status, answer.code) == (413, "payload_too_large")


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "unannounced"])
def test_who_reads_nothing_before_all_is_sent_is_told_that_it_is_too_large(chunked: bool, server: Serving) -> None:
    size = 4 * MEBIBYTE
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b" " * size) if chunked else b" " * size
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(head.encode() + body)

        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}], ids=["announced", "unannounced"])
def test_a_body_of_one_mebibyte_is_not(headers: dict[str, str], server: Serving) -> None:
    body = json.dumps(order_of()).encode()

    assert curl(server, "POST /api/v1/orders", body=body.ljust(MEBIBYTE), headers=headers).status == 201


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON ;charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("application/problem+json", 415),
        ("json", 415),
        ("", 415),
    ],
)
def test_a_body_must_say_that_it_is_json(media_type: str, status: int, server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=order_of(), headers={"Content-Type": media_type})

    assert answer.status == status
    if status == 415:
        assert answer.code == "unsupported_media_type"


ODD_IDS = ["%00", "a%00b", "%ff", "%e2%80%ae", "%F0%9F%91%A9", "%0d%0aX-A:%20b", "%20", "a%20", "a%3Fb", "a%23b"]
ODD_IDS += ["%2e%2e", "..", "...", "%22", "%27%20or%201=1", "{order_id}", "<script>", "a:b", "*", "~", "x" * 101]
ODD_IDS += ["a%2Fb", "%2F", "x" * 20_000, "%c3%a9" * 3_000]


@pytest.mark.parametrize("odd", ODD_IDS, ids=lambda odd: odd[:20])
@pytest.mark.parametrize("asked", ["GET {}", "GET {}/events", "POST {}/cancel", "POST {}/ship"])
def test_an_id_that_no_order_can_have_is_the_id_of_no_order(asked: str, odd: str, server: Serving) -> None:
    body = SHIP if asked.endswith("ship") else None

    answer = curl(server, asked.format(f"/api/v1/orders/{odd}"), body=body)

    assert answer.status == 404
    # A slash is a slash to a web server, however it is written, so that there is another address than an order's.
    assert answer.code == ("not_found" if "%2F" in odd else "order_not_found")
    assert len(answer.body) < 1_000


def test_every_answer_has_the_headers_of_every_answer(server: Serving) -> None:
    for asked in ("GET /health", "GET /nowhere", "DELETE /health", "GET /api/v1/events?limit=0"):
        headers = curl(server, asked).headers

        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-correlation-id"]


# Methods


PATHS = sorted({route.path.format(order_id="nobody", name="page.js") for route in ROUTES if isinstance(route, Route)})


def methods_of(path: str) -> set[str]:
    routes = [route for route in ROUTES if isinstance(route, Route) and route.path_regex.match(path)]
    return {method for route in routes for method in route.methods or ()}


@pytest.mark.parametrize("path", PATHS)
def test_a_method_that_an_address_does_not_take_is_answered_with_those_it_takes(path: str, server: Serving) -> None:
    methods = methods_of(path)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - methods:
        answer = curl(server, f"{method} {path}")

        assert (answer.status, answer.code) == (405, "method_not_allowed"), method
        assert answer.headers["allow"] == ", ".join(sorted(methods))


@pytest.mark.parametrize("path", [path for path in PATHS if "HEAD" in methods_of(path)])
def test_head_answers_as_get_does_without_the_body(path: str, server: Serving) -> None:
    got, head = curl(server, f"GET {path}"), curl(server, f"HEAD {path}")

    its_own = {"date", "x-correlation-id"}
    assert (head.status, head.body) == (got.status, b"")
    assert int(got.headers["content-length"]) == len(got.body)
    assert {name: value for name, value in head.headers.items() if name not in its_own} == {
        name: value for name, value in got.headers.items() if name not in its_own
    }


# Correlation ids


def test_a_correlation_id_is_taken_over_into_the_events_and_the_answer(server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=order_of(), headers={"X-Correlation-ID": "lab-7/a"})

    [event] = curl(server, f"GET {answer.headers['location']}/events").json["events"]
    assert answer.headers["x-correlation-id"] == "lab-7/a"
    assert (event["correlation_id"], event["causation_id"]) == ("lab-7/a", "lab-7/a")


@pytest.mark.parametrize("brought", ["", "x" * 129, "two words", "é", "a\tb"])
def test_a_correlation_id_that_is_missing_or_odd_is_made(brought: str, server: Serving) -> None:
    headers = {"X-Correlation-ID": brought}

    one, two = (curl(server, "POST /api/v1/orders", body=order_of(), headers=headers) for _ in range(2))

    [event] = curl(server, f"GET {one.headers['location']}/events").json["events"]
    assert one.headers["x-correlation-id"] == event["correlation_id"]
    assert one.headers["x-correlation-id"].startswith("request-")
    assert one.headers["x-correlation-id"] != two.headers["x-correlation-id"]


def test_a_refusal_has_the_correlation_id_too(server: Serving) -> None:
    answer = curl(server, "GET /api/v1/orders/nobody", headers={"X-Correlation-ID": "lab-8"})

    assert answer.headers["x-correlation-id"] == "lab-8"


# Idempotency keys


def test_a_retry_under_its_key_is_answered_the_same_and_changes_nothing(server: Serving) -> None:
    order_id = placed(server)
    for asked, body in [
        ("POST /api/v1/orders", order_of("ida")),
        (f"POST /api/v1/orders/{order_id}/ship", SHIP),
    ]:
        headers = {"Idempotency-Key": f"retry-{asked}".replace(" ", "-")}
        first = curl(server, asked, body=body, headers=headers)
        before = curl(server, "GET /api/v1/summary").json

        retry = curl(server, asked, body=body, headers=headers)

        assert (retry.status, retry.json) == (first.status, first.json)
        same = ("etag", "location", "x-event-position")
        assert [retry.headers.get(name) for name in same] == [first.headers.get(name) for name in same]
        assert curl(server, "GET /api/v1/summary").json == before


def test_a_retry_is_answered_the_same_after_the_order_has_moved_on(server: Serving) -> None:
    headers = {"Idempotency-Key": "moved-on"}
    first = curl(server, "POST /api/v1/orders", body=order_of("ida"), headers=headers)
    shipped(server, first.json["order_id"])

    retry = curl(server, "POST /api/v1/orders", body=order_of("ida"), headers=headers)

    assert (retry.status, retry.json) == (201, first.json)
    assert retry.headers["etag"] == '"1"'


def test_a_retry_with_if_match_is_answered_as_the_first_time(server: Serving) -> None:
    order_id = placed(server)
    headers = {"Idempotency-Key": "and-if-match", "If-Match": '"1"'}
    first = curl(server, f"POST /api/v1/orders/{order_id}/cancel", headers=headers)

    retry = curl(server, f"POST /api/v1/orders/{order_id}/cancel", headers=headers)

    assert (retry.status, retry.json) == (200, first.json)


def test_a_retry_is_answered_the_same_by_a_server_that_was_started_again(tmp_path: Path) -> None:
    body, headers = order_of("ida"), {"Idempotency-Key": "over-a-restart"}
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        first = curl(server, "POST /api/v1/orders", body=body, headers=headers)
        shipped(server, first.json["order_id"])
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        retry = curl(server, "POST /api/v1/orders", body=body, headers=headers)
        reused = curl(server, "POST /api/v1/orders", body=order_of("eve"), headers=headers)

        assert (retry.status, retry.json) == (201, first.json)
        assert (reused.status, reused.code) == (422, "idempotency_key_reused")
        assert curl(server, "GET /api/v1/summary").json["position"] == 2


def test_a_key_used_again_for_something_else_is_refused(server: Serving, order_id: str) -> None:
    headers = {"Idempotency-Key": "used-again"}
    curl(server, "POST /api/v1/orders", body=order_of("ida"), headers=headers)

    for asked, body in [
        ("POST /api/v1/orders", order_of("eve")),
        (f"POST /api/v1/orders/{order_id}/ship", SHIP),
        (f"POST /api/v1/orders/{order_id}/cancel", None),
    ]:
        answer = curl(server, asked, body=body, headers=headers)

        assert (answer.status, answer.code) == (422, "idempotency_key_reused")


def test_a_key_under_which_nothing_was_done_is_free(server: Serving) -> None:
    headers = {"Idempotency-Key": "free"}
    assert curl(server, "POST /api/v1/orders", body=order_of(" "), headers=headers).status == 400

    assert curl(server, "POST /api/v1/orders", body=order_of("ida"), headers=headers).status == 201


@pytest.mark.parametrize("key", ["two words", "x" * 201, "é", '"a\tb"'])
def test_a_key_that_is_none_is_refused(key: str, server: Serving) -> None:
    answer = curl(server, "POST /api/v1/orders", body=order_of(), headers={"Idempotency-Key": key})

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"


# Versions


@pytest.mark.parametrize("tags", ['"1"', "*", '"7", "1"', ' "1" ', 'W/"7", "1"', '"x","1"'])
def test_an_order_at_the_version_that_is_wanted_is_shipped(tags: str, server: Serving) -> None:
    order_id = placed(server)

    answer = curl(server, f"POST /api/v1/orders/{order_id}/ship", body=SHIP, headers={"If-Match": tags})

    assert answer.status == 200


@pytest.mark.parametrize("tags", ['"2"', '"0"', 'W/"1"', "1", '"2", "3"', '"01x"', "nonsense", '"' + "9" * 400 + '"'])
def test_an_order_at_another_version_is_left_alone(tags: str, server: Serving, order_id: str) -> None:
    for asked, body in [("ship", SHIP), ("cancel", None)]:
        answer = curl(server, f"POST /api/v1/orders/{order_id}/{asked}", body=body, headers={"If-Match": tags})

        assert (answer.status, answer.code) == (412, "version_mismatch")
        assert answer.json["current_version"] == 1


@pytest.mark.parametrize(
    ("which", "tags", "status"),
    [
        ("nobody", '"1"', 404),
        ("nobody", "*", 404),
        ("nobody", "nonsense", 404),
        ("gone", '"1"', 412),
        ("gone", '"3"', 412),
        ("gone", '"2"', 400),
        ("gone", "*", 400),
    ],
)
def test_a_missing_order_comes_before_its_version_and_that_before_its_status(
    which: str, tags: str, status: int, server: Serving, gone: str
) -> None:
    order_id = {"gone": gone}.get(which, which)
    for asked, body in [("ship", SHIP), ("cancel", None)]:
        answer = curl(server, f"POST /api/v1/orders/{order_id}/{asked}", body=body, headers={"If-Match": tags})

        assert answer.status == status


@pytest.mark.parametrize(
    ("tags", "status"),
    [('"2"', 304), ('W/"2"', 304), ('"1", "2"', 304), ("*", 304), ('"1"', 200), ("2", 200), ("nonsense", 200)],
)
def test_an_order_that_has_not_changed_is_not_sent_again(tags: str, status: int, server: Serving, gone: str) -> None:
    for method in ("GET", "HEAD"):
        answer = curl(server, f"{method} /api/v1/orders/{gone}", headers={"If-None-Match": tags})

        assert (answer.status, answer.headers["etag"]) == (status, '"2"')
        assert (answer.body == b"") is (status == 304 or method == "HEAD")


# Pages


def pages(server: Serving, query: str) -> list[list[str]]:
    """Return the ids of the orders on each page, from the first to the last."""
    found, after = [], ""
    while True:
        page = curl(server, f"GET /api/v1/orders?{query}{after}").json
        found.append([order["order_id"] for order in page["orders"]])
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def test_orders_are_listed_newest_first(server: Serving) -> None:
    order_ids = [placed(server, "lea") for _ in range(3)]

    orders = curl(server, "GET /api/v1/orders?customer_id=lea").json["orders"]
    newest = curl(server, "GET /api/v1/orders?limit=3").json["orders"]
    assert [order["order_id"] for order in orders] == order_ids[::-1]
    assert orders == newest
    assert orders[0] == curl(server, f"GET /api/v1/orders/{order_ids[-1]}").json


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (6, [5])])
def test_the_pages_of_a_list_hold_each_order_once(limit: int, sizes: list[int], server: Serving) -> None:
    customer_id = f"page-{limit}"
    order_ids = [placed(server, customer_id) for _ in range(5)]

    found = pages(server, f"customer_id={customer_id}&limit={limit}")

    assert [len(page) for page in found] == sizes
    assert [order_id for page in found for order_id in page] == order_ids[::-1]


def test_lists_are_filtered_by_status_and_customer(server: Serving) -> None:
    one, two, three = (placed(server, "fil") for _ in range(3))
    shipped(server, two)
    curl(server, f"POST /api/v1/orders/{three}/cancel")

    listed = {status: pages(server, f"customer_id=fil&status={status}") for status in ("placed", "shipped")}
    cancelled = curl(server, "GET /api/v1/orders?status=cancelled&limit=1000").json["orders"]

    assert listed == {"placed": [[one]], "shipped": [[two]]}
    assert three in [order["order_id"] for order in cancelled]
    assert {order["status"] for order in cancelled} == {"cancelled"}
    assert pages(server, "customer_id=nobody") == [[]]


def test_who_turns_pages_while_orders_are_placed_sees_each_older_one_once(server: Serving) -> None:
    order_ids = [placed(server, "tur") for _ in range(6)]
    seen, after = list[str](), ""
    while True:
        page = curl(server, f"GET /api/v1/orders?customer_id=tur&limit=2{after}").json
        seen += [order["order_id"] for order in page["orders"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
        placed(server, "tur")
        shipped(server, page["next"])

    assert seen == order_ids[::-1]


# The log


def test_the_log_is_read_in_pages_to_its_end_and_then_further(server: Serving) -> None:
    start = curl(server, "GET /api/v1/summary").json["position"]
    order_ids = [placed(server) for _ in range(3)]
    after, seen = start, list[dict[str, Any]]()
    while page := curl(server, f"GET /api/v1/events?after={after}&limit=2").json["events"]:
        seen += page
        after = page[-1]["position"]

    end = curl(server, f"GET /api/v1/events?after={after}").json
    later = placed(server)
    more = curl(server, f"GET /api/v1/events?after={end['next_after']}").json

    assert [event["position"] for event in seen] == [start + 1, start + 2, start + 3]
    assert [event["action"]["OrderPlaced"]["order_id"] for event in seen] == order_ids
    assert end == {"events": [], "next_after": start + 3}
    assert [event["stream_id"] for event in more["events"]] == [f"order-{later}"]
    assert more["next_after"] == start + 4


def test_of_a_log_a_hundred_events_are_given_unless_more_are_wanted(tmp_path: Path) -> None:
    with serving("--sample", cwd=tmp_path) as server:
        first = curl(server, "GET /api/v1/events").json
        most = curl(server, "GET /api/v1/events?limit=1000").json
        summary = curl(server, "GET /api/v1/summary").json

        assert (len(first["events"]), first["next_after"]) == (100, 100)
        assert [event["position"] for event in most["events"]] == list(range(1, summary["position"] + 1))
        assert sum(summary["orders"].values()) == len({event["stream_id"] for event in most["events"]})


@pytest.mark.parametrize("after", [10**6, 2**53 - 1])
def test_beyond_the_log_there_is_nothing_yet(after: int, server: Serving) -> None:
    assert curl(server, f"GET /api/v1/events?after={after}").json == {"events": [], "next_after": after}


# An event store that cannot be reached


@in_event_loop
async def test_a_server_that_does_not_reach_its_log_says_so(tmp_path: Path) -> None:
    event_store = DuckDBEventStore(tmp_path / "orders.duckdb")
    async with event_store:
        with background.serve(event_store) as server:
            order_id = placed(server.url)
            await event_store.close()

            for asked, body in [
                ("GET /health", None),
                ("GET /api/v1/events", None),
                ("GET /api/v1/orders", None),
                ("GET /api/v1/summary", None),
                (f"GET /api/v1/orders/{order_id}", None),
                (f"GET /api/v1/orders/{order_id}/events", None),
                (f"POST /api/v1/orders/{order_id}/cancel", None),
                ("POST /api/v1/orders", order_of()),
            ]:
                answer = curl(server.url, asked, body=body)

                assert (answer.status, answer.code) == (503, "event_store_unavailable"), asked
                assert int(answer.headers["retry-after"]) > 0


# What is no HTTP request at all


def test_what_no_request_is_made_of_harms_nobody(server: Serving) -> None:
    for method in ("G@T", "X" * 9_000):
        assert curl(server, f"{method} /health").status >= 400
    assert curl(server, "GET /health", headers={"X-Long": "x" * 40_000}).status == 431
    assert curl(server, "GET /health").status == 200


def test_a_problem_is_a_problem_also_for_who_wants_something_else(server: Serving) -> None:
    answer = curl(server, "GET /api/v1/orders/nobody", headers={"Accept": "text/html"})

    assert answer.headers["content-type"] == PROBLEM


def test_none_of_this_was_a_fault_of_the_server(server: Serving) -> None:
    said = server.logged().splitlines()

    assert [line for line in said if not line.endswith('WARNING uvicorn.error "Invalid HTTP request received."')] == []
