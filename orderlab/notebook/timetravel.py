"""The time-travel widget: a log that one drags through, in a notebook."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from os import PathLike, fspath
from pathlib import Path
from re import fullmatch
from typing import Any

import traitlets

from orderlab.core.log import RecordedEvent
from orderlab.drawing import files, tables
from orderlab.drawing.machine import Machine
from orderlab.notebook import static
from orderlab.notebook.asking import answer_to
from orderlab.notebook.cells import stop_those_of_this_cell
from orderlab.notebook.machines import machine_of
from orderlab.notebook.pictures import difference_table, machine_picture
from orderlab.notebook.recording import record
from orderlab.notebook.showing import ShownView
from orderlab.timeline.machine.statemachine import StateMachine
from orderlab.timeline.timeline import Timeline


class TimeTravel(ShownView):
    """Drag through a log, in a notebook: the state machine lit, every event, and what it made of its entity.

    `step` is the position at which it stands, also after the reader has moved it; setting it moves the view. Under
    "Run all" what a reader does comes later than every cell: where a notebook needs a position, it says `goto`.

    Args:
        log: A `Timeline`, what has a `to_timeline()`, recorded events, or the path of an exported log.
        machine: The state machine to be shown; computed from the decider where it is not given.
        title: What stands above it.

    Raises:
        TypeError: The log is none of these.
    """

    _esm = files.script()
    _css = files.style()
    _recording = traitlets.Bytes().tag(sync=True)
    _machine = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int().tag(sync=True)
    pins = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        log: Any,
        *,
        machine: StateMachine | Machine | None = None,
        title: str | None = None,
    ) -> None:
        self.timeline: Timeline[Any] = _timeline_of(log)
        decider = self.timeline.decider
        self._log = record(self.timeline.steps(), noun=decider.name, start=decider.state_name(None))
        self._drawn = machine_of(decider, self._log.ways, machine)
        super().__init__(
            _recording=self._log.data,
            _machine="" if self._drawn is None else self._drawn.to_svg(findable=True),
            title=f"The log of every {decider.name}" if title is None else title,
            step=len(self.timeline),
        )
        self.on_msg(self._asked)
        stop_those_of_this_cell(self)

    def goto(self, position: int | datetime | str) -> None:
        """Go to a position, counted from the end if it is negative, or to the last one at a time.

        Args:
            position: A position, an aware time, or a time in ISO 8601, which is UTC where it names no zone.

        Raises:
            IndexError: There is no such position.
            TypeError: It is none of these.
            ValueError: The time has no zone, or the text is no time.
        """
        place = _time_in(position) if isinstance(position, str) else position
        if isinstance(place, datetime):
            self.step = self.timeline.position_at(place)
        else:
            self.step = _within(self.timeline, place)

    @property
    def state(self) -> Any:
        """The whole state at the present position."""
        return self.timeline[self.step]

    @property
    def event(self) -> RecordedEvent | None:
        """The event at the present position; None before the first."""
        return self.timeline.event(self.step) if self.step else None

    def as_static(self) -> static.StaticView:
        """Return the view for a page without a kernel: it moves, but answers no what-if."""
        return static.StaticView(self.title, self._page(), self._picture())

    def export_html(self, path: str | PathLike[str]) -> Path:
        """Write the view as one file, which needs nothing but a browser; return where it is.

        A file that was there before is replaced only when the new one is whole.

        Raises:
            OSError: The file cannot be written.
        """
        return static.write(path, self._page())

    def __repr__(self) -> str:
        recorded = self.event
        return f"<TimeTravel at {self.step:,} of {len(self.timeline):,} events{f': {recorded}' if recorded else ''}>"

    def _repr_html_(self) -> str:
        return self._picture()

    @traitlets.validate("step")
    def _valid_step(self, proposal: Mapping[str, Any]) -> int:
        try:
            return _within(self.timeline, proposal["value"])
        except IndexError as error:
            raise traitlets.TraitError(str(error)) from None

    @traitlets.validate("pins")
    def _valid_pins(self, proposal: Mapping[str, Any]) -> list[int]:
        try:
            return sorted({_within(self.timeline, position) for position in proposal["value"]})
        except IndexError as error:
            raise traitlets.TraitError(f"pins: {error}") from None

    def _asked(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        """Answer what the view asks."""
        position = content.get("what_if")
        self.send({"what_if": position, "nodes": answer_to(self.timeline, position)})

    def _page(self) -> str:
        return static.page(
            title=self.title, recording=self._recording, machine=self._machine, step=self.step, pins=list(self.pins)
        )

    def _picture(self) -> str:
        """Return the machine as an image and the present entity as a table, which pass every sanitiser."""
        timeline, step = self.timeline, self.step
        taken = self._log.taken(step)
        if step == 0:
            return machine_picture(self._drawn, taken, None) + tables.fields({"events": len(timeline), "position": 0})
        recorded = timeline.event(step)
        key = timeline.decider.key_in(recorded.stream_id)
        before, after = (timeline.entity(key, at=at) for at in (step - 1, step))
        told = {
            "position": f"{step:,} of {len(timeline):,}",
            "time": recorded.recorded_at,
            "event": recorded.event_type,
            timeline.decider.name: key,
        }
        machine = machine_picture(self._drawn, taken, timeline.decider.state_name(after))
        return machine + tables.fields(told) + difference_table(before, after)


def _within(timeline: Timeline[Any], position: Any) -> int:
    """Return a position that may be counted from the end as one from 0."""
    length = len(timeline)
    if isinstance(position, bool) or not hasattr(position, "__index__"):
        raise TypeError(f"a position is a whole number, or a time for goto, not {position!r}")
    found = int(position.__index__())
    if not -length - 1 <= found <= length:
        raise IndexError(
            f"there is no position {found:,}: this log has {length:,} events, so it goes from 0 to {length:,}"
        )
    return found if found >= 0 else length + 1 + found


def _time_in(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write it as '2025-01-31 12:00', in UTC; a position is a number without quotes"
        ) from None
    if fullmatch(r".*:\d\d:\d\d( UTC)?", text.strip()):
        time = time.replace(microsecond=999_999)  # a second as the view shows it is all of it
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _timeline_of(log: Any) -> Timeline[Any]:
    if isinstance(log, Timeline):
        return log
    if hasattr(log, "to_timeline"):
        return _timeline_of(log.to_timeline())
    if isinstance(log, str | PathLike):
        return Timeline.from_file(fspath(log))
    if hasattr(log, "read_all"):
        raise TypeError("an event store is loaded first: TimeTravel(await Timeline.load(event_store))")
    events = list(log) if isinstance(log, Iterable) else [log]
    if not all(isinstance(event, RecordedEvent) for event in events):
        raise TypeError(f"TimeTravel shows a Timeline, recorded events, or the path of an exported log, not {log!r}")
    return Timeline(events)
