import re
from base64 import b64decode
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from orderlab.drawing.machine import Edge, Machine

SVG = "{http://www.w3.org/2000/svg}"

ORDERS = Machine(
    "draft",
    (
        Edge("draft", "placed", "PlaceOrder"),
        Edge("placed", "shipped", "ShipOrder"),
        Edge("placed", "cancelled", "CancelOrder"),
    ),
)
MACHINES = {
    "no edge": Machine("off", ()),
    "one edge": Machine("off", (Edge("off", "on", "press"),)),
    "orders": ORDERS,
    "circle": Machine("off", (Edge("off", "on", "press"), Edge("on", "off", "press"))),
    "itself": Machine("on", (Edge("on", "on", "press"),)),
    "unreachable": Machine("off", (Edge("lost", "found", "look"),)),
    "edges backwards": Machine("a", (Edge("c", "d", "3"), Edge("b", "c", "2"), Edge("a", "b", "1"))),
    "many": Machine("0", tuple(Edge("0", str(number), "go") for number in range(1, 12))),
    "hostile": Machine("<script>", (Edge("<script>", '"&amp;"', "</text><script>alert(1)</script>"),)),
    "empty names": Machine("", (Edge("", "", ""),)),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)

LIT = "#0b6e4f"
PRESENTATION = {
    *("x", "y", "x1", "y1", "x2", "y2", "rx", "d", "width", "height", "viewBox", "refX", "refY", "orient", "id"),
    *("markerWidth", "markerHeight", "marker-end", "fill", "stroke", "stroke-width", "role"),
    *("font-family", "font-size", "font-weight", "text-anchor"),
}


def boxes(machine: Machine, *, lit: str | None = None) -> list[ElementTree.Element]:
    return ElementTree.fromstring(machine.to_svg(lit=lit)).findall(f"{SVG}rect")[1:]


def texts(machine: Machine, counts: dict[str, int] | None = None) -> list[str]:
    root = ElementTree.fromstring(machine.to_svg(counts=counts))
    return [element.text or "" for element in root.findall(f"{SVG}text")]


def corner(box: ElementTree.Element) -> tuple[float, float]:
    return float(box.attrib["x"]), float(box.attrib["y"])


def test_the_states_are_those_that_the_edges_name_each_once() -> None:
    assert ORDERS.states == ("draft", "placed", "shipped", "cancelled")


def test_a_machine_without_edges_has_its_initial_state() -> None:
    assert Machine("off", ()).states == ("off",)


@each_machine
@pytest.mark.parametrize("lit", [None, "off", "no such state"])
@pytest.mark.parametrize("counts", [None, {}, {"off": 0, "no such state": 1_000_000}])
def test_a_machine_of_any_shape_is_drawn_as_xml(
    machine: Machine, lit: str | None, counts: dict[str, int] | None
) -> None:
    assert ElementTree.fromstring(machine.to_svg(lit=lit, counts=counts)).tag == f"{SVG}svg"


@each_machine
def test_a_machine_is_drawn_on_an_opaque_background(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg())
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.attrib == {"width": root.get("width"), "height": root.get("height"), "fill": "#ffffff"}


@each_machine
def test_a_machine_is_drawn_with_presentation_attributes_only(machine: Machine) -> None:
    elements = list(ElementTree.fromstring(machine.to_svg(lit="off", counts={"off": 1})).iter())
    assert {element.tag.removeprefix(SVG) for element in elements} <= {
        *("svg", "title", "rect", "defs", "marker", "path", "line", "text"),
    }
    assert {name for element in elements for name in element.attrib} <= PRESENTATION


@each_machine
def test_there_is_a_box_for_every_state(machine: Machine) -> None:
    assert len(boxes(machine)) == len(machine.states)


@each_machine
def test_there_is_an_arrow_for_every_edge(machine: Machine) -> None:
    lines = ElementTree.fromstring(machine.to_svg()).findall(f"{SVG}line")
    assert [line.get("marker-end") for line in lines] == ["url(#head)"] * len(machine.edges)


@each_machine
def test_every_state_and_edge_is_labelled_with_its_own_words(machine: Machine) -> None:
    assert sorted(texts(machine)) == sorted([*machine.states, *(edge.label for edge in machine.edges)])


@each_machine
def test_no_box_covers_another(machine: Machine) -> None:
    for one, other in combinations(boxes(machine), 2):
        (x1, y1), (x2, y2) = corner(one), corner(other)
        assert abs(x1 - x2) >= float(one.attrib["width"]) or abs(y1 - y2) >= float(one.attrib["height"])


@each_machine
def test_every_box_lies_inside_the_picture(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg())
    for box in boxes(machine):
        x, y = corner(box)
        assert min(x, y) >= 0
        assert x + float(box.attrib["width"]) <= float(root.attrib["width"])
        assert y + float(box.attrib["height"]) <= float(root.attrib["height"])


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name])


@each_machine
def test_the_name_and_the_count_of_a_state_stand_inside_its_box(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg(counts=dict.fromkeys(machine.states, 7)))
    drawn = [element for element in root if element.tag in (f"{SVG}rect", f"{SVG}text")][-3 * len(machine.states) :]
    for box, name, count in zip(drawn[::3], drawn[1::3], drawn[2::3], strict=True):
        left, top = corner(box)
        assert number(name, "x") == number(count, "x") == left + number(box, "width") / 2
        assert top < number(name, "y") < number(count, "y") < top + number(box, "height")


