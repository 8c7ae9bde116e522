"""What a view asks the kernel. The answer describes elements, as a tag and what is in it; a text in it stays a text."""

from re import split
from typing import Any

from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif.whatif import what_if

Node = str | list["Node"]
"""A text, or the name of a tag followed by the nodes in it."""

_STEPS = 30
_HEADER = ["#", "step", "outcome", "state", "why"]
_LANES = {"facts": "The events, folded without it", "commands": "The commands, decided again without it"}


def answer_to(timeline: Timeline[Any], position: Any) -> list[Node]:
    """Return what would be if the event at a position had not happened: sentences, and a table of each lane."""
    try:
        told = what_if(timeline, drop=position).as_dict(most=_STEPS)
        event_type = timeline.event(position).event_type
    except Exception as error:  # noqa: BLE001 - whoever asked sits before the page, not before the kernel's log
        return [["p", f"That cannot be told: {error}"]]
    return [
        ["p", ["b", f"What if {event_type} at {position:,} had not happened?"]],
        *[["p", *_with_code(sentence)] for sentence in told["explained"].splitlines()],
        *[_table(caption, told[lane]) for lane, caption in _LANES.items() if told[lane] is not None],
    ]


def _with_code(text: str) -> list[Node]:
    """Return a text as nodes, those in it that stand between backticks as code."""
    parts = split("`([^`]+)`", text)
    return [["code", part] if index % 2 else part for index, part in enumerate(parts) if part or len(parts) == 1]


def _table(caption: str, lane: dict[str, Any]) -> Node:
    rows = [_row("td", _cells(step)) for step in lane["steps"]]
    if lane["left_out"]:
        rows.append(_row("td", ["", f"and {lane['left_out']:,} more", "", "", ""]))
    return ["table", ["caption", caption], ["thead", _row("th", _HEADER)], ["tbody", *rows]]


def _row(tag: str, cells: list[str]) -> Node:
    shown: list[Node] = [[tag, *_with_code(cell)] for cell in cells]
    return ["tr", *shown]


def _cells(step: dict[str, Any]) -> list[str]:
    return [
        "" if step["position"] is None else f"{step['position']:,}",
        step["what"],
        step["outcome"],
        step["after"] if step["before"] == step["after"] else f"{step['before']} → {step['after']}",
        step["reason"],
    ]
