"""What comes of a command, in short: all that a search of thousands of states has to know of it.

`play` tells the same at length. That both agree is tested; a run that is shown is always one that was played.
"""

from datetime import datetime
from typing import Any, NamedTuple

from orderlab.core.decider import Reducer, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import FixedClock
from orderlab.exploration.domain import entities_of
from orderlab.exploration.playing import told
from orderlab.orders.reducer import OrderEnvironment
from orderlab.timeline.whatif.redeciding import UnusedIds


class Came(NamedTuple):
    """What came of a command: the state after it, how many events it caused, and whether it was refused.

    `failure` is what was raised, in one line.
    """

    state: Any
    events: int = 0
    is_refused: bool = False
    failure: str = ""


class Answering:
    """Have commands decided, each at its own time, with the first ids that a state does not have yet.

    Args:
        reducer: The domain's reducer.
    """

    def __init__(self, reducer: Reducer[Any]) -> None:
        self._reduce = reducer.reduce
        self._ids = _FirstUnused()
        self._environments: dict[datetime, OrderEnvironment] = {}

    def to(self, state: Any, command: Any, at: datetime) -> Came:
        """Return what comes of a command."""
        env = self._environments.get(at)
        if env is None:
            env = self._environments[at] = OrderEnvironment(FixedClock(at), self._ids)
        self._ids.begin(state)
        try:
            step = self._reduce(state, command, env)
            if not isinstance(step, Step):
                raise TypeError(f"reduce must return a Step, not {step!r}")
            events, is_said = 0, False
            for effect in step.effects:
                if isinstance(effect, AppendEvents):
                    events += len(effect.events)
                elif isinstance(effect, Emit):
                    is_said = is_said or effect.action is not None
        except Exception as error:  # noqa: BLE001 - what a faulty domain raises is what came of the command
            return Came(state, failure=told(error))
        return Came(step.state, events, is_said and not events)


class _FirstUnused:
    """Ids as `play` draws them, made only for the commands that draw one."""

    def __init__(self) -> None:
        self._state: Any = None
        self._ids: UnusedIds | None = None

    def begin(self, state: Any) -> None:
        """Begin again, with the ids that a state does not have."""
        self._state, self._ids = state, None

    def new_id(self, kind: str) -> str:
        """Return the next id of this kind that the state does not have."""
        return self._drawing().new_id(kind)

    def new_uuid(self) -> Any:
        """Return the next UUID."""
        return self._drawing().new_uuid()

    def _drawing(self) -> UnusedIds:
        if self._ids is None:
            self._ids = UnusedIds(entities_of(self._state).__contains__)
        return self._ids