@pytest.mark.parametrize("machine", [MACHINES["one edge"], ORDERS], ids=["one edge", "orders"])
def test_an_arrow_leads_from_one_box_to_the_next(machine: Machine) -> None:
    box_of = dict(zip(machine.states, boxes(machine), strict=True))
    lines = ElementTree.fromstring(machine.to_svg()).findall(f"{SVG}line")
    for edge, line in zip(machine.edges, lines, strict=True):
        source, target = box_of[edge.source], box_of[edge.target]
        assert number(line, "x1") == number(source, "x") + number(source, "width")
        assert number(line, "y1") == number(source, "y") + number(source, "height") / 2
        assert 0 <= number(target, "x") - number(line, "x2") <= 10
        assert number(line, "y2") == number(target, "y") + number(target, "height") / 2


@pytest.mark.parametrize(("edge", "side"), [("PlaceOrder", -1), ("ShipOrder", -1), ("CancelOrder", 1)])
def test_a_label_stands_above_its_arrow_or_below_one_that_leads_down(edge: str, side: int) -> None:
    root = list(ElementTree.fromstring(ORDERS.to_svg()))
    (line, label) = next((one, two) for one, two in pairwise(root) if two.text == edge)
    middle = (number(line, "y1") + number(line, "y2")) / 2
    assert number(label, "x") == (number(line, "x1") + number(line, "x2")) / 2
    assert (number(label, "y") - middle) * side > 0


def test_states_stand_in_columns_by_their_distance_from_the_first() -> None:
    columns = [corner(box)[0] for box in boxes(ORDERS)]
    assert columns == sorted(columns)
    assert columns[2] == columns[3]
    assert len(set(columns)) == 3


@pytest.mark.parametrize(("lit", "fills"), [("placed", 1), (None, 0), ("no such state", 0)])
def test_one_state_is_lit_at_the_most(lit: str | None, fills: int) -> None:
    assert [box.get("fill") for box in boxes(ORDERS, lit=lit)].count(LIT) == fills


def test_the_state_that_is_lit_is_the_one_that_was_named() -> None:
    lit = dict(zip(ORDERS.states, (box.get("fill") for box in boxes(ORDERS, lit="shipped")), strict=True))
    assert lit["shipped"] == LIT


def test_a_count_is_written_under_its_state() -> None:
    shown = texts(ORDERS, {"placed": 1234, "shipped": 0})
    assert shown[shown.index("placed") + 1] == "1,234"
    assert shown[shown.index("shipped") + 1] == "0"
    assert shown[shown.index("draft") + 1] == "placed"


def title_of(machine: Machine, lit: str | None, counts: dict[str, int] | None) -> str:
    title = ElementTree.fromstring(machine.to_svg(lit=lit, counts=counts)).find(f"{SVG}title")
    assert title is not None
    return title.text or ""


@pytest.mark.parametrize(
    ("lit", "counts", "described"),
    [
        (None, None, "State machine: off to on by press"),
        ("on", None, "State machine: off to on by press; now on"),
        (None, {"off": 2, "on": 3}, "State machine: off to on by press; 2 off, 3 on"),
        (None, {}, "State machine: off to on by press"),
    ],
)
def test_a_machine_is_described_for_those_who_do_not_see_it(
    lit: str | None, counts: dict[str, int] | None, described: str
) -> None:
    machine = MACHINES["one edge"]
    assert title_of(machine, lit, counts) == described
    assert f'alt="{described}"' in machine.picture(lit=lit, counts=counts)


@each_machine
def test_the_image_holds_the_drawing(machine: Machine) -> None:
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', machine.picture(lit="off"))
    assert b64decode(data).decode() == machine.to_svg(lit="off")


def test_the_same_machine_is_drawn_the_same_every_time() -> None:
    assert ORDERS.to_svg(lit="placed") == ORDERS.to_svg(lit="placed")


def groups(machine: Machine, attribute: str) -> dict[str | None, list[str]]:
    root = ElementTree.fromstring(machine.to_svg(counts={"placed": 7}, findable=True))
    return {group.get(attribute): [each.tag for each in group] for group in root.findall(f"{SVG}g[@{attribute}]")}


def test_a_page_finds_each_state_by_its_name_the_count_after_the_name() -> None:
    found = groups(ORDERS, "data-state")
    assert tuple(found) == ORDERS.states
    assert found["placed"] == [f"{SVG}rect", f"{SVG}text", f"{SVG}text"]


def test_a_page_finds_each_arrow_by_what_causes_it() -> None:
    found = groups(ORDERS, "data-edge")
    assert list(found) == [edge.label for edge in ORDERS.edges]
    assert found["ShipOrder"] == [f"{SVG}line", f"{SVG}text"]


@each_machine
def test_what_can_be_found_is_drawn_as_what_cannot(machine: Machine) -> None:
    plain, findable = machine.to_svg(counts={"off": 1}), machine.to_svg(counts={"off": 1}, findable=True)
    assert re.sub(r"</?g\b[^>]*>", "", findable) == plain
