import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderlab.exploration.strategies import actions, events, rejections, valid_commands
from orderlab.orders.actions import COMMANDS, Action, CancelOrder, Command
from orderlab.orders.codec import encode_action
from orderlab.server.messages import MOST_ID, BadMessage, Ping, SentCommand, error_message, message_from

any_text = st.text(st.characters(codec=None))  # halves of surrogate pairs too
ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=MOST_ID).filter(str.isprintable)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
kinds = st.sampled_from(["command", "ping", "event", "pong", "error", "", None, 7])


def refused(text: str) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        message_from(text)
    return caught.value


def read_or_refused(text: str) -> Ping | SentCommand | BadMessage:
    """Read a text; and whatever it is, tell its sender of it."""
    try:
        read: Ping | SentCommand | BadMessage = message_from(text)
    except BadMessage as bad:
        read = bad
    if isinstance(read, BadMessage):
        told = json.loads(error_message(read.code, str(read), read.message_id))
        assert told["message"] == str(read)
        assert told["code"] in ("malformed_json", "invalid_request")
    return read


@settings(deadline=None)  # the long examples take their time on a busy machine
@given(any_text)
@example('{"type":"ping","id":"\ud800"}')
@example('{"type":"\\ud800"}')
@example('{"type":"ping","id":"\\ud800"}')
@example('{"type":"command","action":{"\\ud800":{}}}')
@example('{"type":"command","action":{"CancelOrder":{"\\ud800":1}}}')
@example('{"type":"command","action":{"CancelOrder":{"order_id":"\\ud800"}}}')
@example('{"type":"ping","id":' + "9" * 5_000 + "}")
@example('{"type":"ping","id":1e999}')
@example('{"type":"ping","id":-' + "9" * 30_000 + "e1}")
@example('{"type":"ping","more":' + "9" * 5_000 + "}")
@example('{"type":"command","action":' + "9" * 5_000 + "}")
@example('{"type":"command","action":{"CancelOrder":' + "9" * 5_000 + "}}")
@example('{"type":"command","action":{"PlaceOrder":{"customer_id":"a","items":[{"quantity":' + "9" * 5_000 + "}]}}}")
@example(
    '{"type":"command","action":{"OrderShipped":{"order_id":"a","tracking_number":"T",'
    '"timestamp":"0001-01-01T00:00:00+14:00"}}}'
)
@example("[" * 60_000)
@example('{"a":' * 12_000)
@example('{"type":' + "[" * 50_000)
@example('{"more":' + "[" * 50_000)
@example('{"type":"command","action":' + '{"a":' * 10_000 + "1" + "}" * 10_001)
@example('{"type":"command","action":{"CancelOrder":' + '{"a":' * 10_000 + "1" + "}" * 10_002)
@example('{"type":"command","action":{"PlaceOrder":{"customer_id":"a","items":[' + "1," * 20_000 + "1]}}}")
@example("\ufeff{}")
@example("\x00")
@example("NaN")
@example('{"type":"ping","type":"command"}')
def test_no_text_makes_anything_but_a_message_or_a_bad_one(text: str) -> None:
    read_or_refused(text)


@given(kinds, values, values)
def test_no_json_makes_anything_but_a_message_or_a_bad_one(kind: Any, action: Any, message_id: Any) -> None:
    read_or_refused(json.dumps({"type": kind, "action": action, "id": message_id}))


@given(valid_commands().map(encode_action), st.data())
def test_a_message_with_a_fault_in_it_makes_nothing_else_either(action: str, data: st.DataObject) -> None:
    text = f'{{"type":"command","action":{action},"id":"a"}}'
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 5)))

    read_or_refused(text[:start] + data.draw(st.text('{}[]",:0\\u', max_size=3)) + text[end:])


@given(valid_commands(), st.none() | ids)
def test_a_command_is_read_as_it_was_meant(command: Command, message_id: str | None) -> None:
    named = {} if message_id is None else {"id": message_id}
    text = json.dumps({"type": "command", "action": json.loads(encode_action(command)), **named})

    assert message_from(text) == SentCommand(command, message_id)


@given(events() | rejections(), ids)
def test_an_event_and_a_rejection_are_refused_to_whoever_makes_them_up(action: Action, message_id: str) -> None:
    bad = refused(f'{{"type":"command","action":{encode_action(action)},"id":{json.dumps(message_id)}}}')

    assert (bad.code, bad.message_id) == ("invalid_request", message_id)
    assert f"only commands are taken, and {type(action).__name__} is" in str(bad)


def test_who_sends_no_action_is_told_of_the_commands_alone() -> None:
    bad = refused('{"type":"command","action":{"Ship":{}}}')

    assert str(bad).endswith("one action is wanted, tagged PlaceOrder or CancelOrder or ShipOrder, not Ship")


@given(actions())
def test_what_is_no_command_by_its_type_is_done_by_nobody(action: Action) -> None:
    bad = refused(f'{{"type":"event","action":{encode_action(action)}}}')

    assert str(bad) == 'type must be "command" or "ping"'


@pytest.mark.parametrize("more", ["", ',"id":"a"', ',"action":7', ',"else":[1]'])
def test_a_ping_is_a_ping_whatever_is_beside_it(more: str) -> None:
    assert message_from(f'{{"type":"ping"{more}}}') == Ping()


@pytest.mark.parametrize("given", ["a", "x" * MOST_ID, "é", "漢", "a b"])
def test_an_id_is_text_of_printable_characters(given: str) -> None:
    read = message_from(json.dumps({"type": "command", "action": {"CancelOrder": {"order_id": "o"}}, "id": given}))

    assert read == SentCommand(CancelOrder("o"), given)
    assert isinstance(read, SentCommand)
    assert isinstance(read.command, COMMANDS)


@pytest.mark.parametrize("given", ["", "x" * (MOST_ID + 1), "a\nb", "\u202e", 7, True, ["a"], {}])
def test_an_id_that_is_none_is_refused_and_not_repeated(given: Any) -> None:
    bad = refused(json.dumps({"type": "ping", "id": given}))

    assert str(bad) == "id must be text of 1 to 128 printable characters"
    assert bad.message_id is None


def test_of_many_wrong_fields_the_first_few_are_told() -> None:
    bad = refused('{"type":"command","action":{"PlaceOrder":{"customer_id":"a","items":[' + "1," * 999 + "1]}}}")

    assert str(bad).count(";") == 2
    assert str(bad).endswith("(and 997 more)")


def test_an_error_has_the_id_of_its_message_if_there_is_one() -> None:
    assert msgspec.json.decode(error_message("a", "b", "c")) == {
        "type": "error",
        "message": "b",
        "code": "a",
        "id": "c",
    }
    assert msgspec.json.decode(error_message("a", "b", None)) == {"type": "error", "message": "b", "code": "a"}
