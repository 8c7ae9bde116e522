"""How a view shows itself in a cell: what moves, and before it a picture for where nothing can move."""

from collections.abc import Callable
from typing import Any, Protocol

import anywidget
from IPython.core.getipython import get_ipython
from IPython.display import display

from orderlab.notebook import static

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""What is shown, by its kind, and what is said of it, as a notebook takes it."""


class Pictured(Protocol):
    """What has a picture of itself."""

    def _repr_html_(self) -> str: ...


def show(pictured: Pictured, view: Callable[[], Bundle]) -> None:
    """Show a view, and before it, as an output of its own, the picture for where there is no view.

    In one output they would not do: a notebook that is saved with the state of its widgets shows the view alone, and
    without internet that is nothing. A terminal gets one line.
    """
    if not hasattr(get_ipython(), "kernel"):
        display({"text/plain": repr(pictured)}, raw=True)  # type: ignore[no-untyped-call]
        return
    picture = {"text/plain": repr(pictured), "text/html": static.still(pictured._repr_html_())}
    display(picture, raw=True)  # type: ignore[no-untyped-call]
    data, metadata = view()
    display({**data, "text/plain": "", "text/html": ""}, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


class ShownView(anywidget.AnyWidget):
    """A widget with a picture of itself, which is closed when its cell is run again."""

    def stop(self) -> None:
        """Let go of what it shows for good, as a cell that is run again does with what it has shown before."""
        self.close()

    def _repr_html_(self) -> str:
        """Return the picture, which passes every sanitiser."""
        return f"<pre>{self!r}</pre>"

    def _repr_mimebundle_(self, **options: Any) -> Bundle:
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**data, "text/plain": repr(self), "text/html": self._repr_html_()}, metadata

    def _ipython_display_(self) -> None:
        show(self, self._repr_mimebundle_)
