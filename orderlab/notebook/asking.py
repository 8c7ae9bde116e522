"""What a view asks the kernel, answered as short texts: it makes elements of them, and never takes them for markup."""

from typing import Any

from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif import what_if

_STEPS = 30
_HEADER = ["#", "", "outcome", "state", "why"]


def answer_to(timeline: Timeline[Any], position: Any) -> dict[str, Any]:
    """Return what would be if the event at a position had not happened: a title, sentences and tables."""
    try:
        told = what_if(timeline, drop=position).as_dict(most=_STEPS)
    except Exception as error:  # noqa: BLE001 - whoever asked sits before the page, not before the kernel's log
        return {"title": "", "sentences": [f"That cannot be told: {error}"], "tables": []}
    lanes = [
        _table(caption, told[name])
        for name, caption in (("facts", "The events, folded without it"), ("commands", "The commands, decided again"))
        if told[name] is not None
    ]
    event_type = timeline.event(position).event_type
    return {
        "title": f"What if {event_type} at {position:,} had not happened?",
        "sentences": told["explained"].splitlines(),
        "tables": lanes,
    }


def _table(caption: str, lane: dict[str, Any]) -> dict[str, Any]:
    rows = [
        [
            "" if step["position"] is None else f"{step['position']:,}",
            step["what"],
            step["outcome"],
            step["after"] if step["before"] == step["after"] else f"{step['before']} → {step['after']}",
            step["reason"],
        ]
        for step in lane["steps"]
    ]
    if lane["left_out"]:
        rows.append(["", f"and {lane['left_out']:,} more", "", "", ""])
    return {"caption": caption, "header": _HEADER, "rows": rows}
