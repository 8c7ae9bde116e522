"""A script: commands with the times at which they were given, to be played into a store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class TimedCommand:
    """A command, when it was given, and a key that makes a second run of the same script harmless.

    Args:
        at: Aware UTC; the runtime decides as of this instant and records it.
        command: The domain's command.
        key: Unique in the script and the same at every run: `online-retail/536365`.
    """

    at: datetime
    command: Any
    key: str
