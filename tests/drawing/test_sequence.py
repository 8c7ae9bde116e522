from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab.drawing.lettering import width_of
from orderlab.drawing.sequence import Message, SequenceDiagram, Turn
from orderlab.drawing.shapes import Rectangle

SVG = "{http://www.w3.org/2000/svg}"

ORDER = SequenceDiagram(
    ("you", "order decider", "log"),
    (
        Turn("", note="at first: no order yet"),
        Turn(
            "1",
            (Message("you", "order decider", "PlaceOrder"), Message("order decider", "log", "OrderPlaced", "good")),
            "order-1: draft → placed",
        ),
        Turn(
            "2",
            (
                Message("you", "order decider", "ShipOrder order-1"),
                Message("order decider", "you", "no: InvalidOrderState", "refused", dashed=True),
            ),
            "order-1 is cancelled",
            is_new=False,
            remark="A cancelled order stays where it is",
        ),
    ),
    "An order",
)


def rooms(svg: str) -> list[tuple[str, Rectangle]]:
    """Return the texts of a picture with the room that each takes, reckoned generously."""
    found = []
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        size, said = float(text.attrib["font-size"]), text.text or ""
        width = width_of(said, size, bold=text.attrib["font-weight"] == "bold")
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        found.append((said, Rectangle(x - width / 2, y - size * 0.8, width, size)))
    return found


def assert_readable(diagram: SequenceDiagram) -> None:
    svg = diagram.to_svg()
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    texts = rooms(svg)
    for said, room in texts:
        assert room.x >= 0, said
        assert room.right <= width, said
        assert room.y >= 0, said
        assert room.bottom <= height, said
    for (one, room), (other, another) in combinations(texts, 2):
        assert room.shared_with(another) == 0, (one, other)


def test_everything_is_said_where_it_can_be_read() -> None:
    assert_readable(ORDER)
    said = [text for text, _ in rooms(ORDER.to_svg())]
    assert said == [
        "you",
        "order decider",
        "log",
        "then",
        "",
        "at first: no order yet",
        "1",
        "PlaceOrder",
        "OrderPlaced",
        "order-1: draft → placed",
        "2",
        "ShipOrder order-1",
        "no: InvalidOrderState",
        "order-1 is cancelled",
        "A cancelled order stays where it is",
    ]


words = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


@st.composite
def diagrams(draw: st.DrawFn) -> SequenceDiagram:
    names = draw(st.lists(words, min_size=2, max_size=5, unique=True))
    messages = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True).flatmap(
        lambda ends: st.builds(Message, st.just(ends[0]), st.just(ends[1]), words)
    )
    turns = st.builds(
        Turn, st.just("12"), st.lists(messages, max_size=3).map(tuple), words | st.just(""), st.booleans(), words
    )
    return SequenceDiagram(tuple(names), tuple(draw(st.lists(turns, max_size=4))), "Any")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(diagrams())
def test_no_text_ever_covers_another_or_leaves_the_picture(diagram: SequenceDiagram) -> None:
    assert_readable(diagram)


def test_what_is_shortened_has_its_whole_text_as_a_title() -> None:
    long = "a text of which nobody can see the end in a picture, however long the arrow is drawn"
    svg = SequenceDiagram(("a", "b"), (Turn("1", (Message("a", "b", long),), long, note=long),), "Long").to_svg()
    assert svg.count(f"<title>{long}</title>") == 3


def test_a_text_that_was_shortened_before_has_the_title_that_it_brings() -> None:
    turn = Turn("1", (Message("a", "b", "7f8b…", full="7f8b0a4e"),), "9c…", full="9c01")
    svg = SequenceDiagram(("a", "b"), (turn,), "Short").to_svg()
    assert "7f8b…<title>7f8b0a4e</title>" in svg
    assert "9c…<title>9c01</title>" in svg


def test_a_long_remark_is_broken_into_lines() -> None:
    turn = Turn("1", (Message("a", "b", "x"),), remark="a remark that is far too long for the picture " * 4)
    diagram = SequenceDiagram(("a", "b"), (turn,), "Remark")
    assert_readable(diagram)
    assert len(rooms(diagram.to_svg())) > 6


def test_an_answer_points_back_and_is_dashed() -> None:
    root = ElementTree.fromstring(ORDER.to_svg())
    [answer] = [line for line in root.iter(f"{SVG}line") if "stroke-dasharray" in line.attrib]
    assert float(answer.attrib["x1"]) > float(answer.attrib["x2"])


@pytest.mark.parametrize("word", ["style", "class", "script", "href"])
def test_it_has_presentation_attributes_only(word: str) -> None:
    root = ElementTree.fromstring(ORDER.to_svg())
    assert all(word not in element.attrib and not element.tag.endswith(word) for element in root.iter())


def test_its_ground_is_opaque_and_its_title_is_read_aloud() -> None:
    root = ElementTree.fromstring(ORDER.to_svg())
    ground = root.find(f"{SVG}rect")
    assert ground is not None
    assert ground.attrib["fill"] == "#ffffff"
    assert root[0].text == "An order"
    assert root.attrib["role"] == "img"


def test_nobody_and_nothing_is_a_picture_too() -> None:
    assert_readable(SequenceDiagram(("you",), (), "Nothing"))
