"""One event that cannot be read, or that fails, spoils nothing that comes before it."""

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposited, account_reducer
from timeline_logs import order_timeline, recorded

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import CorruptStream, UnreadableEvent
from orderlab.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Checked:
    """An event whose constructor asserts something: written out, for pytest gives an `assert` a text."""

    account_id: str
    cents: int

    def __post_init__(self) -> None:
        if self.cents == 13:
            raise AssertionError


def first_key(payload: dict[str, Any], at: Any) -> dict[str, Any]:
    return [payload][len(payload)]


@pytest.fixture
def spoilt(tmp_path: Path) -> Timeline[Any]:
    """Return a log of three events, of which the second cannot be read."""
    path = tmp_path / "log.jsonl"
    order_timeline().to_file(path)
    first, second, third = path.read_text().splitlines()[:3]
    path.write_text("\n".join([first, second.replace('"total_cents":1250', '"total_cents":"many"'), third]))
    return Timeline.from_file(path)


def test_what_comes_first_is_given_first(spoilt: Timeline[Any]) -> None:
    assert next(spoilt.events()).position == 1
    assert next(spoilt.steps()).position == 1
    assert [len(state.orders) for state in islice(spoilt, 2)] == [0, 1]


@pytest.mark.parametrize("by", ["state", lambda order: order.status.name])
def test_entities_are_counted_up_to_an_event_that_cannot_be_read(spoilt: Timeline[Any], by: Any) -> None:
    assert spoilt.counts(1, by=by) == ({"placed": 1, "shipped": 0, "cancelled": 0} if by == "state" else {"placed": 1})
    for n in (2, 3):
        with pytest.raises(UnreadableEvent, match="event at position 2"):
            spoilt.counts(n, by=by)


def test_a_search_that_has_enough_does_not_fail_for_the_next(spoilt: Timeline[Any]) -> None:
    found = spoilt.search(limit=1)

    assert (found.positions, found.more) == ([1], True)


@pytest.mark.parametrize(
    "ask", [lambda each: list(each.events()), lambda each: list(each.steps()), lambda each: each.search()]
)
def test_it_is_told_of_in_the_end(spoilt: Timeline[Any], ask: Any) -> None:
    with pytest.raises(UnreadableEvent, match="event at position 2"):
        ask(spoilt)


def test_steps_end_with_an_event_that_cannot_follow() -> None:
    log = recorded([Deposited("ada", 5), Deposited("ada", 5)], ACCOUNTS)

    def evolve(entity: Any, event: Any) -> Any:
        if entity is not None:
            raise CorruptStream("one is enough")
        return ACCOUNTS.evolve(entity, event)

    timeline: Timeline[Any] = Timeline(log, reducer=DeciderReducer(replace(ACCOUNTS, evolve=evolve)))
    steps = timeline.steps()

    assert next(steps).position == 1
    with pytest.raises(CorruptStream, match="version 2: one is enough"):
        next(steps)


@pytest.mark.parametrize(
    ("codec", "reason"),
    [
        (JsonCodec([Checked]), "does not fit Checked version 1: AssertionError"),
        (JsonCodec([Checked], {"Checked": 2}, {("Checked", 1): first_key}), "version 1: IndexError: list index"),
    ],
)
def test_whatever_an_event_or_an_upcaster_raises_makes_an_unreadable_event(
    tmp_path: Path, codec: JsonCodec, reason: str
) -> None:
    decider: Decider[Any] = replace(ACCOUNTS, events=(Checked,), evolve=lambda entity, event: event)
    Timeline(recorded([Checked("ada", 12)], decider), reducer=DeciderReducer(decider)).to_file(tmp_path / "log.jsonl")
    (tmp_path / "log.jsonl").write_text((tmp_path / "log.jsonl").read_text().replace('"cents":12', '"cents":13'))
    timeline: Timeline[Any] = Timeline.from_file(tmp_path / "log.jsonl", reducer=DeciderReducer(decider), codec=codec)

    assert "event at position 1 (stream account-ada, version 1)" in timeline._repr_html_()
    asked: list[Any] = [lambda: timeline[1], lambda: timeline.story("ada"), timeline.search, lambda: timeline.event(1)]
    for ask in asked:
        with pytest.raises(UnreadableEvent, match=reason):
            ask()


@pytest.mark.parametrize("name", [5, None])
def test_a_name_of_a_state_that_is_no_text_is_told_in_a_sentence(name: Any) -> None:
    decider = replace(ACCOUNTS, state_name=lambda account: name)
    timeline: Timeline[Any] = Timeline(recorded([Deposited("ada", 5)], ACCOUNTS), reducer=DeciderReducer(decider))
    asked: list[Any] = [
        lambda: timeline.story("ada"),
        lambda: next(timeline.steps()),
        lambda: timeline.diff(0, 1),
        lambda: timeline.counts(1, by="state"),
    ]
    for ask in asked:
        with pytest.raises(TypeError, match="state_name of account must give each state a name of text, and gave"):
            ask()


def test_a_timeline_with_such_a_name_is_still_shown() -> None:
    decider = replace(ACCOUNTS, state_name=lambda account: 5)  # type: ignore[arg-type,return-value]
    timeline: Timeline[Any] = Timeline(recorded([Deposited("ada", 5)], ACCOUNTS), reducer=DeciderReducer(decider))

    assert "Deposited" in timeline._repr_html_()
    assert account_reducer().decider is ACCOUNTS
