"""What a view shows where nothing moves: an image of the machine, and the entity of one event as a table."""

from collections.abc import Mapping
from typing import Any

from orderlab.drawing import tables
from orderlab.drawing.machine import Machine
from orderlab.notebook.machines import counts_of, edge_counts_of
from orderlab.notebook.recording import Way
from orderlab.timeline.fields import fields_of, shown


def machine_picture(machine: Machine | None, taken: Mapping[Way, int], lit: str | None) -> str:
    """Return the machine as an image, with a state lit and counts on it; nothing if there is none.

    Args:
        machine: The machine.
        taken: How often each way was gone.
        lit: The state; the first one if None.
    """
    if machine is None:
        return ""
    return machine.picture(
        lit=machine.initial if lit is None else lit,
        counts=counts_of(machine, taken),
        edge_counts=edge_counts_of(machine, taken),
    )


def difference_table(before: Any, after: Any) -> str:
    """Return an entity's fields before and after an event as a table that says which are others now."""
    old, new = fields_of(before), fields_of(after)
    body = []
    for name in dict.fromkeys([*old, *new]):
        texts = [shown(each[name]) if name in each else "" for each in (old, new)]
        body.append([name, *texts, "" if texts[0] == texts[1] else "changed"])
    return tables.rows(["field", "before", "after", ""], body)
