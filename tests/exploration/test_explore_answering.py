"""What a search notes of a command is what `play` tells of it at length."""

from datetime import UTC, datetime
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit
from loans import LOANS

from orderlab.core.decider import Step
from orderlab.exploration.commands import commands_of
from orderlab.exploration.domain import reducer_of, start_of
from orderlab.exploration.playing import AT, play
from orderlab.exploration.searching.answering import Answering, Came
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer


class Broken:
    """A reducer that returns no step."""

    def initial_state(self) -> int:
        """Return the first state."""
        return 0

    def reduce(self, state: int, action: Any, env: Any) -> Any:
        """Forget the effects."""
        return state


NEW = (Deposit(None, 1), Deposit(None, 2))


@pytest.mark.parametrize(
    ("domain", "commands"),
    [
        (ORDERS, (*commands_of(ORDERS, entities=2), *commands_of(ORDERS), 3)),
        (OrderReducer(), commands_of(ORDERS)),
        (LOANS, commands_of(LOANS) * 2),
        (ACCOUNTS, (*NEW, *commands_of(ACCOUNTS), *NEW)),
        (Broken(), (1,)),
    ],
)
def test_it_is_the_same_in_short(domain: Any, commands: tuple[Any, ...]) -> None:
    reducer = reducer_of(domain)
    answering, state = Answering(reducer), start_of(reducer)
    for command in commands:
        step = play(reducer, state, command)
        came = answering.to(state, command, AT)
        assert came == Came(step.state, len(step.events), step.rejection is not None, step.failure)
        state = came.state


class Naming:
    """A reducer that draws ids."""

    def reduce(self, state: tuple[Any, ...], action: Any, env: Any) -> Step[tuple[Any, ...]]:
        """Keep two ids, a number and the time."""
        return Step((env.ids.new_id("x"), env.ids.new_id("x"), env.ids.new_uuid(), env.clock.now()))


def test_what_is_drawn_is_the_same_too() -> None:
    at = datetime(2025, 5, 5, tzinfo=UTC)
    answering = Answering(Naming())
    assert [answering.to((), 1, at).state for _ in range(2)] == [play(Naming(), (), 1, at=at).state] * 2
