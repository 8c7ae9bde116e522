from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import accounts
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderlab.commandfile import CommandFileError, read_commands, write_commands
from orderlab.core.script import TimedCommand
from orderlab.exploration.strategies import instants, valid_commands
from orderlab.logfile import LogFileError, read_lines
from orderlab.orders.actions import CancelOrder, ShipOrder

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
LINE = '{"at":"2025-01-01T12:00:00Z","key":"one","action":{"ShipOrder":{"order_id":"a","tracking_number":"T"}}}'


@given(st.lists(st.builds(TimedCommand, instants(), valid_commands(), st.text(min_size=1).filter(str.isprintable))))
def test_a_script_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, script: list[TimedCommand]
) -> None:
    path = tmp_path_factory.getbasetemp() / "script.jsonl"

    assert write_commands(script, path) == len(script)
    assert read_commands(path) == tuple(script)


def test_a_line_is_a_command_with_its_time_and_key(tmp_path: Path) -> None:
    write_commands([TimedCommand(NOON, ShipOrder("a", "T"), "one")], tmp_path / "script.jsonl")

    assert (tmp_path / "script.jsonl").read_text(encoding="utf-8") == LINE + "\n"


def test_a_time_is_written_in_utc(tmp_path: Path) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=2)))
    write_commands([TimedCommand(there, ShipOrder("a", "T"), "one")], tmp_path / "script.jsonl")

    [read] = read_commands(tmp_path / "script.jsonl")
    assert (read.at, read.at.tzinfo) == (NOON, UTC)


def test_another_domain_brings_its_own_json(tmp_path: Path) -> None:
    script = (TimedCommand(NOON, accounts.Deposit(None, 5), "one"), TimedCommand(NOON, accounts.Deposit("a", 1), "two"))
    write_commands(script, tmp_path / "script.jsonl", encode=lambda command: msgspec.json.encode(command).decode())

    assert script == read_commands(
        tmp_path / "script.jsonl", decode=lambda text: msgspec.json.decode(text, type=accounts.Deposit)
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "Input data was truncated"),
        (LINE.replace("00Z", "00"), "Expected `datetime` with a timezone component - at `$.at`"),
        (LINE.replace('"one"', '""'), "Expected `str` of length >= 1 - at `$.key`"),
        (LINE.replace('"T"', "7"), "ShipOrder.tracking_number: Input should be a valid string"),
        (
            LINE.replace("ShipOrder", "OrderNotFound").replace(',"tracking_number":"T"', ""),
            "OrderNotFound is no command",
        ),
        (LINE.replace("2025-01-01T12:00:00Z", "0001-01-01T00:00:00+14:00"), "date value out of range"),
        ("[]", "Expected `object`, got `array`"),
        (
            '{"position":1,"payload":{}}',
            "this is an event of a log, and no command: `Timeline.from_file` reads a log",
        ),
    ],
    ids=["no JSON", "no zone", "no key", "another shape", "a rejection", "beyond the calendar", "a list", "a log"],
)
def test_what_is_no_command_is_named_by_its_line(line: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text(f"{LINE}\n{line}\n", encoding="utf-8")

    with pytest.raises(CommandFileError) as caught:
        read_commands(path)
    assert str(caught.value) == f"{path}, line 2: {sentence}"


def test_a_script_that_is_taken_for_a_log_is_told_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "script.jsonl").write_text(LINE, encoding="utf-8")

    with pytest.raises(LogFileError, match="line 1: this is a command that was given, and no event of a log"):
        list(read_lines(tmp_path / "script.jsonl"))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandFileError, match=r"nothing\.jsonl cannot be read: No such file or directory"):
        read_commands(tmp_path / "nothing.jsonl")
    with pytest.raises(CommandFileError, match=r"script\.jsonl cannot be written: No such file or directory"):
        write_commands([], tmp_path / "nowhere" / "script.jsonl")


def test_a_script_that_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    write_commands([TimedCommand(NOON, CancelOrder("a"), "one")], path)

    with pytest.raises(AttributeError):
        write_commands([TimedCommand(NOON, CancelOrder("b"), "two"), None], path)  # type: ignore[list-item] # the point
    assert [each.key for each in read_commands(path)] == ["one"]
    assert list(tmp_path.iterdir()) == [path]
