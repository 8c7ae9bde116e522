import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from orderlab.core.errors import CodecError, OrderlabError
from orderlab.core.log import EncodedEvent
from orderlab.orders.actions import (
    COMMANDS,
    EVENTS,
    REJECTIONS,
    Action,
    CancelOrder,
    Event,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.codec import ORDER_CODEC, InvalidAction, decode_action, encode_action, with_timestamp
from orderlab.orders.model import OrderItem

AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)
MAX_DEPTH = 100_000

WIRE: list[tuple[Action, str]] = [
    (
        PlaceOrder("ada", (MUG,)),
        '{"PlaceOrder":{"customer_id":"ada","items":[{"product_id":"p-1","name":"Mug","quantity":2,'
        '"unit_price_cents":250}],"order_id":null}}',
    ),
    (CancelOrder("order-1"), '{"CancelOrder":{"order_id":"order-1","reason":"Cancelled by customer"}}'),
    (ShipOrder("order-1", "T-1"), '{"ShipOrder":{"order_id":"order-1","tracking_number":"T-1"}}'),
    (
        OrderPlaced("order-1", "ada", (MUG,), 500, AT),
        '{"OrderPlaced":{"order_id":"order-1","customer_id":"ada","items":[{"product_id":"p-1","name":"Mug",'
        '"quantity":2,"unit_price_cents":250}],"total_cents":500,"timestamp":"2025-01-01T12:00:00Z"}}',
    ),
    (
        OrderCancelled("order-1", "late", AT),
        '{"OrderCancelled":{"order_id":"order-1","reason":"late","timestamp":"2025-01-01T12:00:00Z"}}',
    ),
    (
        OrderShipped("order-1", "T-1", AT),
        '{"OrderShipped":{"order_id":"order-1","tracking_number":"T-1","timestamp":"2025-01-01T12:00:00Z"}}',
    ),
    (OrderNotFound("order-1"), '{"OrderNotFound":{"order_id":"order-1"}}'),
    (
        InvalidOrderState("order-1", "shipped"),
        '{"InvalidOrderState":{"order_id":"order-1","current_status":"shipped"}}',
    ),
    (ValidationFailed("no items"), '{"ValidationFailed":{"error":"no items","order_id":null}}'),
]
each_on_the_wire = pytest.mark.parametrize(
    ("action", "text"), WIRE, ids=lambda part: "" if isinstance(part, str) else type(part).__name__
)


def problems_with(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(InvalidAction) as refused:
        decode_action(text)
    return refused.value.problems


# Actions on the wire


def test_every_kind_of_action_is_in_the_table_of_wire_forms() -> None:
    assert [type(action) for action, _ in WIRE] == [*COMMANDS, *EVENTS, *REJECTIONS]


@each_on_the_wire
def test_an_action_is_written_as_json_tagged_with_its_name(action: Action, text: str) -> None:
    assert encode_action(action) == text


@each_on_the_wire
def test_an_action_is_read_from_json_tagged_with_its_name(action: Action, text: str) -> None:
    assert decode_action(text) == action


@each_on_the_wire
def test_an_action_that_was_read_can_be_hashed_like_any_value(action: Action, text: str) -> None:
    assert hash(decode_action(text)) == hash(action)


def test_an_action_is_read_from_bytes_as_from_text() -> None:
    assert decode_action(b'{"OrderNotFound":{"order_id":"order-1"}}') == OrderNotFound("order-1")


def test_white_space_between_the_tokens_means_nothing() -> None:
    assert decode_action(' {"OrderNotFound" :\n{ "order_id": "order-1" } }\t') == OrderNotFound("order-1")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('{"CancelOrder":{"order_id":"order-1"}}', CancelOrder("order-1", "Cancelled by customer")),
        ('{"ValidationFailed":{"error":"no"}}', ValidationFailed("no", None)),
    ],
)
def test_a_field_with_a_default_may_be_left_out(text: str, action: Action) -> None:
    assert decode_action(text) == action


