"""Time travel: stand anywhere in a log."""

from orderlab.timeline.asof.moments import Moment
from orderlab.timeline.blame import Blame
from orderlab.timeline.branch.branches import Branches, side_by_side
from orderlab.timeline.branch.fork import Fork
from orderlab.timeline.comparison import Change
from orderlab.timeline.difference import Difference
from orderlab.timeline.fields import ABSENT
from orderlab.timeline.machine.statemachine import StateMachine
from orderlab.timeline.probe import ProbeFailed
from orderlab.timeline.search import Found
from orderlab.timeline.story import Story
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.unknown import UnknownEventType, UnknownField, UnknownKey
from orderlab.timeline.whatif.whatif import WhatIf

__all__ = [
    "ABSENT",
    "Blame",
    "Branches",
    "Change",
    "Difference",
    "Fork",
    "Found",
    "Moment",
    "ProbeFailed",
    "StateMachine",
    "Story",
    "Timeline",
    "UnknownEventType",
    "UnknownField",
    "UnknownKey",
    "WhatIf",
    "side_by_side",
]
