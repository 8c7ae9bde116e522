"""The quick search and the plain one find the same in domains that chance has made."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab.core.decider import Decider
from orderlab.exploration.explore import explore
from orderlab.exploration.inevitable import inevitable
from orderlab.exploration.trace import Trace

VALUES, KINDS = 5, 3


@dataclass(frozen=True)
class Do:
    """A command of some kind about an entity."""

    key: str
    kind: int


@dataclass(frozen=True)
class Done:
    """A fact: the entity has another value now."""

    key: str
    value: int


@dataclass(frozen=True)
class Refused:
    """Nothing has happened."""


Table = dict[tuple[int, int], Any]
"""By value and kind, what comes of a command: the values it goes through, or a word for what else."""


def domain(table: Table) -> Decider[Any]:
    """Return a domain that does what is written in a table; no entity is like one of value zero."""

    def decide(command: Do, entity: int | None, *, key: str, at: Any) -> Any:
        comes = table[entity or 0, command.kind]
        if comes == "raises":
            raise RuntimeError("as it is written")
        return Refused() if comes == "refused" else tuple(Done(key, value) for value in comes)

    return Decider("thing", decide, lambda _, event: event.value, lambda each: each.key, (Do,), (Done,), (Refused,))


def tables(*others: Any) -> st.SearchStrategy[Table]:
    """Return tables, in which there are also these words."""
    comes = st.lists(st.integers(0, VALUES - 1), max_size=2).map(tuple) | st.sampled_from(others)
    places = [(value, kind) for value in range(VALUES) for kind in range(KINDS)]
    return st.fixed_dictionaries(dict.fromkeys(places, comes))


COMMANDS = [Do(key, kind) for key in ("a", "b", "c") for kind in range(KINDS)]


@settings(max_examples=40, deadline=None)
@given(tables("refused"))
def test_both_searches_count_the_same(table: Table) -> None:
    decider = domain(table)
    assert explore(decider, COMMANDS) == explore(decider, lambda state: COMMANDS)


@settings(max_examples=40, deadline=None)
@given(tables("refused", "raises"), st.integers(1, VALUES - 1), st.none() | st.integers(0, 4))
def test_both_searches_find_runs_that_are_as_short(table: Table, value: int, depth: int | None) -> None:
    def has_two(state: Any) -> bool:
        return list(state.entities.values()).count(value) == 2

    asked: dict[str, Any] = {"depth": depth, "always": {"never two": lambda state: not has_two(state)}}
    quick, plain = (explore(domain(table), each, **asked) for each in (COMMANDS, lambda state: COMMANDS))
    assert (quick.counterexample is None) == (plain.counterexample is None)
    if quick.counterexample is None or plain.counterexample is None:
        assert quick == plain
        return
    assert len(quick.counterexample) == len(plain.counterexample)
    last = quick.counterexample.steps[-1]
    assert last.failure if quick.broken == "nothing is raised" else has_two(last.state)


@settings(max_examples=60, deadline=None)
@given(tables("refused", "refused", "refused"), st.lists(st.sampled_from(COMMANDS[:6]), min_size=1, max_size=6))
def test_a_bad_end_is_avoidable_as_long_as_a_good_one_can_be_found(table: Table, given_commands: list[Do]) -> None:
    decider, commands = domain(table), COMMANDS[:6]
    trace = Trace.of(decider, given_commands)
    spoilt = trace.state.entities.get("a")

    def is_good_end(state: Any) -> bool:
        left = [table[state.entities.get(each.key) or 0, each.kind] for each in commands]
        return not any(isinstance(comes, tuple) and comes for comes in left) and state.entities.get("a") != spoilt

    ways_out = [
        place
        for place, state in enumerate(trace.states)
        if explore(decider, commands, start=state, sometimes={"good": is_good_end}).reached
    ]
    found = inevitable(trace, lambda state: state.entities.get("a") == spoilt, commands=commands)
    if ways_out:
        assert found.step == ways_out[-1] + 1
        assert found.rescue is not None
        assert is_good_end(found.rescue.state)
    elif any(explore(decider, commands, start=state).ends for state in trace.states):
        assert found.never_avoidable
