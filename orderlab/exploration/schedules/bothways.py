"""The same writers without expected versions and with them, side by side: the lesson in one table."""

from dataclasses import dataclass

from orderlab.drawing import tables
from orderlab.exploration.schedules.found import Interleavings
from orderlab.timeline.unknown import counted


@dataclass(frozen=True, slots=True, repr=False)
class BothWays:
    """The same writers without expected versions and with them.

    Args:
        unchecked: What came of it without.
        checked: What came of it with.
    """

    unchecked: Interleavings
    checked: Interleavings

    @property
    def summary(self) -> str:
        """Both in one sentence."""
        if self.unchecked.losses == self.checked.losses and len(self.checked) == 1:
            return f"{self.checked.losses}, with expected versions or without them"
        return f"{self.unchecked.losses} without expected versions, {self.checked.lost:,} of {len(self.checked):,} with"

    def __repr__(self) -> str:
        return f"<BothWays of {counted(len(self.checked.writers), 'writer')}: {self.summary}>"

    def _repr_html_(self) -> str:
        header = ["schedules", "without expected versions", "with expected versions"]
        body = [
            ["all", len(self.unchecked), len(self.checked)],
            ["lose an update", self.unchecked.lost, self.checked.lost],
            ["somebody is told of a conflict", self.unchecked.conflicts, self.checked.conflicts],
            ["every writer knew of all before", _well(self.unchecked), _well(self.checked)],
        ]
        pictures = self.unchecked.grid.picture() + self.checked.grid.picture()
        return f"{tables.rows(header, body)}{pictures}"


def _well(found: Interleavings) -> int:
    return sum(not each.lost and not each.broken and not each.conflicts for each in found)
