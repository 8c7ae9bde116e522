from hypothesis import given
from hypothesis import strategies as st

from orderlab.drawing.crowd import Crowd
from orderlab.drawing.shapes import Point, Rectangle

lengths = st.integers(-300, 300)
rooms = st.builds(Rectangle, lengths, lengths, st.integers(0, 200), st.integers(0, 200))


@given(st.lists(rooms), rooms)
def test_what_a_rectangle_would_cover_is_the_sum_over_all_that_is_there(
    there: list[Rectangle], room: Rectangle
) -> None:
    assert Crowd(there).covered(room) == sum(room.shared_with(each) for each in there)


@given(st.lists(st.builds(Point, lengths, lengths)), rooms)
def test_the_dots_in_a_rectangle_are_all_that_lie_in_it(dots: list[Point], room: Rectangle) -> None:
    assert Crowd(dots=dots).holding(room) == room.holding(dots)


@given(rooms, rooms)
def test_what_was_removed_is_covered_no_more(one: Rectangle, other: Rectangle) -> None:
    crowd = Crowd([one, other])
    crowd.remove(one)
    assert crowd.covered(one) == one.shared_with(other)
