from dataclasses import replace
from xml.etree import ElementTree

import pytest

from orderlab.drawing.schedulegrid import MOST_ROWS, Row, ScheduleGrid, grouped

SVG = "{http://www.w3.org/2000/svg}"
CELLS = ((0, "read"), (1, "read"), (0, "append"), (1, "append"))
GRID = ScheduleGrid(
    ("S", "C"),
    ("shop", "customer"),
    (Row(0, CELLS, "✗", "lost"), Row(1, CELLS, "✓", "all is well")),
    "1 of 2",
    ("why",),
)


def texts(grid: ScheduleGrid) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(grid.to_svg()).iter(f"{SVG}text")]


def test_each_step_says_by_letters_whose_it_is_and_what_is_done() -> None:
    assert texts(GRID) == [
        *("1 of 2", "S: shop", "C: customer", "why"),
        *("[0]", "Sr", "Cr", "Sa", "Ca", "✗", "lost"),
        *("[1]", "Sr", "Cr", "Sa", "Ca", "✓", "all is well"),
    ]


def test_writers_have_a_colour_each() -> None:
    grounds = [each.get("fill") for each in ElementTree.fromstring(GRID.to_svg()).iter(f"{SVG}path")]
    assert len(set(grounds)) == 2


def test_rows_of_several_are_counted_and_stand_side_by_side() -> None:
    rows = grouped([Row(number, CELLS[: number % 4], "✓", "note") for number in range(400)])
    assert [(row.number, row.count, row.note) for row in rows] == [(number, 100, "") for number in range(4)]
    assert texts(replace(GRID, rows=rows)).count("×100") == 4
    many = tuple(Row(number, CELLS, "✓") for number in range(90))
    svg = ElementTree.fromstring(replace(GRID, rows=many).to_svg())
    assert int(svg.get("height", "")) < 1_200


def test_of_very_many_rows_the_first_are_drawn_and_the_others_counted() -> None:
    many = tuple(Row(number, CELLS, "✓") for number in range(MOST_ROWS + 1_000))
    assert "and 1,000 rows more" in texts(replace(GRID, rows=many))


@pytest.mark.parametrize("text", ["<script>", "\x00", "漢字", "x" * 5_000])
def test_any_text_can_be_drawn(text: str) -> None:
    grid = ScheduleGrid(("<",), (text,), (Row(0, ((0, "read"),), "✓", text),), text)
    assert grid.picture().startswith("<img ")
    ElementTree.fromstring(grid.to_svg())


def test_nothing_can_be_drawn() -> None:
    assert ScheduleGrid((), (), (), "nothing").picture().startswith("<img ")
