from pathlib import Path

from commandline import done, widest

GOLDEN = (Path(__file__).parent / "golden" / "demo.txt").read_text(encoding="utf-8")


def test_the_demo_tells_its_story_word_for_word(tmp_path: Path) -> None:
    assert done("demo", cwd=tmp_path) == GOLDEN


def test_the_demo_fits_a_narrow_terminal_and_tells_the_same(tmp_path: Path) -> None:
    narrow = done("demo", cwd=tmp_path, columns=60)

    assert widest(narrow) <= 60
    assert narrow.split() == GOLDEN.split()


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    done("demo", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_story_has_every_kind_of_event_and_of_refusal() -> None:
    for told in ("OrderPlaced", "OrderShipped", "OrderCancelled", "InvalidOrderState", "OrderNotFound"):
        assert told in GOLDEN
    assert "ValidationFailed" in GOLDEN
    assert widest(GOLDEN) <= 80
