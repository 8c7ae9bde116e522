"""Play one command on a state, as the runtime would, and tell all that came of it."""

from datetime import UTC, datetime
from typing import Any

from orderlab.core.decider import Decider, Reducer, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import FixedClock
from orderlab.core.log import NewEvent
from orderlab.exploration.domain import decider_of, entities_of
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.reducer import OrderEnvironment
from orderlab.timeline.whatif.redeciding import UnusedIds

AT = datetime(2025, 1, 1, tzinfo=UTC)
"""When commands are decided unless somebody says another time; a `TestClock` starts at it too."""


def play(reducer: Reducer[Any], state: Any, command: Any, *, at: datetime = AT, writer: str = "") -> TraceStep:
    """Have a command decided on a state, and return what came of it; what is raised is told, and changes nothing.

    An id that is left to be drawn is the first of `order-1`, `order-2`, … that the state does not have: the same at
    every run.

    Args:
        reducer: The domain's reducer.
        state: The state that the command meets.
        command: The command.
        at: When it is decided, aware.
        writer: Who gives it.
    """
    env = OrderEnvironment(FixedClock(at), UnusedIds(entities_of(state).__contains__))
    decider = decider_of(reducer)
    key = _key_in(decider, command)
    try:
        step = reducer.reduce(state, command, env)
        if not isinstance(step, Step):
            raise TypeError(f"reduce must return a Step, not {step!r}")
        effects = tuple(step.effects)
        appended = (each for effect in effects if isinstance(effect, AppendEvents) for each in effect.events)
        events = tuple(each.event if isinstance(each, NewEvent) else each for each in appended)
        said = next((effect.action for effect in effects if isinstance(effect, Emit)), None)
    except Exception as error:  # noqa: BLE001 - what a faulty domain raises is what came of the command
        return TraceStep(command, at, state, state, failure=told(error), key=key, writer=writer)
    return TraceStep(
        command,
        at,
        state,
        step.state,
        events,
        None if events else said,
        key=_key_in(decider, events[0]) if events else key,
        writer=writer,
        effects=effects,
    )


def told(error: Exception) -> str:
    r"""Return what was raised in one line, and never raise.

    >>> told(ValueError("no\nsuch thing")), told(KeyError())
    ('ValueError: no such thing', 'KeyError')
    """
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception that cannot be told has a name all the same
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _key_in(decider: Decider[Any] | None, action: Any) -> str | None:
    """Return the key of the entity that an action is about, where it can be told."""
    try:
        key = decider.key_of(action) if decider is not None else getattr(action, "order_id", None)
    except Exception:  # noqa: BLE001 - a faulty domain; that it fails is told by what came of the command
        return None
    return key if isinstance(key, str) else None