def test_the_items_of_an_event_that_was_read_are_a_tuple() -> None:
    event = decode_action(encode_action(OrderPlaced("order-1", "ada", (MUG,), 500, AT)))
    assert isinstance(event, OrderPlaced)
    assert isinstance(event.items, tuple)


@pytest.mark.parametrize(
    "action",
    [CancelOrder("", ""), ShipOrder("order 1", " "), OrderPlaced("", "", (), -1, AT), InvalidOrderState("", "lost")],
)
def test_the_shape_is_checked_and_not_the_rules(action: Action) -> None:
    assert decode_action(encode_action(action)) == action


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "null", '"ShipOrder"', "5", '{"ShipOrder"', "{} {}", "{'a':1}"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    (problem,) = problems_with(text)
    assert problem.startswith("not a JSON object of one action")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{}", "nothing"),
        ('{"Refund":{}}', "Refund"),
        ('{"shipOrder":{}}', "shipOrder"),
        ('{"OrderItem":{}}', "OrderItem"),
        ('{"OrderNotFound":{"order_id":"a"},"ShipOrder":{}}', "OrderNotFound, ShipOrder"),
    ],
)
def test_exactly_one_known_tag_is_wanted(text: str, found: str) -> None:
    (problem,) = problems_with(text)
    assert problem.startswith("one action is wanted, tagged PlaceOrder or CancelOrder or ShipOrder")
    assert problem.endswith(f", not {found}")


@pytest.mark.parametrize("body", ["null", "[]", '["order-1","T-1"]', '"order-1"', "5"])
def test_the_fields_of_an_action_are_an_object(body: str) -> None:
    assert problems_with(f'{{"ShipOrder":{body}}}') == ("ShipOrder: Input should be an object",)


@pytest.mark.parametrize("quantity", ['"2"', "true", "false", "null", "2.0", "2.5", "1e3", "[2]", "{}"])
def test_a_whole_number_is_read_strictly(quantity: str) -> None:
    item = f'{{"product_id":"p-1","name":"Mug","quantity":{quantity},"unit_price_cents":250}}'
    assert problems_with(f'{{"PlaceOrder":{{"customer_id":"ada","items":[{item}]}}}}') == (
        "PlaceOrder.items[0].quantity: Input should be a valid integer",
    )


@pytest.mark.parametrize("text", ["5", "true", "null", '["T-1"]', "{}"])
def test_a_text_is_read_strictly(text: str) -> None:
    assert problems_with(f'{{"ShipOrder":{{"order_id":"order-1","tracking_number":{text}}}}}') == (
        "ShipOrder.tracking_number: Input should be a valid string",
    )


def test_every_field_that_is_wrong_is_named() -> None:
    body = '{"customer_id":1,"items":[{"product_id":"p-1","name":2,"quantity":"3"}]}'
    fields = [problem.partition(": ")[0] for problem in problems_with(f'{{"PlaceOrder":{body}}}')]
    assert fields == [
        "PlaceOrder.customer_id",
        "PlaceOrder.items[0].name",
        "PlaceOrder.items[0].quantity",
        "PlaceOrder.items[0].unit_price_cents",
    ]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"ShipOrder":{"order_id":"a","tracking_number":"t","carrier":"x"}}', "ShipOrder.carrier"),
        (
            '{"PlaceOrder":{"customer_id":"a","items":[{"product_id":"p","name":"n","quantity":1,'
            '"unit_price_cents":1,"colour":"red"}]}}',
            "PlaceOrder.items[0].colour",
        ),
    ],
)
def test_a_field_too_many_is_refused(text: str, field: str) -> None:
    (problem,) = problems_with(text)
    assert problem.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "timestamp",
    ['"2025-01-01T12:00:00"', '"2025-01-01"', '"noon"', "1735732800", '"1735732800"', "null", "true"],
)
def test_a_time_is_rfc_3339_with_a_zone(timestamp: str) -> None:
    (problem,) = problems_with(f'{{"OrderCancelled":{{"order_id":"a","reason":"r","timestamp":{timestamp}}}}}')
    assert problem.startswith("OrderCancelled")


