from pathlib import Path

import pytest

from orderlab.replacing import replacing


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path) -> None:
    path.write_text("half")
    raise OSError("the disk is full")


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    target.write_text("before")
    with replacing(target) as partial:
        partial.write_text("after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert names_in(tmp_path) == ["log.jsonl"]


def test_what_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    target.write_text("before")
    with pytest.raises(OSError, match="disk"), replacing(target) as partial:
        write_half(partial)
    assert target.read_text() == "before"
    assert names_in(tmp_path) == ["log.jsonl"]


def test_of_two_who_write_one_file_at_once_neither_has_parts_of_both(tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    with replacing(target) as first, first.open("w") as file:
        file.write("first, ")
        with replacing(target) as second:
            second.write_text("second")
        assert target.read_text() == "second"
        file.write("whole")
    assert target.read_text() == "first, whole"
    assert names_in(tmp_path) == ["log.jsonl"]
