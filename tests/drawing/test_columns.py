from orderlab.drawing.columns import columns_of
from orderlab.drawing.grid import Grid
from orderlab.drawing.lanes import lanes_of
from orderlab.drawing.lettering import shortened, width_of
from orderlab.drawing.shapes import Point, Rectangle, Route

# Columns


def test_a_state_stands_as_far_right_as_the_shortest_way_to_it_is_long() -> None:
    links = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]
    assert columns_of("a", "abcd", [links]) == [["a"], ["b", "c"], ["d"]]


def test_a_way_back_moves_nothing() -> None:
    assert columns_of("a", "abc", [[("a", "b"), ("b", "c"), ("c", "a")]]) == [["a"], ["b"], ["c"]]


def test_links_that_count_less_move_only_what_the_others_do_not_reach() -> None:
    assert columns_of("a", "abcd", [[("a", "b"), ("b", "c")], [("a", "c"), ("c", "d")]]) == [["a"], ["b"], ["c"], ["d"]]


def test_what_nothing_leads_to_begins_beside_the_first() -> None:
    assert columns_of("a", "axyb", [[("a", "b"), ("x", "y")]]) == [["a", "x"], ["b", "y"]]


def test_what_no_link_names_is_in_no_column() -> None:
    assert columns_of("a", "abz", [[("a", "b")]]) == [["a"], ["b"]]


def test_states_stand_near_those_that_they_are_linked_with() -> None:
    links = [("a", "b"), ("a", "c"), ("b", "z"), ("c", "y")]
    assert columns_of("a", "abcyz", [links]) == [["a"], ["b", "c"], ["z", "y"]]


# Lanes


def grid(*columns: str) -> Grid:
    boxes = {
        state: Rectangle(x * 100, y * 80, 70, 48) for x, column in enumerate(columns) for y, state in enumerate(column)
    }
    return Grid(boxes, columns)


def test_arrows_that_would_meet_have_lanes_of_their_own_the_longer_further_out() -> None:
    lanes = lanes_of(grid("a", "b", "c", "d"), [("d", "a"), ("c", "a"), ("a", "b")])
    assert {number: lane.level for number, lane in lanes.items()} == {0: 1, 1: 0}


def test_arrows_that_do_not_meet_share_a_lane() -> None:
    lanes = lanes_of(grid("a", "b", "c", "d", "e", "f"), [("c", "a"), ("f", "d")])
    assert {lane.level for lane in lanes.values()} == {0}


def test_an_arrow_from_the_top_of_a_column_goes_above() -> None:
    lanes = lanes_of(grid("a", "b", "cd"), [("c", "a"), ("d", "a")])
    assert [lanes[number].up for number in (0, 1)] == [True, False]


# Letters and lines


def test_the_room_for_a_text_grows_with_it() -> None:
    widths = [width_of(text, 15) for text in ("", "i", "m", "mi", "漢字")]
    assert widths == sorted(widths)
    assert width_of("on", 15, bold=True) > width_of("on", 15)


def test_a_text_that_there_is_no_room_for_at_all_keeps_its_first_letter() -> None:
    assert shortened("cancelled", 1, 15) == "c…"


def test_a_bent_line_has_round_corners() -> None:
    assert Route((Point(0, 0), Point(0, 40), Point(40, 40))).data() == "M0,0 L0,30 Q0,40 10,40 L40,40"


def test_a_corner_between_short_lines_is_as_round_as_there_is_room_for() -> None:
    assert Route((Point(0, 0), Point(0, 4), Point(40, 4))).data() == "M0,0 L0,2 Q0,4 10,4 L40,4"


def test_a_curve_begins_and_ends_where_it_says() -> None:
    route = Route((Point(0, 0), Point(0, 9), Point(9, 9), Point(9, 0)), is_curved=True)
    dots = list(route.along())
    assert (dots[0], dots[-1], route.data()) == (Point(0, 0), Point(9, 0), "M0,0 C0,9 9,9 9,0")
