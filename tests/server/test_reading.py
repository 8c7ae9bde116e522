import json
from collections.abc import Mapping
from typing import Any

import pytest
from asgi_driving import giving, http_scope
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st
from serving import MUG, order_of
from starlette.requests import Request

from orderlab.core.log import NO_STREAM
from orderlab.orders.model import OrderItem
from orderlab.server.problems import Problem
from orderlab.server.reading import body_of, expected_version_of, has_tag, idempotency_key_of, query_of
from orderlab.server.schemas import CancelOrderBody, EventsQuery, OrdersQuery, PlaceOrderBody

JSON = {"content-type": "application/json"}

any_text = st.text(st.characters(codec="latin-1"), max_size=60)
tag_lists = st.lists(
    st.sampled_from(['"1"', '"2"', 'W/"2"', "*", "2", '""', '"é"', '"' + "9" * 30 + '"', " ", ",", ""]), max_size=5
).map(",".join)


def request(body: bytes = b"", headers: Mapping[str, str] | None = None, query: str = "") -> Request:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Request(http_scope("POST", f"/?{query}", pairs), giving({"type": "http.request", "body": body}))


def query_problem(query: str, shape: Any = EventsQuery) -> Problem:
    with pytest.raises(Problem) as caught:
        query_of(request(query=query), shape)
    return caught.value


# Bodies


@in_event_loop
async def test_a_body_becomes_a_value_of_its_shape() -> None:
    body = await body_of(request(json.dumps(order_of("ada")).encode(), JSON), PlaceOrderBody)

    assert body == PlaceOrderBody("ada", (OrderItem(**MUG),))


@in_event_loop
async def test_a_body_that_may_be_left_out_has_its_defaults_then() -> None:
    assert await body_of(request(), CancelOrderBody, optional=True) == CancelOrderBody()


@pytest.mark.parametrize("body", [{"reason": 7}, {"why": "b"}, [], None, "reason"])
@in_event_loop
async def test_a_body_of_another_shape_is_a_problem(body: Any) -> None:
    with pytest.raises(Problem) as caught:
        await body_of(request(json.dumps(body).encode(), JSON), CancelOrderBody)

    assert caught.value.code == "invalid_request"


@given(st.binary())
def test_no_bytes_make_anything_but_a_body_or_a_problem(body: bytes) -> None:
    @in_event_loop
    async def check() -> None:
        problem = None
        try:
            await body_of(request(body, JSON), PlaceOrderBody)
        except Problem as caught:
            problem = caught
        assert problem is None or problem.encoded()

    check()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_json_makes_anything_but_a_body_or_a_problem(value: Any) -> None:
    @in_event_loop
    async def check() -> None:
        with pytest.raises(Problem) as caught:
            await body_of(request(json.dumps({"customer_id": "ada", "items": value}).encode(), JSON), PlaceOrderBody)
        assert caught.value.encoded()

    if value != []:
        check()


@pytest.mark.parametrize(("count", "listed"), [(1, 1), (100, 100), (101, 100), (1_000, 100), (1_001, 1), (50_000, 1)])
@in_event_loop
async def test_of_many_wrong_fields_some_are_listed_and_of_too_many_their_number_is_told(
    count: int, listed: int
) -> None:
    body = json.dumps({"customer_id": "ada", "items": [7] * count}).encode()

    with pytest.raises(Problem) as caught:
        await body_of(request(body, JSON), PlaceOrderBody)

    assert len(caught.value.extra["errors"]) == listed
    assert len(caught.value.detail) < 300
    assert (f"{count:,} places" in caught.value.detail) is (count > 1_000)


# Queries


def test_a_query_becomes_a_value_of_its_shape() -> None:
    assert query_of(request(query="after=7&limit=3"), EventsQuery) == EventsQuery(7, 3)
    assert query_of(request(), OrdersQuery) == OrdersQuery()
    assert query_of(request(query="customer_id=%C3%A9%00&status=placed"), OrdersQuery) == OrdersQuery("placed", "é\x00")


def test_a_token_in_a_query_is_none_of_its_parameters() -> None:
    assert query_of(request(query="token=sesame&after=7&token=again"), EventsQuery) == EventsQuery(7)


@pytest.mark.parametrize(("query", "field"), [("after=x", "after"), ("limit=0", "limit"), ("since=1", "since")])
def test_a_wrong_parameter_is_named(query: str, field: str) -> None:
    [error] = query_problem(query).extra["errors"]

    assert error.field == field


def test_a_parameter_that_is_given_twice_is_a_problem() -> None:
    assert query_problem("after=1&after=1").detail == "every query parameter can be given once"


@given(st.text(st.characters(codec="ascii", exclude_characters="?"), max_size=60))
def test_no_query_makes_anything_but_a_value_or_a_problem(query: str) -> None:
    for shape in (EventsQuery, OrdersQuery):
        problem = None
        try:
            query_of(request(query=query), shape)
        except Problem as caught:
            problem = caught
        assert problem is None or problem.encoded()


# Headers


@given(any_text)
def test_a_key_is_visible_characters_or_a_problem(key: str) -> None:
    headers = request(headers={"idempotency-key": key})
    if 1 <= len(key) <= 200 and all("!" <= character <= "~" for character in key):
        assert idempotency_key_of(headers) == key
    else:
        with pytest.raises(Problem, match="Idempotency-Key must be"):
            idempotency_key_of(headers)


def test_of_two_keys_none_is_passed_over() -> None:
    two = Request(http_scope("POST", "/", [(b"idempotency-key", b"A"), (b"idempotency-key", b"B")]), giving())

    with pytest.raises(Problem, match="Idempotency-Key must be"):
        idempotency_key_of(two)


def test_tags_in_two_headers_are_one_list() -> None:
    two = Request(http_scope("POST", "/", [(b"if-match", b'"9"'), (b"if-match", b'"1"')]), giving())

    assert expected_version_of(two, 1) == 1


def test_a_request_need_not_have_a_key() -> None:
    assert idempotency_key_of(request()) is None


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("*", None),
        (" * ", None),
        ('"2"', 2),
        ('"1", "2"', 2),
        ('"1", "3"', 1),
        ('W/"2"', NO_STREAM),
        ("2", NO_STREAM),
        ("", NO_STREAM),
        ('"' + "9" * 16 + '"', NO_STREAM),
    ],
)
def test_a_version_is_wanted_as_its_tag_says(tags: str, wanted: int | None) -> None:
    assert expected_version_of(request(headers={"if-match": tags}), 2) == wanted


def test_without_a_tag_any_version_will_do() -> None:
    assert expected_version_of(request(), 2) is None


@given(any_text | tag_lists, st.none() | st.integers(1, 3))
def test_no_header_makes_a_version_wanted_that_it_does_not_name(tags: str, version: int | None) -> None:
    wanted = expected_version_of(request(headers={"if-match": tags}), version)

    assert wanted in (None, NO_STREAM) or f'"{wanted}"' in tags.replace('"0', '"')
    assert (wanted is None) == (tags.strip() == "*")


@pytest.mark.parametrize(
    ("tags", "has"),
    [('"2"', True), ('W/"2"', True), ('"1" , W/"2"', True), ("*", True), ("2", False), ('"1"', False), ("", False)],
)
def test_a_tag_that_a_client_has_is_found_in_any_list(tags: str, has: bool) -> None:
    assert has_tag(request(headers={"if-none-match": tags}), '"2"') is has


def test_who_names_no_tag_has_none() -> None:
    assert not has_tag(request(), '"2"')
