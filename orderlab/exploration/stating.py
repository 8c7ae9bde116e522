"""A run as a test that states what was seen."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace
    from orderlab.timeline.scenario.scenario_writer import PytestModule


def pytest_of(trace: "Trace", name: str | None, decider: str | None) -> "PytestModule":
    """Return a run as the text of a test module."""
    raise ValueError
