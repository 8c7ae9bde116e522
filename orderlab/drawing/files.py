"""The front end as texts: one JavaScript module and its style, which notebook, exported pages and live page share."""

from functools import cache
from importlib.resources import files


@cache
def script() -> str:
    """Return the JavaScript module, `timetravel.js`."""
    return _text("timetravel.js")


@cache
def style() -> str:
    """Return its style sheet, `timetravel.css`."""
    return _text("timetravel.css")


def _text(name: str) -> str:
    return files("orderlab.drawing").joinpath(name).read_text("utf-8")
