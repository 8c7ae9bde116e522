"""Going through all states of a domain.

Ours is `explore`: the order decider, with all commands that are made for eight orders, valid and invalid; once for the
states alone, and once with an invariant that is asked of each whole state. The peer is the same search in the fewest
lines: a set, a list, and the reducer asked for every command on every state, with the same invariant. It has five
orders, for with eight it takes minutes; the share of the commands that are refused is the same.

What is counted is a transition: a command that causes something in some state. For each there are fourteen that are
refused, and these cost the peer most of its time; ours decides each once for each value of an order. That the states
and transitions are all there is checked: four to the power of the orders, and three for each order in a quarter of
the states that the others make.
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, stopwatch
from orderlab.core.decider import DeciderReducer
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderEnvironment

BARE, ASKED, PLAIN, TARGET = "states alone", "invariant", "plain search", "the target"
TRANSITIONS_A_SECOND = 300_000
ORDERS_OF_PEER = 5


def rows(run: Run) -> list[Row]:
    """Time a search through 65,536 states, a transition."""
    count = run.size(8, 3)
    seconds = run.medians(
        {
            BARE: partial(_ours, count, False),
            ASKED: partial(_ours, count, True),
            PLAIN: partial(_plain, min(count, ORDERS_OF_PEER)),
        }
    )
    seconds[TARGET] = 1 / TRANSITIONS_A_SECOND
    measure = f"Explore {4**count:,} states (µs a transition)"
    return [
        against_limit(measure, seconds, BARE, TARGET, goal=1),
        against_limit(measure, seconds, ASKED, TARGET, goal=1),
        against_rival(measure, seconds, BARE, PLAIN),
        against_rival(measure, seconds, ASKED, PLAIN),
    ]


def never_changed_twice(state: Any) -> bool:
    """Say that no order is changed once it is shipped or cancelled."""
    return all(order.version <= 2 for order in state.entities.values())


def _ours(count: int, is_asked: bool, folder: Path) -> float:
    commands = commands_of(ORDERS, entities=count)
    with stopwatch() as watch:
        explored = explore(ORDERS, commands, always=never_changed_twice if is_asked else ())
    assert explored.exhaustive
    assert explored.holds
    return watch.seconds / _checked(count, explored.states, explored.transitions)


def _plain(count: int, folder: Path) -> float:
    commands, reducer = commands_of(ORDERS, entities=count), DeciderReducer[Any, Any](ORDERS)
    env = OrderEnvironment(TestClock(), SequentialIds())
    with stopwatch() as watch:
        found = [reducer.initial_state()]
        seen, transitions = set(found), 0
        for state in found:
            for command in commands:
                step = reducer.reduce(state, command, env)
                if step.state is not state:
                    transitions += 1
                    if step.state not in seen:
                        seen.add(step.state)
                        found.append(step.state)
                        assert never_changed_twice(step.state)
    return watch.seconds / _checked(count, len(found), transitions)


def _checked(count: int, states: int, transitions: int) -> int:
    """Refuse to report the time of a search that found anything else; return the number of transitions."""
    assert (states, transitions) == (4**count, 3 * count * 4 ** (count - 1)), (states, transitions)
    return transitions
