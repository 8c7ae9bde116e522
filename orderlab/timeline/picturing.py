"""The picture of a log: the state machine of its domain, with how often each way was gone."""

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import Decider
from orderlab.timeline.machine.statemachine import StateMachine
from orderlab.timeline.machine.verdict import naming_hint

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_MOST_COUNTED = 50_000
"""How many events are folded for a picture that nobody asked for."""


def picture_of(timeline: "Timeline[Any]") -> str:
    """Return the state machine of a log's domain as an HTML image, counted where the log is short enough.

    Of a machine that nobody could read there is a table instead. It is part of a representation, and never raises.
    """
    try:
        machine = machine_of(timeline.decider)
        shown = machine.counted(timeline) if len(timeline) <= _MOST_COUNTED else machine
        hint = naming_hint(shown)
        return shown.picture() + (f"<p>{escape(hint)}</p>" if hint else "")
    except Exception as error:  # noqa: BLE001 - a notebook shows this instead of the picture
        return f"<p>There is no picture of its state machine: {escape(str(error))}.</p>"


@lru_cache(maxsize=32)
def machine_of(decider: Decider[Any]) -> StateMachine:
    """Return the state machine of a domain, computed once."""
    return StateMachine.of(decider)
