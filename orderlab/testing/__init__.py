"""Tests of a domain, without an event loop and without waiting: `given(…).when(…).then(…)`, and `TestStore`.

`given` tests one command: what has happened, what is asked for, what then happens. `TestStore` tests a run of them
with their effects and their time, and is exhaustive: whatever a test does not state fails it. Both run the domain by
its own reducer, orders where nothing else is said, and both fail with a minus/plus diff.
"""

from orderlab.testing.scenario import AT, Given, When, given
from orderlab.testing.store import TestStore

__all__ = ["AT", "Given", "TestStore", "When", "given"]
