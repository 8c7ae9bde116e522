from dataclasses import dataclass, make_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited, Withdrawn

from orderlab.core.codec import JsonCodec
from orderlab.core.errors import CodecError
from orderlab.core.log import EncodedEvent

AT = datetime(2025, 1, 1, tzinfo=UTC)
MAX_DEPTH = 100_000


@dataclass(frozen=True)
class Moved:
    """Version 1 said `to`, version 2 says `place`, version 3 also says when."""

    place: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True)
class Noted:
    note: Any


MOVED_CODEC = JsonCodec(
    [Moved],
    {"Moved": 3},
    {
        ("Moved", 1): lambda payload, recorded_at: {"place": payload["to"]},
        ("Moved", 2): lambda payload, recorded_at: {**payload, "at": recorded_at},
    },
)


# Writing


def test_an_event_is_written_with_its_name_version_and_fields() -> None:
    assert ACCOUNT_CODEC.encode(Deposited("ada", 5)) == ("Deposited", 1, '{"account_id":"ada","cents":5}')


def test_an_event_is_written_in_the_present_version_of_its_shape() -> None:
    assert MOVED_CODEC.encode(Moved("Rome", AT)) == ("Moved", 3, '{"place":"Rome","at":"2025-01-01T00:00:00Z"}')


@pytest.mark.parametrize("value", [Deposit("ada", 5), None, "Deposited", Deposited, object()])
def test_what_is_no_event_cannot_be_written(value: object) -> None:
    with pytest.raises(CodecError, match=r"no event type of this codec \(Deposited, Withdrawn\)"):
        ACCOUNT_CODEC.encode(value)


def holding_itself() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    "content",
    [holding_itself(), object(), {1, object()}, 2**70j, "\ud800", {object(): 1}],
    ids=["a list that holds itself", "object", "set of objects", "complex", "half a surrogate pair", "key"],
)
def test_content_that_json_cannot_hold_is_refused(content: object) -> None:
    with pytest.raises(CodecError, match="Noted cannot be written as JSON"):
        JsonCodec([Noted]).encode(Noted(content))


# Reading


@pytest.mark.parametrize("event", [Deposited("ada", 5), Deposited("", -1), Withdrawn("\x00 \U0001f600", 2**63 - 1)])
def test_what_was_written_is_read_again(event: object) -> None:
    assert ACCOUNT_CODEC.decode(ACCOUNT_CODEC.encode(event), AT) == event


def test_an_unknown_event_type_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(CodecError, match=r"unknown event type Opened \(known: Deposited, Withdrawn\)"):
        ACCOUNT_CODEC.decode(EncodedEvent("Opened", 1, "{}"), AT)


def test_a_payload_newer_than_the_reader_is_refused_in_one_sentence() -> None:
    with pytest.raises(CodecError, match="Moved has schema version 4, and this program reads up to 3: use a newer one"):
        MOVED_CODEC.decode(EncodedEvent("Moved", 4, "{}"), AT)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "{}",
        '{"account_id":"ada"}',
        '{"account_id":"ada","cents":"5"}',
        '{"account_id":"ada","cents":true}',
        '{"account_id":"ada","cents":null}',
        '{"account_id":"ada","cents":5',
        '{"account_id":"ada","cents":5} {}',
        '{"account_id":"\\ud800","cents":5}',
        '{"account_id":"\ud800","cents":5}',
    ],
)
def test_a_payload_that_does_not_fit_is_refused(payload: str) -> None:
    with pytest.raises(CodecError, match="the payload does not fit Deposited version 1"):
        ACCOUNT_CODEC.decode(EncodedEvent("Deposited", 1, payload), AT)


@pytest.mark.parametrize(("codec", "name"), [(ACCOUNT_CODEC, "Deposited"), (MOVED_CODEC, "Moved")])
def test_a_payload_nested_too_deep_to_read_is_refused(codec: JsonCodec, name: str) -> None:
    nested = '{"deep":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}"
    with pytest.raises(CodecError, match="does not fit"):
        codec.decode(EncodedEvent(name, 1, nested), AT)


def test_a_payload_with_a_field_more_than_needed_is_read() -> None:
    payload = '{"account_id":"ada","cents":5,"teller":"bea"}'
    assert ACCOUNT_CODEC.decode(EncodedEvent("Deposited", 1, payload), AT) == Deposited("ada", 5)


# Old shapes


def test_an_old_payload_is_upcast_one_version_at_a_time() -> None:
    assert MOVED_CODEC.decode(EncodedEvent("Moved", 1, '{"to":"Rome"}'), AT) == Moved("Rome", AT)


def test_an_upcaster_starts_at_the_version_of_the_payload() -> None:
    assert MOVED_CODEC.decode(EncodedEvent("Moved", 2, '{"place":"Rome"}'), AT) == Moved("Rome", AT)


