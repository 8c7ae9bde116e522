"""Time travel: stand anywhere in a log."""

from orderlab.timeline.branches import Branches, side_by_side
from orderlab.timeline.fork import Fork
from orderlab.timeline.moments import Moment
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif import WhatIf

__all__ = ["Branches", "Fork", "Moment", "Timeline", "WhatIf", "side_by_side"]
