"""The diff of two values: its text, its length, and that it says everything and nothing else."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderlab.testing import difference as module
from orderlab.testing.difference import difference, failure
from orderlab.testing.writing import Part, lines_of


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0
    note: str = field(default="", compare=False)


@dataclass(eq=False)
class Alone:
    """Equal to nothing but itself."""

    x: int


@dataclass(frozen=True)
class Place:
    x: Any
    y: Any = 0


def lines(*each: str) -> str:
    return "\n".join(each)


def test_a_changed_field_has_a_minus_and_a_plus() -> None:
    assert difference(Point(1), Point(2)) == lines(
        "  Point(",
        "-     x=1,",
        "+     x=2,",
        "      y=0,",
        "  )",
    )


def test_a_change_deep_inside_is_shown_under_what_leads_to_it() -> None:
    before = {"a": Point(1), "b": Point(Point(2, [1, 2, 3, 4, 5]), 7), "c": Point(3)}
    after = {**before, "b": Point(Point(2, [1, 2, 3, 4, 6]), 7)}
    assert difference(before, after) == lines(
        "  {",
        "      ...",
        "      'b': Point(",
        "          x=Point(",
        "              x=2,",
        "              y=[",
        "                  ...",
        "                  4,",
        "-                 5,",
        "+                 6,",
        "              ],",
        "          ),",
        "          y=7,",
        "      ),",
        "      ...",
        "  }",
    )


def test_what_stands_beside_a_change_is_shown_with_its_beginning() -> None:
    assert difference([Point(1, [2, 3])], [Point(1, [2, 3]), 4]) == lines(
        "  [",
        "      Point(",
        "          ...",
        "      ),",
        "+     4,",
        "  ]",
    )


def test_keys_that_came_and_went_are_not_one_that_changed() -> None:
    assert difference({"a": Point(1), "z": 0}, {"b": Point(1), "z": 0}) == lines(
        "  {",
        "-     'a': Point(",
        "-         x=1,",
        "-         y=0,",
        "-     ),",
        "+     'b': Point(",
        "+         x=1,",
        "+         y=0,",
        "+     ),",
        "      'z': 0,",
        "  }",
    )


def test_an_element_that_changed_is_compared_with_itself() -> None:
    assert difference((Point(1, 2), Point(3, 4)), (Point(1, 2), Point(3, 5))) == lines(
        "  (",
        "      ...",
        "      Point(",
        "          x=3,",
        "-         y=4,",
        "+         y=5,",
        "      ),",
        "  )",
    )


def test_an_element_that_was_put_in_front_moves_the_others_on() -> None:
    assert difference([1, 2], [0, 1, 2]) == lines("  [", "+     0,", "      1,", "      2,", "  ]")


def test_values_of_two_types_share_no_line() -> None:
    assert difference(Point(1), Place(1)) == lines(
        "- Point(",
        "-     x=1,",
        "-     y=0,",
        "- )",
        "+ Place(",
        "+     x=1,",
        "+     y=0,",
        "+ )",
    )


@pytest.mark.parametrize(
    ("stated", "actual", "text"),
    [
        (1, 2, "- 1\n+ 2"),
        (None, (), "- None\n+ ()"),
        ((), [], "- ()\n+ []"),
        ([], [1], "  [\n+     1,\n  ]"),
        ({1: 2}, {}, "  {\n-     1: 2,\n  }"),
        (set(), {1}, "  set({\n+     1,\n  })"),
        ("a", "a ", "- 'a'\n+ 'a '"),
        (float("nan"), float("nan"), "- nan\n+ nan"),
        ([1], OrderedDict({1: 2}), "- [\n-     1,\n- ]\n+ OrderedDict({\n+     1: 2,\n+ })"),
    ],
)
def test_small_values(stated: Any, actual: Any, text: str) -> None:
    assert difference(stated, actual) == text


def test_values_that_look_the_same_are_said_to() -> None:
    assert difference(Alone(1), Alone(1)) == lines(
        "  Alone(",
        "      x=1,",
        "  )",
        "(they look the same, and are not equal)",
    )


def test_a_long_diff_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES", 3)
    assert difference([], [1, 2, 3, 4]) == lines("  [", "+     1,", "+     2,", "... and 3 lines more")


def test_a_large_state_in_which_all_has_changed_is_compared_at_once() -> None:
    before = {key: Point(key) for key in range(2_000)}
    after = {key: Point(key, 1) for key in range(2_000)}
    assert len(difference(before, after).splitlines()) == module.LINES + 1


def test_a_failure_is_a_sentence_and_a_diff() -> None:
    error = failure("It is not so", 1, 2, minus="wanted")
    assert isinstance(error, AssertionError)
    assert str(error) == "It is not so (- wanted, + actual):\n\n- 1\n+ 2"


# Laws

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        st.builds(Point, inner, inner),
        st.frozensets(st.integers(0, 4), max_size=3),
    ),
    max_leaves=12,
)


@given(values, values)
def test_the_lines_without_a_plus_are_one_value_and_those_without_a_minus_the_other(stated: Any, actual: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_NEAR", 10_000)
        patch.setattr(module, "LINES", 10_000)
        text = difference(stated, actual).removesuffix("\n(they look the same, and are not equal)").splitlines()
    # An empty value stands in one line, and in two where the other one is not empty.
    assert "".join(line[2:].strip() for line in text if line[0] in " -") == in_a_row(stated)
    assert "".join(line[2:].strip() for line in text if line[0] in " +") == in_a_row(actual)


def in_a_row(value: Any) -> str:
    return "".join(line.strip() for line in lines_of(Part("", value)))


@given(values, values)
def test_what_differs_is_marked(stated: Any, actual: Any) -> None:
    marked = [line for line in difference(stated, actual).splitlines() if line[0] in "-+"]
    assert bool(marked) == (stated != actual)