def test_a_present_payload_is_not_upcast() -> None:
    later = '{"place":"Rome","at":"2030-01-01T00:00:00Z"}'
    assert MOVED_CODEC.decode(EncodedEvent("Moved", 3, later), AT) == Moved("Rome", datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("payload", ['{"from":"Rome"}', "[]", "nonsense", '{"to":5}'])
def test_an_old_payload_that_does_not_fit_is_refused_by_its_own_version(payload: str) -> None:
    with pytest.raises(CodecError, match="the payload does not fit Moved version 1"):
        MOVED_CODEC.decode(EncodedEvent("Moved", 1, payload), AT)


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_refused(version: int) -> None:
    with pytest.raises(CodecError, match=f"no upcaster from Moved version {version}"):
        MOVED_CODEC.decode(EncodedEvent("Moved", version, '{"to":"Rome"}'), AT)


def test_a_version_without_an_upcaster_is_refused() -> None:
    with pytest.raises(CodecError, match="no upcaster from Noted version 1"):
        JsonCodec([Noted], {"Noted": 2}).decode(EncodedEvent("Noted", 1, '{"note":1}'), AT)


# The quick way for bulk replay


def test_the_present_shape_has_a_quick_decoder() -> None:
    decode = ACCOUNT_CODEC.current_decoder("Deposited", 1)
    assert decode is not None
    assert decode('{"account_id":"ada","cents":5}') == Deposited("ada", 5)


@pytest.mark.parametrize(("name", "version"), [("Moved", 2), ("Moved", 4), ("Opened", 1)])
def test_every_other_shape_has_no_quick_decoder(name: str, version: int) -> None:
    assert MOVED_CODEC.current_decoder(name, version) is None


def test_codecs_of_the_same_types_versions_and_upcasters_are_equal() -> None:
    assert JsonCodec([Deposited, Withdrawn]) == ACCOUNT_CODEC


@dataclass(frozen=True)
class Weighed:
    grams: int


def test_an_event_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(CodecError, match="Weighed could not be read again: Expected `int`, got `float`"):
        JsonCodec([Weighed]).encode(Weighed(0.5))  # type: ignore[arg-type]


def test_an_event_that_would_be_read_again_as_another_value_is_not_written() -> None:
    with pytest.raises(CodecError, match=r"Noted would be read again as another value: Noted\(note=\[1, 2\]\)"):
        JsonCodec([Noted]).encode(Noted((1, 2)))


@dataclass(frozen=True)
class Asserting:
    """An event whose constructor raises what is neither a TypeError nor a ValueError."""

    cents: int

    def __post_init__(self) -> None:
        if self.cents < 0:
            raise LookupError("cents")


@pytest.mark.parametrize("error", [IndexError("pop"), AttributeError("cents"), ZeroDivisionError(), AssertionError()])
def test_whatever_an_upcaster_raises_is_a_codec_error(error: Exception) -> None:
    def fail(payload: dict[str, Any], at: datetime) -> dict[str, Any]:
        raise error

    codec = JsonCodec([Asserting], {"Asserting": 2}, {("Asserting", 1): fail})
    with pytest.raises(CodecError, match=r"the payload does not fit Asserting version 1: ."):
        codec.decode(EncodedEvent("Asserting", 1, '{"cents":1}'), datetime(2025, 1, 1, tzinfo=UTC))


def test_whatever_a_constructor_raises_is_a_codec_error() -> None:
    with pytest.raises(CodecError, match="the payload does not fit Asserting version 1: LookupError: cents"):
        JsonCodec([Asserting]).decode(EncodedEvent("Asserting", 1, '{"cents":-1}'), datetime(2025, 1, 1, tzinfo=UTC))


def test_a_missing_upcaster_is_told_without_more_around_it() -> None:
    with pytest.raises(CodecError, match=r"^no upcaster from Asserting version 1$"):
        JsonCodec([Asserting], {"Asserting": 2}).decode(
            EncodedEvent("Asserting", 1, '{"cents":1}'), datetime(2025, 1, 1, tzinfo=UTC)
        )


# Its settings


def test_two_types_of_one_name_cannot_be_told_apart() -> None:
    other = make_dataclass("Moved", [("place", str)], frozen=True)
    with pytest.raises(ValueError, match="event_types has two of the name Moved"):
        JsonCodec([Moved, other])


@pytest.mark.parametrize(
    "misspelt", [{"schema_versions": {"Moovd": 3}}, {"upcasters": {("Moovd", 1): lambda payload, recorded_at: payload}}]
)
def test_a_setting_for_a_type_that_is_not_there_is_told(misspelt: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="there is no event type Moovd"):
        JsonCodec([Moved], **misspelt)


# Times of others


def test_a_time_in_another_zone_is_read_in_utc() -> None:
    foreign = EncodedEvent("Moved", 3, '{"place":"Rome","at":"2025-01-01T02:00:00+02:00"}')
    current = MOVED_CODEC.current_decoder("Moved", 3)
    assert current is not None
    for read in (MOVED_CODEC.decode(foreign, AT), current(foreign.payload)):
        assert MOVED_CODEC.encode(read).payload == '{"place":"Rome","at":"2025-01-01T00:00:00Z"}'
        assert read.at.tzinfo is UTC


def test_a_time_beyond_the_calendar_in_utc_is_told() -> None:
    with pytest.raises(CodecError, match=r"at 0001-01-01 .* is beyond the calendar in UTC"):
        MOVED_CODEC.decode(EncodedEvent("Moved", 3, '{"place":"Rome","at":"0001-01-01T00:00:00+14:00"}'), AT)
