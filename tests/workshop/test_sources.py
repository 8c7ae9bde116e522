import pytest

from orderlab.workshop import sources
from orderlab.workshop.sources import source_of


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the cells that were run in the notebook of a test."""
    run: list[str] = []
    monkeypatch.setattr(sources, "_cells", lambda: run)
    return run


@pytest.mark.parametrize(
    "cell",
    [
        "def mine(a):\n    return a",
        "x = 1\nclass mine:\n    pass",
        "mine = [1]",
        "mine: list = [1]",
        "async def mine(): pass",
    ],
)
def test_it_is_the_cell_that_gives_the_name_a_value(cell: str, cells: list[str]) -> None:
    cells += ["mine = 0", cell, "mine == 3", "other = mine", "    mine = 3", "minefield = 1", "print(mine)"]
    assert source_of("mine", object()) == cell


def test_elsewhere_it_is_the_lines_of_the_function(cells: list[str]) -> None:
    def mine() -> int:
        return 1

    assert source_of("mine", mine) == "def mine() -> int:\n    return 1\n"


def test_of_a_value_it_is_the_value(cells: list[str]) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert source_of("mine", [1, 2]) == "[1, 2]"
    assert source_of("mine", Odd()) == "a Odd whose repr raises RuntimeError"
