"""The live board: a running log, shown as it grows, in a notebook."""

import weakref
from asyncio import get_running_loop
from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.drawing import files, tables
from orderlab.drawing.machine import Machine
from orderlab.notebook import static
from orderlab.notebook.cells import stop_those_of_this_cell
from orderlab.notebook.following import Following
from orderlab.notebook.growing import GrowingLog
from orderlab.notebook.machines import machine_of
from orderlab.notebook.pictures import difference_table, machine_picture
from orderlab.notebook.recording import Way, record
from orderlab.notebook.showing import Bundle, show
from orderlab.notebook.sources import source_of
from orderlab.timeline.machine.statemachine import StateMachine

_NO_WHAT_IF = "A board only follows. What if is asked of a log at rest: TimeTravel(await Timeline.load(event_store))."


class LiveBoard:
    """Follow a running server, a store or an event store: the view of `TimeTravel`, to which every event is added.

    Who stands at the end of the log stays there while it grows; who has dragged back is left where he is. The board
    goes on until it is told to `stop`, its cell is run again, or nothing refers to it and it was never shown.

    Args:
        followed: A client, as `orderlab.connect(url)` gives it; a `Store` of this notebook; or an event store.
        reducer: The reducer of the domain of an event store; orders by default. A store has its own.
        machine: The state machine to be shown; computed from the decider where it is not given.
        title: What stands above it.

    Raises:
        TypeError: It is nothing that can be followed.
        RuntimeError: There is no running event loop.
    """

    def __init__(
        self,
        followed: Any,
        *,
        reducer: DeciderReducer[Any, Any] | None = None,
        machine: StateMachine | Machine | None = None,
        title: str | None = None,
    ) -> None:
        source, reducer = source_of(followed, reducer)
        decider = reducer.decider
        try:
            get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "LiveBoard follows a log in the running event loop, and there is none: a notebook has one, and "
                "elsewhere it is made inside an async function"
            ) from None
        self._view = _View(decider, machine, f"The log of every {decider.name}, live" if title is None else title)
        self._following = self._view.following = Following(source, decider, self._view)
        self._finalizer = weakref.finalize(self, _drop, self._following, self._view)
        self._finalizer.atexit = False
        stop_those_of_this_cell(self._following)

    @property
    def title(self) -> str:
        """What stands above it."""
        return self._view.title

    @property
    def position(self) -> int:
        """The position of the last event that is shown."""
        return self._following.shown

    @property
    def trouble(self) -> str:
        """What went wrong last, and what became of that, as a sentence; empty if all went well."""
        return self._following.trouble

    @property
    def is_live(self) -> bool:
        """Whether what happens is shown as it happens."""
        return self._following.is_live and not self._following.is_over

    async def caught_up(self) -> None:
        """Wait until it shows what is committed now.

        Raises:
            RuntimeError: It was stopped before.
            OrderlabError: The log cannot be reached.
        """
        await self._following.caught_up()

    def stop(self) -> None:
        """Let go of the log, and keep what is shown; stopping twice is harmless."""
        self._following.stop()

    def as_static(self) -> static.StaticView:
        """Return the log so far for a page without a kernel: it moves, but grows no more."""
        return static.StaticView(self.title, self._page(), self._picture())

    def export_html(self, path: str | PathLike[str]) -> Path:
        """Write the log so far as one file, which needs nothing but a browser; return where it is.

        Raises:
            OSError: The file cannot be written.
        """
        return static.write(path, self._page())

    def __repr__(self) -> str:
        state = "live" if self.is_live else "stopped" if self._following.is_over else "waiting"
        return f"<LiveBoard, {state}, at position {self.position:,}>"

    def _repr_html_(self) -> str:
        return self._picture()

    def _ipython_display_(self) -> None:
        show(self, self._shown_view)

    def _shown_view(self) -> Bundle:
        self._view.board = self  # so that it lives as long as what is on the page
        return self._view._repr_mimebundle_() or ({}, {})

    def _page(self) -> str:
        view, log = self._view, self._following.log
        data = log.recording().data
        return static.page(title=self.title, recording=data, machine=view._machine, step=log.position, pins=[])

    def _picture(self) -> str:
        return self._view.picture(self._following.log) + (f"<p>{escape(self.trouble)}</p>" if self.trouble else "")


class _View(anywidget.AnyWidget):
    """What the browser has of a board. It is not the board itself, for a widget is kept until the kernel ends."""

    _esm = files.script()
    _css = files.style()
    _recording = traitlets.Bytes().tag(sync=True)
    _machine = traitlets.Unicode().tag(sync=True)
    _log = traitlets.Int().tag(sync=True)
    _said = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)

    def __init__(self, decider: Decider[Any], machine: StateMachine | Machine | None, title: str) -> None:
        self.following: Following | None = None
        self.board: LiveBoard | None = None
        self._decider, self._given = decider, machine
        nothing = record((), noun=decider.name, start=decider.state_name(None))
        drawn = self._draw(())
        super().__init__(_recording=nothing.data, _machine=drawn, title=title)
        self.on_msg(self._asked)

    def show(self, log: GrowingLog) -> None:
        recording = log.recording()
        machine = self._draw(recording.ways)
        with self.hold_sync():
            self._recording, self._machine = recording.data, machine
            self._log += 1
        log.was_recorded()

    def draw(self, log: GrowingLog) -> None:
        self._machine = self._draw(tuple(log.taken))

    def keep(self, log: GrowingLog) -> None:
        self._recording = log.recording().data
        log.was_recorded()

    def add(self, after: int, messages: Sequence[dict[str, Any]]) -> None:
        self.send({"after": after, "events": messages})

    def say(self, words: str) -> None:
        self._said = words

    def can_show(self, way: Way) -> bool:
        return self._drawn is None or way in self._ways

    def picture(self, log: GrowingLog) -> str:
        """Return the machine as an image and the last entity as a table, which pass every sanitiser."""
        last = log.last
        machine = machine_picture(self._drawn, log.taken, None if last is None else last.after_name)
        if last is None:
            return machine + tables.fields({"events": 0})
        told = {
            "position": log.position,
            "time": last.recorded_at,
            "event": last.event_type,
            self._decider.name: last.key,
        }
        return machine + tables.fields(told) + difference_table(last.before, last.after)

    def _draw(self, ways: Sequence[Way]) -> str:
        self._drawn = machine_of(self._decider, ways, self._given)
        edges = () if self._drawn is None else self._drawn.edges
        self._ways = {Way(edge.source, event_type, edge.target) for edge in edges for event_type in edge.events}
        return "" if self._drawn is None else self._drawn.to_svg(findable=True)

    def _asked(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        """Answer a view that has just been opened, or that was asked for what a board does not know."""
        after, position = content.get("after"), content.get("what_if")
        if isinstance(after, int) and self.following is not None:
            self.following.answer(after)
        elif position is not None:
            self.send({"what_if": position, "nodes": [["p", _NO_WHAT_IF]]})


def _drop(following: Following, view: _View) -> None:
    following.stop()
    view.close()
