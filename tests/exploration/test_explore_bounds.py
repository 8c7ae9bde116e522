"""How far a search goes, and what it says of it."""

import io
import sys
import tracemalloc
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit

from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.exploration.searching import watching
from orderlab.exploration.searching.watching import Progress
from orderlab.orders.decider import ORDERS

ENDLESS = [Deposit("a", 1)]


def each_way(commands: list[Any]) -> list[Any]:
    """Return commands so that both searches are used."""
    return [commands, lambda state: commands]


@pytest.mark.parametrize("commands", each_way(ENDLESS))
def test_a_search_that_may_not_go_deeper_says_so(commands: Any) -> None:
    explored = explore(ACCOUNTS, commands, depth=5)
    assert (explored.states, explored.depth, explored.exhaustive) == (6, 5, False)
    assert explored.why_not == "it stopped at depth=5, where 1 state was not gone beyond"
    assert explored.sentences()[0] == f"It is not exhaustive: {explored.why_not}."


@pytest.mark.parametrize("commands", each_way(ENDLESS))
def test_a_search_that_may_not_find_more_says_so(commands: Any) -> None:
    explored = explore(ACCOUNTS, commands, states=7)
    assert (explored.states, explored.exhaustive) == (7, False)
    assert explored.why_not == "it stopped at states=7, and there are more"


@pytest.mark.parametrize("commands", each_way(ENDLESS))
def test_a_search_whose_time_is_over_says_so(commands: Any) -> None:
    explored = explore(ACCOUNTS, commands, seconds=1e-9)
    assert explored.why_not == "it stopped after seconds=1e-09, before it had tried everything"


def test_time_is_over_also_while_states_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def takes_long(state: Any) -> bool:
        asked.append(state)
        return True

    monkeypatch.setattr(watching, "perf_counter", lambda: 100.0 if len(asked) > 200 else 0.0)
    explored = explore(ORDERS, commands_of(ORDERS, entities=5), seconds=50, always=takes_long)
    assert explored.why_not == "it stopped after seconds=50, before it had tried everything"
    assert len(asked) < 300 < explored.states  # it was in the middle of a level


@pytest.mark.parametrize("commands", each_way(commands_of(ORDERS, entities=2)))  # type: ignore[arg-type]
def test_bounds_that_are_just_wide_enough_leave_it_exhaustive(commands: Any) -> None:
    assert explore(ORDERS, commands, states=16, depth=5).exhaustive
    assert explore(ORDERS, commands, depth=0).states == 1
    assert not explore(ORDERS, commands, states=15).exhaustive


def test_what_never_happened_within_a_bound_is_told_as_that() -> None:
    explored = explore(ACCOUNTS, ENDLESS, depth=2, sometimes={"rich": lambda state: False})
    assert "rich never happens in what was explored." in explored.sentences()


def test_a_search_tells_how_far_it_has_come() -> None:
    told: list[Progress] = []
    explored = explore(ORDERS, commands_of(ORDERS, entities=2), progress=told.append)
    assert (told[-1].states, told[-1].transitions, told[-1].depth) == (explored.states, explored.transitions, 4)


@pytest.mark.parametrize("commands", each_way(commands_of(ORDERS, entities=2)))  # type: ignore[arg-type]
def test_a_long_search_tells_on_its_way(commands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_OFTEN", 0.0)
    told: list[Progress] = []
    explore(ORDERS, commands, progress=told.append)
    assert len(told) > 2
    assert [each.states for each in told] == sorted(each.states for each in told)


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


def test_a_long_search_is_told_of_at_a_terminal_and_leaves_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    explore(ORDERS, commands_of(ORDERS, entities=2))
    assert "\rExploring: 1 state, 0 transitions, depth 0, 0 seconds" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


class KernelStream(io.StringIO):
    """What a kernel has in the place of the standard error."""

    __module__ = "ipykernel.iostream"


def test_a_long_search_is_told_of_in_a_notebook_and_leaves_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        """What a line of a notebook is changed by."""

        def update(self, data: dict[str, str], *, raw: bool) -> None:
            """Note it."""
            shown.append(data["text/plain"])

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        shown.append(data["text/plain"])
        return Handle()

    monkeypatch.setattr(watching, "_PATIENCE", 0.0)
    monkeypatch.setattr(watching, "_OFTEN", 0.0)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(sys, "stderr", stream := KernelStream())
    explore(ORDERS, commands_of(ORDERS, entities=2))
    assert shown[0].startswith("Exploring: 1 state, 0 transitions")
    assert (shown[-1], len(shown) > 2) == ("", True)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_printed_where_nobody_reads_it_or_nobody_wants_it(
    progress: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "_PATIENCE", 0.0)
    if progress is False:
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        explore(ORDERS, progress=False)
        assert terminal.getvalue() == ""
    else:
        explore(ORDERS)
    assert capsys.readouterr() == ("", "")


def test_a_short_search_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    explore(ORDERS)
    assert terminal.getvalue() == ""


def test_a_state_of_a_decider_is_remembered_in_about_a_hundred_bytes() -> None:
    commands = commands_of(ORDERS, entities=7)
    tracemalloc.start()
    try:
        explored = explore(ORDERS, commands)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most / explored.states < 200
