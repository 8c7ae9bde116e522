from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from orderlab.core.script import TimedCommand

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def test_a_timed_command_is_a_value() -> None:
    assert TimedCommand(NOON, "ship", "desk/1") == TimedCommand(NOON, "ship", "desk/1")
    assert len({TimedCommand(NOON, "ship", "desk/1"), TimedCommand(NOON, "ship", "desk/1")}) == 1


def test_a_timed_command_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        TimedCommand(NOON, "ship", "desk/1").key = "desk/2"  # type: ignore[misc] # the mistake
