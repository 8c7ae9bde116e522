import re
from base64 import b64decode
from itertools import combinations, pairwise
from time import process_time
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab.drawing.lettering import width_of
from orderlab.drawing.machine import Edge, Machine
from orderlab.drawing.shapes import Rectangle

SVG = "{http://www.w3.org/2000/svg}"

ORDERS = Machine(
    "draft",
    (
        Edge("draft", "placed", "PlaceOrder"),
        Edge("placed", "shipped", "ShipOrder"),
        Edge("placed", "cancelled", "CancelOrder"),
    ),
)
GARAGE = Machine(
    "empty",
    (
        Edge("empty", "free", "Enter"),
        Edge("free", "empty", "Leave"),
        Edge("free", "free", "Enter"),
        Edge("free", "free", "Leave"),
        Edge("free", "full", "Enter"),
        Edge("full", "free", "Leave"),
        Edge("full", "full", "Pay"),
        Edge("free", "closed", "CloseForTheNight"),
        Edge("empty", "closed", "CloseForTheNight"),
        Edge("closed", "empty", "Open"),
    ),
    named=("empty", "free", "full", "closed", "flooded"),
)
RETURNS = Machine(
    "none",
    (
        Edge("none", "requested", "RequestReturn"),
        Edge("requested", "approved", "Approve"),
        Edge("requested", "rejected", "Reject"),
        Edge("rejected", "requested", "Appeal"),
        Edge("approved", "approved", "Remind"),
        Edge("approved", "in transit", "SendParcel"),
        Edge("approved", "expired", "Expire"),
        Edge("in transit", "expired", "Expire"),
        Edge("in transit", "received", "Receive"),
        Edge("received", "requested", "Reopen"),
        Edge("received", "refunded", "Refund"),
        Edge("received", "rejected", "Reject"),
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
    "hostile": Machine("<script>", (Edge("<script>", '"&amp;"', "<b>&'</b>", ('"x"',)),)),
    "twice": Machine(
        "off", (Edge("off", "on", "press"), Edge("off", "on", "call"), Edge("off", "on", "kick", (), True))
    ),
    "alone": Machine("off", (Edge("off", "on", "press"),), named=("off", "broken", "on", "lost")),
    "accounts": Machine(
        "none", (Edge("none", "open", "pay"), Edge("open", "open", "pay"), Edge("open", "open", "take"))
    ),
    "garage": GARAGE,
    "returns": RETURNS,
    "empty names": Machine("", (Edge("", "", ""),)),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)

LIT = "#0b6e4f"
POINT = r"(-?[0-9.]+),(-?[0-9.]+)"
PRESENTATION = {
    *("x", "y", "x1", "y1", "x2", "y2", "rx", "d", "width", "height", "viewBox", "refX", "refY", "orient", "id"),
    *("markerWidth", "markerHeight", "marker-end", "fill", "stroke", "stroke-width", "role"),
    *("font-family", "font-size", "font-weight", "text-anchor", "stroke-dasharray"),
}


def boxes(machine: Machine, *, lit: str | None = None) -> list[ElementTree.Element]:
    """Return the rims of the states as they are drawn, which may not be the order of the states."""
    return [
        box for box in ElementTree.fromstring(machine.to_svg(lit=lit)).findall(f"{SVG}rect") if box.get("rx") == "9"
    ]


def box_of(machine: Machine, state: str, **shown: Any) -> ElementTree.Element:
    """Return what is drawn of a state: its group."""
    groups = ElementTree.fromstring(machine.to_svg(findable=True, **shown)).findall(f"{SVG}g[@data-state]")
    return next(group for group in groups if group.get("data-state") == state)


def arrows(machine: Machine, **shown: Any) -> list[ElementTree.Element]:
    """Return the groups of all arrows."""
    return ElementTree.fromstring(machine.to_svg(findable=True, **shown)).findall(f"{SVG}g[@data-source]")


def rim(machine: Machine, state: str, **shown: Any) -> ElementTree.Element:
    """Return the rim of a state."""
    found = box_of(machine, state, **shown).find(f"{SVG}rect")
    assert found is not None
    return found


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
def test_there_is_an_arrow_for_every_two_states_that_an_edge_joins(machine: Machine) -> None:
    joined = list(dict.fromkeys((edge.source, edge.target, edge.dashed) for edge in machine.edges))
    drawn = arrows(machine)
    assert [(arrow.get("data-source"), arrow.get("data-target")) for arrow in drawn] == [each[:2] for each in joined]
    assert [arrow[0].get("marker-end") for arrow in drawn] == ["url(#head)"] * len(joined)
    assert [arrow[0].get("stroke-dasharray") is not None for arrow in drawn] == [each[2] for each in joined]


@each_machine
def test_every_state_and_edge_is_labelled_with_its_own_words(machine: Machine) -> None:
    labels = {(edge.source, edge.target, edge.label) for edge in machine.edges}
    assert sorted(texts(machine)) == sorted([*machine.states, *(label for _, _, label in labels)])


def test_edges_between_the_same_two_states_are_one_arrow_with_a_line_for_each() -> None:
    solid, dashed = arrows(MACHINES["twice"])
    assert [text.text or "" for text in solid.findall(f"{SVG}text")] == ["press", "call", ""]
    assert (solid.get("data-edge"), dashed.get("data-edge")) == ("press call", "kick")


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
    for state in machine.states:
        box, *_, name, count = box_of(machine, state, counts=dict.fromkeys(machine.states, 7))
        left, top = corner(box)
        assert number(name, "x") == number(count, "x") == pytest.approx(left + number(box, "width") / 2, abs=0.11)
        assert top < number(name, "y") < number(count, "y") < top + number(box, "height")


@pytest.mark.parametrize("machine", [MACHINES["one edge"], ORDERS], ids=["one edge", "orders"])
def test_an_arrow_leads_from_one_box_to_the_next(machine: Machine) -> None:
    for edge, (line, *_) in zip(machine.edges, arrows(machine), strict=True):
        source, target = rim(machine, edge.source), rim(machine, edge.target)
        assert number(line, "x1") == pytest.approx(number(source, "x") + number(source, "width"), abs=0.11)
        assert number(line, "y1") == number(source, "y") + number(source, "height") / 2
        assert 0 <= number(target, "x") - number(line, "x2") <= 10
        assert number(line, "y2") == number(target, "y") + number(target, "height") / 2


def rooms(machine: Machine) -> dict[str, Rectangle]:
    """Return the room that each line of text of an arrow takes, by what it is; the last one, of several alike."""
    found = {}
    for arrow in arrows(machine):
        for text in arrow.findall(f"{SVG}text")[:-1]:
            width, x, y = width_of(text.text or "", 15), number(text, "x"), number(text, "y")
            found[f"{arrow.get('data-source')}-{arrow.get('data-target')} {text.text}"] = Rectangle(
                x - width / 2, y - 12, width, 14
            )
    return found


common = pytest.mark.parametrize("name", ["one edge", "orders", "circle", "itself", "accounts", "garage", "returns"])


@common
def test_the_texts_of_arrows_cover_no_box_and_no_other_text(name: str) -> None:
    machine = MACHINES[name]
    texts = rooms(machine)
    for state in machine.states:
        box = rim(machine, state)
        place = Rectangle(*corner(box), number(box, "width"), number(box, "height"))
        assert [text for text, room in texts.items() if room.shared_with(place)] == []
    assert [pair for pair in combinations(texts, 2) if texts[pair[0]].shared_with(texts[pair[1]])] == []


@each_machine
def test_every_text_lies_inside_the_picture(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg(findable=True))
    for room in rooms(machine).values():
        assert min(room.x, room.y) >= 0
        assert room.right <= float(root.attrib["width"])
        assert room.bottom <= float(root.attrib["height"])


def test_the_order_machine_can_be_read_on_a_telephone() -> None:
    root = ElementTree.fromstring(ORDERS.to_svg())
    smallest = min(number(text, "font-size") for text in root.iter(f"{SVG}text"))
    assert smallest * 360 / float(root.attrib["width"]) >= 10


@pytest.mark.parametrize(("edge", "side"), [("PlaceOrder", -1), ("ShipOrder", -1), ("CancelOrder", 1)])
def test_a_label_stands_above_its_arrow_or_below_one_that_leads_down(edge: str, side: int) -> None:
    root = list(ElementTree.fromstring(ORDERS.to_svg()))
    (line, label) = next((one, two) for one, two in pairwise(root) if two.text == edge)
    middle = (number(line, "y1") + number(line, "y2")) / 2
    assert number(label, "x") == pytest.approx((number(line, "x1") + number(line, "x2")) / 2, abs=0.11)
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
    assert rim(ORDERS, "shipped", lit="shipped").get("fill") == LIT


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


def test_a_page_finds_each_arrow_by_what_causes_it_and_by_what_happens_on_it() -> None:
    edge = Edge("off", "on", "press", ("Pressed", "Lit"))
    (arrow,) = arrows(Machine("off", (edge,)), edge_counts={edge: 1234})
    assert dict(arrow.attrib) == {
        "data-source": "off",
        "data-target": "on",
        "data-edge": "press",
        "data-events": "Pressed Lit",
    }
    assert [each.tag for each in arrow] == [f"{SVG}line", f"{SVG}text", f"{SVG}text"]
    assert [arrow[2].get("data-count"), arrow[2].text] == ["", "1,234"]


@each_machine
def test_a_page_finds_one_count_in_each_state_and_arrow(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg(findable=True))
    assert [len(group.findall(f"{SVG}text[@data-count]")) for group in root.findall(f"{SVG}g")] == [1] * len(
        root.findall(f"{SVG}g")
    )


@each_machine
def test_what_can_be_found_is_drawn_as_what_cannot(machine: Machine) -> None:
    shown: Any = {"counts": dict.fromkeys(machine.states, 1), "edge_counts": dict.fromkeys(machine.edges, 2)}
    plain, findable = machine.to_svg(**shown), machine.to_svg(**shown, findable=True)
    assert re.sub(r"</?g\b[^>]*>", "", findable).replace(' data-count=""', "") == plain


def test_the_count_of_an_arrow_is_that_of_all_that_go_along_it() -> None:
    press, call, kick = MACHINES["twice"].edges
    solid, dashed = arrows(MACHINES["twice"], edge_counts={press: 2, call: 3, kick: 1})
    assert [arrow.findall(f"{SVG}text")[-1].text for arrow in (solid, dashed)] == ["5", "1"]


def test_a_state_that_nothing_leaves_has_a_double_rim() -> None:
    double = [state for state in ORDERS.states if len(box_of(ORDERS, state).findall(f"{SVG}rect")) == 2]
    assert double == ["shipped", "cancelled"]


def test_a_state_that_nothing_leads_to_has_a_dashed_rim() -> None:
    machine = MACHINES["alone"]
    assert [state for state in machine.states if rim(machine, state).get("stroke-dasharray")] == ["broken", "lost"]


def test_a_state_that_only_a_dashed_arrow_leads_to_has_a_dashed_rim_that_is_single() -> None:
    machine = Machine("off", (Edge("off", "on", "press"), Edge("off", "lost", "Lost", (), True)))
    assert [state for state in machine.states if rim(machine, state).get("stroke-dasharray")] == ["lost"]
    assert len(box_of(machine, "lost").findall(f"{SVG}rect")) == 1


def chain(length: int) -> Machine:
    return Machine("s0", tuple(Edge(f"s{number}", f"s{number + 1}", "Go") for number in range(length)))


@pytest.mark.parametrize(
    "machine",
    [
        chain(200),
        Machine("s0", tuple(Edge("s0", f"s{number}", "Go") for number in range(100))),
        Machine("s0", tuple(Edge(f"s{one}", f"s{two}", "Go") for one in range(13) for two in range(13))),
    ],
    ids=["chain", "star", "all to all"],
)
def test_a_large_machine_is_drawn_before_anybody_waits(machine: Machine) -> None:
    before = process_time()
    machine.to_svg()
    assert process_time() - before < 1


def test_a_machine_that_is_too_large_to_be_drawn_is_refused_in_a_sentence() -> None:
    says = "a machine with 1,501 states and 1,500 arrows cannot be drawn, for at most 1,200 of each are"
    with pytest.raises(ValueError, match=says):
        chain(1_500).to_svg()


def test_a_long_name_is_shortened_and_is_there_in_full_for_who_points_at_it() -> None:
    name = "waiting for the approval of somebody important"
    drawn = Machine("new", (Edge("new", name, "AskEverybodyInTheHouseForApproval"),)).to_svg()
    root = ElementTree.fromstring(drawn)
    full = {title.text: text.text for text in root.iter(f"{SVG}text") for title in text.findall(f"{SVG}title")}
    assert list(full) == ["AskEverybodyInTheHouseForApproval", name]
    assert all((short or "").endswith("…") for short in full.values())
    assert float(root.attrib["width"]) < 500


def test_a_machine_says_how_often_each_way_was_gone_to_those_who_do_not_see_it() -> None:
    edge = Edge("off", "on", "press")
    assert "off to on by press (3 times)" in Machine("off", (edge,)).picture(edge_counts={edge: 3})
    assert "off to on by press (unexpected)" in Machine("off", (Edge("off", "on", "press", (), True),)).picture()


def test_states_that_are_named_stand_in_that_order_and_are_drawn_without_an_arrow_too() -> None:
    assert MACHINES["alone"].states == ("off", "broken", "on", "lost")
    assert len(boxes(MACHINES["alone"])) == 4


names = st.sampled_from(["a", "b", "c", "d", "e f", "waiting for approval"])
machines = st.builds(
    Machine,
    names,
    st.lists(
        st.builds(Edge, names, names, st.sampled_from(["Go", "ComeBackAgain"]), dashed=st.booleans()), max_size=9
    ).map(tuple),
)


@settings(deadline=None)  # a picture of many arrows takes its time
@given(machines)
def test_whatever_the_machine_no_box_covers_another_and_all_is_inside_the_picture(machine: Machine) -> None:
    root = ElementTree.fromstring(machine.to_svg())
    places = [Rectangle(*corner(box), number(box, "width"), number(box, "height")) for box in boxes(machine)]
    assert len(places) == len(machine.states)
    assert not any(one.shared_with(other) for one, other in combinations(places, 2))
    points = [tuple(map(float, at)) for d in root.iterfind(f"{SVG}path") for at in re.findall(POINT, d.attrib["d"])]
    assert all(0 <= x <= float(root.attrib["width"]) for x, _ in points)
    assert all(0 <= y <= float(root.attrib["height"]) for _, y in points)