def in_rome(name: str, field: str) -> str:
    return f'{{"{name}":{{"order_id":"a","{field}":"x","timestamp":"2025-01-01T13:00:00+01:00"}}}}'


def test_a_time_in_another_zone_is_the_same_instant() -> None:
    assert decode_action(in_rome("OrderShipped", "tracking_number")) == OrderShipped("a", "x", AT)


@pytest.mark.parametrize(("name", "field"), [("OrderShipped", "tracking_number"), ("OrderCancelled", "reason")])
def test_a_time_in_another_zone_is_written_in_utc(name: str, field: str) -> None:
    assert '"timestamp":"2025-01-01T12:00:00Z"' in encode_action(decode_action(in_rome(name, field)))


@pytest.mark.parametrize(
    "text",
    [
        b'{"ShipOrder":{"order_id":"a","tracking_number":"\xff"}}',
        b'{"Ship\xffOrder":{}}',
        '{"ShipOrder":{"order_id":"a","tracking_number":"\ud800"}}',
        r'{"ShipOrder":{"order_id":"a","tracking_number":"\ud800"}}',
        '{"ShipOrder":{"order_id":"a","tracking_number":"a\nb"}}',
    ],
    ids=["bytes in a value", "bytes in a tag", "half a pair", "half a pair, escaped", "bare control character"],
)
def test_text_that_is_not_valid_is_refused(text: str | bytes) -> None:
    assert len(problems_with(text)) == 1


@pytest.mark.parametrize("digits", [20, 30, 4000])
def test_a_whole_number_of_any_length_is_an_action_or_is_refused(digits: int) -> None:
    item = f'{{"product_id":"p-1","name":"Mug","quantity":{"9" * digits},"unit_price_cents":250}}'
    action = decode_action(f'{{"PlaceOrder":{{"customer_id":"ada","items":[{item}]}}}}')
    assert isinstance(action, PlaceOrder)
    assert action.items[0].quantity == 10**digits - 1


def test_a_number_too_long_to_be_read_is_refused() -> None:
    item = f'{{"product_id":"p-1","name":"Mug","quantity":{"9" * 5000},"unit_price_cents":250}}'
    assert len(problems_with(f'{{"PlaceOrder":{{"customer_id":"ada","items":[{item}]}}}}')) == 1


@pytest.mark.parametrize(
    "template",
    ['{{"PlaceOrder":{}}}', '{{"PlaceOrder":{{"customer_id":{}}}}}', '{{"Refund":{}}}', "{}"],
    ids=["body", "field", "unknown tag", "no object"],
)
def test_json_nested_too_deep_to_read_is_refused(template: str) -> None:
    assert len(problems_with(template.format("[" * MAX_DEPTH + "]" * MAX_DEPTH))) == 1


# The exception


def test_an_invalid_action_is_an_orderlab_error() -> None:
    assert issubclass(InvalidAction, OrderlabError)


def test_an_invalid_action_is_one_text_of_all_problems() -> None:
    assert str(InvalidAction(("one", "two"))) == "one; two"


def test_an_invalid_action_survives_pickling() -> None:
    copied = pickle.loads(pickle.dumps(InvalidAction(("one", "two"))))
    assert (str(copied), copied.problems) == ("one; two", ("one", "two"))


# Events in the log


EXAMPLES: list[Event] = [
    OrderPlaced("order-1", "ada", (MUG, MUG), 1000, AT),
    OrderCancelled("order-1", "late", AT),
    OrderShipped("order-1", "T-1", AT),
]
each_event = pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)


