"""A small SVG writer. Presentation attributes only, so that the picture survives every sanitiser."""

import re
from base64 import b64encode
from html import escape as escape_html

from orderlab.drawing.theming import THEMED

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Return text as XML may hold it; a character that XML does not have becomes the replacement character."""
    return escape_html(_NOT_XML.sub("\ufffd", text))


def element(name: str, *children: str, **attributes: object) -> str:
    """Return an SVG element; underscores in attribute names become hyphens, text in them is escaped.

    >>> element("line", x1=0, stroke_width=2)
    '<line x1="0" stroke-width="2"/>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(
    content: str,
    x: float | str,
    y: float | str,
    *,
    size: int = 13,
    weight: str = "normal",
    fill: str = "#1f2933",
    title: str = "",
    **attributes: object,
) -> str:
    """Return a line of text centred on a point; `title` is the whole of a text that is shortened."""
    return element(
        "text",
        escape(content) + (element("title", escape(title)) if title else ""),
        x=x,
        y=y,
        font_family="sans-serif",
        font_size=size,
        font_weight=weight,
        fill=fill,
        text_anchor="middle",
        **attributes,
    )


def document(width: int, height: int, *children: str, title: str) -> str:
    """Return a whole picture on an opaque background, with a title for screen readers."""
    return element(
        "svg",
        element("title", escape(title)),
        element("rect", width=width, height=height, fill="#ffffff"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        role="img",
    )


def image(svg: str, *, alt: str) -> str:
    """Return the picture as an HTML image, which is dark where JupyterLab is.

    Inline SVG is stripped from untrusted notebooks; a data address in an image passes everywhere.
    """
    encoded = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{encoded}">{THEMED}'
