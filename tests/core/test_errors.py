import pickle

import pytest

from orderlab.core import errors
from orderlab.core.errors import (
    AppendRefused,
    CodecError,
    CorruptStream,
    EventIdReused,
    OrderlabError,
    UnreadableEvent,
    Unwritable,
    VersionConflict,
)

ALL = [CorruptStream, UnreadableEvent, CodecError, AppendRefused, Unwritable, EventIdReused, VersionConflict]


def test_every_exception_of_the_core_is_known_here() -> None:
    defined = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert defined == {OrderlabError, *ALL}


@pytest.mark.parametrize("error_type", ALL)
def test_every_exception_is_an_orderlab_error(error_type: type[Exception]) -> None:
    assert issubclass(error_type, OrderlabError)


@pytest.mark.parametrize("error_type", [Unwritable, EventIdReused, VersionConflict])
def test_a_declined_append_is_caught_under_one_name(error_type: type[Exception]) -> None:
    assert issubclass(error_type, AppendRefused)


@pytest.mark.parametrize("error_type", [CorruptStream, UnreadableEvent, CodecError])
def test_what_cannot_be_read_is_no_declined_append(error_type: type[Exception]) -> None:
    assert not issubclass(error_type, AppendRefused)


def test_a_version_conflict_says_what_was_expected_and_what_is() -> None:
    assert str(VersionConflict("order-1", 1, 2)) == "stream order-1 is at version 2, not at 1 as expected"


def test_a_version_conflict_carries_its_numbers() -> None:
    conflict = VersionConflict("order-1", 1, 2)
    assert (conflict.stream_id, conflict.expected, conflict.actual) == ("order-1", 1, 2)


def test_a_version_conflict_survives_pickling() -> None:
    conflict = pickle.loads(pickle.dumps(VersionConflict("order-1", 1, 2)))
    assert (conflict.stream_id, conflict.expected, conflict.actual, str(conflict)) == (
        "order-1",
        1,
        2,
        "stream order-1 is at version 2, not at 1 as expected",
    )