@each_event
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    assert ORDER_CODEC.decode(ORDER_CODEC.encode(event), AT + timedelta(days=1)) == event


@each_event
def test_the_quick_decoder_reads_the_same_event(event: Event) -> None:
    name, version, payload = ORDER_CODEC.encode(event)
    decode = ORDER_CODEC.current_decoder(name, version)
    assert decode is not None
    assert decode(payload) == event


@each_event
def test_an_event_is_written_in_version_2(event: Event) -> None:
    assert ORDER_CODEC.encode(event)[:2] == (type(event).__name__, 2)


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_a_time_keeps_its_microseconds(microsecond: int) -> None:
    event = OrderShipped("order-1", "T-1", AT.replace(microsecond=microsecond))
    assert ORDER_CODEC.decode(ORDER_CODEC.encode(event), AT) == event


def test_the_log_keeps_times_in_utc() -> None:
    rome = timezone(timedelta(hours=1))
    assert ORDER_CODEC.encode(OrderShipped("order-1", "T-1", AT.astimezone(rome))) == ORDER_CODEC.encode(
        OrderShipped("order-1", "T-1", AT)
    )


def test_an_event_without_a_zone_in_its_time_is_not_written_for_it_could_not_be_read() -> None:
    with pytest.raises(CodecError):
        ORDER_CODEC.encode(OrderShipped("order-1", "T-1", AT.replace(tzinfo=None)))


@pytest.mark.parametrize("action", [CancelOrder("order-1"), OrderNotFound("order-1"), MUG, None])
def test_only_events_go_into_the_log(action: object) -> None:
    with pytest.raises(CodecError, match="no event type of this codec"):
        ORDER_CODEC.encode(action)


@pytest.mark.parametrize("name", ["OrderPlaced", "OrderCancelled", "OrderShipped"])
def test_a_version_from_the_future_is_refused(name: str) -> None:
    with pytest.raises(CodecError, match=f"{name} has schema version 3"):
        ORDER_CODEC.decode(EncodedEvent(name, 3, "{}"), AT)


def test_a_present_payload_without_its_time_does_not_fit() -> None:
    with pytest.raises(CodecError, match="timestamp"):
        ORDER_CODEC.decode(EncodedEvent("OrderShipped", 2, '{"order_id":"order-1","tracking_number":"T-1"}'), AT)


def test_a_present_payload_without_a_zone_does_not_fit() -> None:
    payload = '{"order_id":"order-1","tracking_number":"T-1","timestamp":"2025-01-01T12:00:00"}'
    with pytest.raises(CodecError, match="timezone"):
        ORDER_CODEC.decode(EncodedEvent("OrderShipped", 2, payload), AT)


# The upcaster


def test_an_event_without_a_time_happened_when_it_was_recorded() -> None:
    payload = '{"order_id":"order-1","tracking_number":"T-1"}'
    assert ORDER_CODEC.decode(EncodedEvent("OrderShipped", 1, payload), AT) == OrderShipped("order-1", "T-1", AT)


def test_an_old_event_that_has_a_time_keeps_it() -> None:
    payload = '{"order_id":"order-1","tracking_number":"T-1","timestamp":"2025-01-01T12:00:00Z"}'
    decoded = ORDER_CODEC.decode(EncodedEvent("OrderShipped", 1, payload), AT + timedelta(days=1))
    assert decoded == OrderShipped("order-1", "T-1", AT)


def test_upcasting_leaves_the_old_payload_as_it_was() -> None:
    payload: dict[str, Any] = {"order_id": "order-1"}
    with_timestamp(payload, AT)
    assert payload == {"order_id": "order-1"}


def test_an_old_payload_that_lacks_more_than_its_time_does_not_fit() -> None:
    with pytest.raises(CodecError, match="does not fit OrderShipped version 1"):
        ORDER_CODEC.decode(EncodedEvent("OrderShipped", 1, '{"order_id":"order-1"}'), AT)
