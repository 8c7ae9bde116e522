"""Search for a run that breaks a promise, and make it as short and plain as can be."""

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.generating.choosing import Likely
from orderlab.exploration.generating.likely import Commands
from orderlab.exploration.generating.promises import Promises
from orderlab.exploration.generating.running import run_of
from orderlab.exploration.generating.shrinking import shrunk
from orderlab.exploration.profiles import profile_of
from orderlab.exploration.searching.predicates import Asked
from orderlab.exploration.trace import Trace


def falsify(
    domain: Decider[Any] | Reducer[Any],
    *,
    always: Asked = (),
    every_step: Asked = (),
    commands: Commands = None,
    profile: str = "quick",
    start: Any = None,
) -> Trace | None:
    """Search for a run that breaks a promise; return the shortest and plainest found, or None.

    Every domain promises that nothing is raised and that live equals replayed. It is a search by chance, the same at
    every run: None is no proof. `explore` proves, for a domain small enough.

    Args:
        domain: A decider, or a reducer.
        always: What must hold of every state: a function, some, or some by name.
        every_step: What must hold of every `TraceStep`: the command, what came of it, and the states around it.
        commands: A list of commands, a function from a state to some, or a strategy; made from the types if None.
        profile: How hard to try: `quick`, `thorough` or `exhaustive`.
        start: The state before the first command; the reducer's own initial state if None.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: An argument is of the wrong kind.
        ValueError: There is no such profile.

    >>> from orderlab.orders.decider import ORDERS
    >>> def nothing_is_shipped(state):
    ...     return all(order.status.name != "shipped" for order in state.entities.values())
    >>> falsify(ORDERS, always=nothing_is_shipped).outcomes
    ('OrderPlaced', 'OrderShipped')
    """
    chosen = profile_of(profile)
    promises, most = Promises(always, every_step), chosen.stateful_step_count
    run = run_of(domain, start=start, commands=commands, max_size=most, promises=promises)
    if isinstance(run.ask, Likely):  # else the commands are somebody's strategy, and only Hypothesis can simplify those
        chosen = settings(chosen, phases=[Phase.generate])
    always_the_same = Random(0)  # noqa: S311 - repeatability is the purpose, not secrecy
    try:
        found = find(
            run.choices(), lambda choices: run.played(choices).title != "", settings=chosen, random=always_the_same
        )
    except NoSuchExample:
        return None
    trace = shrunk(run, found)
    return replace(trace, title=f"Breaks: {trace.title}")
