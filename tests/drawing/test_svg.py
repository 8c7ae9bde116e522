from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from orderlab.drawing import svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</text><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "' onload='alert(1)",
    "a & b < c > d",
    "&lt;b&gt;",
    "]]>",
    "<!-- -->",
    "漢字 👩🏽‍🚀 é",
    "",
]
NOT_IN_XML = ["\x00", "a\x0bb", "\x1b[31m", "\ud800", "\ufffe"]

each_hostile = pytest.mark.parametrize("content", HOSTILE)


class Attributes(HTMLParser):
    """Collects every start tag of an HTML fragment with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


# Elements


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (svg.element("g"), "<g/>"),
        (svg.element("g", "<a/>", "<b/>"), "<g><a/><b/></g>"),
        (svg.element("line", x1=0, stroke_width=1.5), '<line x1="0" stroke-width="1.5"/>'),
        (svg.element("marker", markerWidth=8), '<marker markerWidth="8"/>'),
        (svg.element("g", class_="x"), '<g class="x"/>'),
    ],
)
def test_an_element_is_written_with_its_children_and_attributes(made: str, written: str) -> None:
    assert made == written


@each_hostile
def test_an_attribute_comes_back_as_it_was_given(content: str) -> None:
    assert ElementTree.fromstring(svg.element("rect", id=content)).attrib == {"id": content}


@each_hostile
def test_a_text_comes_back_as_it_was_given(content: str) -> None:
    element = ElementTree.fromstring(svg.text(content, 1, 2))
    assert "".join(element.itertext()) == content
    assert list(element) == []


def test_a_text_is_centred_on_its_point() -> None:
    element = ElementTree.fromstring(svg.text("x", 1, 2.5))
    assert (element.get("x"), element.get("y"), element.get("text-anchor")) == ("1", "2.5", "middle")


# Documents


def test_a_document_is_xml_with_a_size() -> None:
    root = ElementTree.fromstring(svg.document(30, 20, title="t"))
    assert (root.tag, root.get("width"), root.get("height"), root.get("viewBox")) == (
        f"{SVG}svg",
        "30",
        "20",
        "0 0 30 20",
    )


def test_a_document_has_an_opaque_background_under_everything_else() -> None:
    root = ElementTree.fromstring(svg.document(30, 20, svg.element("circle"), title="t"))
    title, background, circle = root
    assert (title.tag, circle.tag) == (f"{SVG}title", f"{SVG}circle")
    assert (background.tag, background.attrib) == (f"{SVG}rect", {"width": "30", "height": "20", "fill": "#ffffff"})


@each_hostile
def test_the_title_of_a_document_comes_back_as_it_was_given(content: str) -> None:
    title = ElementTree.fromstring(svg.document(30, 20, title=content))[0]
    assert (title.text or "") == content


@pytest.mark.parametrize("content", NOT_IN_XML, ids=ascii)
def test_a_document_is_xml_also_with_characters_that_xml_does_not_have(content: str) -> None:
    drawn = svg.document(30, 20, svg.text(f"<{content}>", 1, 2), svg.element("g", id=content), title=content)
    root = ElementTree.fromstring(drawn.encode())
    assert len(root) == 4


# Images


@each_hostile
def test_an_image_is_one_tag_with_its_text_and_its_picture_and_the_rule_of_its_theme(content: str) -> None:
    picture = svg.document(30, 20, title=content)
    (tag, attributes), (rule, _) = Attributes(svg.image(picture, alt=content)).tags
    assert (tag, set(attributes), attributes["alt"] or "") == ("img", {"alt", "src"}, content)
    assert rule == "style"


def test_an_image_holds_its_picture_in_its_address() -> None:
    picture = svg.document(30, 20, title="漢字")
    (_, attributes), _ = Attributes(svg.image(picture, alt="")).tags
    kind, _, data = (attributes["src"] or "").partition(",")
    assert (kind, b64decode(data).decode()) == ("data:image/svg+xml;base64", picture)
