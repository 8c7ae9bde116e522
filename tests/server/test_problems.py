import json

import pytest
from asgi_driving import answer_of, websocket_scope
from event_loop import in_event_loop
from pydantic import TypeAdapter
from starlette.responses import Response

from orderlab.core.errors import OrderlabError
from orderlab.server.problems import KINDS, MEDIA_TYPE, FieldError, Problem, ProblemBody, problem_response

STATUSES = {
    "validation_failed": 400,
    "invalid_request": 422,
    "malformed_json": 400,
    "order_not_found": 404,
    "not_found": 404,
    "invalid_order_state": 400,
    "version_mismatch": 412,
    "version_conflict": 409,
    "idempotency_key_reused": 422,
    "unauthorized": 401,
    "forbidden_origin": 403,
    "misdirected_host": 421,
    "method_not_allowed": 405,
    "payload_too_large": 413,
    "request_timeout": 408,
    "malformed_request": 400,
    "headers_too_large": 431,
    "upgrade_required": 426,
    "unsupported_media_type": 415,
    "overloaded": 503,
    "event_store_unavailable": 503,
    "internal_error": 500,
}


def body_of(response: Response) -> dict[str, object]:
    body = json.loads(bytes(response.body))
    assert isinstance(body, dict)
    return body


def test_each_code_has_the_status_that_the_contract_gives_it() -> None:
    assert {code: kind.status for code, kind in KINDS.items()} == STATUSES


@pytest.mark.parametrize("code", KINDS)
def test_a_problem_is_answered_as_the_rfc_wants_it(code: str) -> None:
    response = problem_response(Problem(code, "what happened"))

    assert response.status_code == STATUSES[code]
    assert response.headers["content-type"] == MEDIA_TYPE
    assert body_of(response) == {
        "type": f"urn:orderlab:problem:{code.replace('_', '-')}",
        "title": KINDS[code].title,
        "status": STATUSES[code],
        "detail": "what happened",
        "code": code,
    }


def test_a_problem_may_say_more() -> None:
    errors = [FieldError(field="items[0].quantity", message="must be a whole number")]

    body = body_of(problem_response(Problem("invalid_request", "it has the wrong shape", errors=errors)))

    assert body["errors"] == [{"field": "items[0].quantity", "message": "must be a whole number"}]
    assert body["code"] == "invalid_request"


def test_a_problem_names_the_present_status() -> None:
    problem = Problem("invalid_order_state", "the order was shipped", current_status="shipped")

    assert problem.body["current_status"] == "shipped"


@pytest.mark.parametrize(
    ("code", "header", "value"),
    [
        ("unauthorized", "www-authenticate", "Bearer"),
        ("overloaded", "retry-after", "1"),
        ("event_store_unavailable", "retry-after", "5"),
        ("payload_too_large", "connection", "close"),
        ("request_timeout", "connection", "close"),
    ],
)
def test_a_kind_of_problem_brings_its_headers(code: str, header: str, value: str) -> None:
    assert problem_response(Problem(code, "…")).headers[header] == value


def test_a_problem_may_have_headers_of_its_own() -> None:
    response = problem_response(Problem("overloaded", "…", headers={"Retry-After": "7", "X-Other": "a"}))

    assert (response.headers["retry-after"], response.headers["x-other"]) == ("7", "a")


def test_a_code_that_is_not_there_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError):
        Problem("no_such_code", "…")


def test_a_problem_reads_as_its_detail() -> None:
    problem = Problem("not_found", "there is no address /ordres")

    assert str(problem) == "there is no address /ordres"
    assert isinstance(problem, OrderlabError)


def test_the_body_of_a_problem_has_a_json_schema() -> None:
    schema = TypeAdapter(ProblemBody).json_schema()

    assert schema["required"] == ["type", "title", "status", "detail", "code"]
    assert {"errors", "current_status"} < schema["properties"].keys()


@pytest.mark.parametrize("code", KINDS)
def test_the_body_of_a_problem_is_what_its_schema_says(code: str) -> None:
    problem = Problem(code, "…", errors=[FieldError(field="a", message="b")], current_status="placed")

    TypeAdapter(ProblemBody).validate_json(problem.encoded(), strict=True)


@in_event_loop
async def test_a_problem_answers_a_websocket_too() -> None:
    answer = await answer_of(problem_response(Problem("unauthorized", "…")), websocket_scope())

    assert answer.types == ["websocket.http.response.start", "websocket.http.response.body"]
