"""Nobody who is given something by a timeline can change what it says afterwards."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Deposited
from timeline_logs import account_timeline, order_log, order_timeline, recorded

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.timeline import Timeline
from orderlab.timeline.asof.sharing import Sharing, is_value
from orderlab.timeline.difference import Difference


class Purse:
    """An entity of a class that says nothing of when two are equal."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


@dataclass
class Jar:
    """An entity that anybody may change."""

    cents: int
    coins: list[int] = field(default_factory=list)


def _into_dict(entity: Any, event: Any) -> dict[str, int]:
    return {"cents": (entity["cents"] if entity else 0) + event.cents}


def _in_place(entity: Any, event: Any) -> dict[str, int]:
    entity = {"cents": 0} if entity is None else entity
    entity["cents"] += event.cents
    return entity  # type: ignore[no-any-return]


def _into_purse(entity: Any, event: Any) -> Purse:
    return Purse((entity.cents if entity else 0) + event.cents)


def _into_jar(entity: Any, event: Any) -> Jar:
    return Jar((entity.cents if entity else 0) + event.cents)


def _cents(entity: Any) -> int:
    cents: int = entity["cents"] if isinstance(entity, dict) else entity.cents
    return cents


def _rob(entity: Any) -> None:
    if isinstance(entity, dict):
        entity["cents"] = -1_000
    else:
        entity.cents = -1_000


def purses(evolve: Callable[[Any, Any], Any], events: int = 130) -> Timeline[Any]:
    """Return a timeline of one entity that gets a cent with each event."""
    decider: Decider[Any] = replace(ACCOUNTS, evolve=evolve)
    log = recorded([Deposited("ada", 1)] * events, ACCOUNTS)
    return Timeline(log, reducer=DeciderReducer(decider))


EVOLVES = pytest.mark.parametrize("evolve", [_into_dict, _in_place, _into_purse, _into_jar])


@EVOLVES
def test_a_state_that_was_changed_changes_no_other(evolve: Any) -> None:
    timeline = purses(evolve)
    for n in (2, 5, 3, 2):
        _rob(timeline[n].entities["ada"])

    assert [_cents(timeline[n].entities["ada"]) for n in (1, 2, 3, 5, 6)] == [1, 2, 3, 5, 6]


@EVOLVES
@pytest.mark.parametrize("n", [63, 64, 128, 130])
def test_an_entity_that_was_changed_is_no_other_later(evolve: Any, n: int) -> None:
    timeline = purses(evolve)
    for _ in range(2):
        _rob(timeline.entity("ada", at=n))
        _rob(timeline.page(n)[0])

    assert [_cents(timeline.entity("ada", at=at)) for at in (n, min(n + 1, 130))] == [n, min(n + 1, 130)]


@EVOLVES
def test_moments_that_are_changed_do_not_change_those_that_come(evolve: Any) -> None:
    found = []
    for moment in purses(evolve, 5).steps():
        found.append((None if moment.before is None else _cents(moment.before), _cents(moment.after)))
        _rob(moment.after)

    assert found == [(None, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


@EVOLVES
def test_states_that_are_changed_do_not_change_those_that_come(evolve: Any) -> None:
    found = []
    for state in purses(evolve, 4):
        found += [_cents(each) for each in state.entities.values()]
        for each in state.entities.values():
            _rob(each)

    assert found == [1, 2, 3, 4]


@EVOLVES
def test_a_probe_that_changes_what_it_is_asked_about_changes_no_other_answer(evolve: Any) -> None:
    def rob(entity: Any) -> int:
        cents = _cents(entity)
        _rob(entity)
        return cents

    assert list(purses(evolve, 4).probe(rob, key="ada"))[1:] == [1, 2, 3, 4]


def test_a_function_that_evolves_in_place_has_a_story_of_changes() -> None:
    assert [str(each) for step in purses(_in_place, 3).story("ada") for each in step.changes][1:] == [
        "cents 1 → 2",
        "cents 2 → 3",
    ]


def test_a_branch_whose_rules_change_the_entity_leaves_the_past() -> None:
    def decide(command: Any, entity: Any, *, key: str, at: Any) -> Any:
        if entity is not None:
            _rob(entity)
        return (Deposited(key, 1),)

    domain: Any = ACCOUNTS
    decider: Decider[Any] = replace(domain, evolve=_into_dict, decide=decide)
    timeline: Timeline[Any] = Timeline(recorded([Deposited("ada", 1)] * 64, ACCOUNTS), reducer=DeciderReducer(decider))
    timeline.entity("ada")
    timeline.fork().send(Deposit("ada", 1))

    assert timeline.entity("ada") == {"cents": 64}


def test_a_reducer_with_a_state_that_can_be_changed_hands_out_copies() -> None:
    class InDict(DeciderReducer[Any, dict[str, Any]]):
        def initial_state(self) -> dict[str, Any]:
            return {}

        def entity(self, state: dict[str, Any], key: str) -> tuple[Any, int]:
            found: tuple[Any, int] = state.get(key, (None, 0))
            return found

        def with_entity(self, state: dict[str, Any], key: str, entity: Any, version: int) -> dict[str, Any]:
            return {**state, key: (entity, version)}

        def with_entities(self, state: dict[str, Any], changed: Any) -> dict[str, Any]:
            return {**state, **changed}

    timeline = Timeline(recorded([Deposited("ada", 1)] * 3, ACCOUNTS), reducer=InDict(ACCOUNTS))
    for n in (0, 2):
        timeline[n].clear()

    assert [timeline[n]["ada"][1] for n in (2, 3)] == [2, 3]
    assert timeline[0] == {}


def test_values_are_shared() -> None:
    timeline = order_timeline()

    assert timeline[3] is timeline[3]


@pytest.mark.parametrize(
    "get", [lambda each: each.event(1), lambda each: next(each.events()), lambda each: each.search()[0]]
)
def test_metadata_that_was_changed_is_that_of_nobody_else(get: Callable[[Timeline[Any]], Any]) -> None:
    first, *rest = order_log()
    for metadata in ({}, {"who": {"name": "ada"}}):
        timeline = Timeline([replace(first, metadata=metadata), *rest])
        get(timeline).metadata["who"] = "eve"
        get(timeline).metadata.get("who", {}) and get(timeline).metadata.clear()

        assert timeline.event(1).metadata == metadata


def test_an_event_that_can_be_changed_is_handed_out_as_a_copy() -> None:
    log = recorded([Jar(1, [1])], replace(ACCOUNTS, key_of=lambda event: "ada"))
    decider: Decider[Any] = replace(
        ACCOUNTS, key_of=lambda event: "ada", events=(Jar,), evolve=lambda entity, event: event.coins
    )
    timeline: Timeline[Any] = Timeline(log, reducer=DeciderReducer(decider))
    timeline.event(1).event.coins.append(2)
    timeline.entity("ada").append(3)
    next(timeline.steps()).event.coins.append(4)

    assert (timeline.event(1).event, timeline.entity("ada")) == (Jar(1, [1]), [1])


@pytest.mark.parametrize("name", ["reducer", "decider", "codec", "commands"])
def test_what_a_timeline_is_made_of_stays(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(order_timeline(), name, None)


def test_the_entities_of_a_difference_stay() -> None:
    difference = account_timeline().diff(1, 4)
    changed: Any = difference.entities
    with pytest.raises(AttributeError):
        changed.clear()

    assert pickle.loads(pickle.dumps(difference)) == copy.deepcopy(difference) == difference
    assert isinstance(difference, Difference)


def test_a_timeline_that_is_to_be_pickled_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"cannot be pickled: write its log by to_file\(path\)"):
        pickle.dumps(order_timeline())


def test_a_copy_of_a_timeline_is_the_timeline() -> None:
    timeline = order_timeline()

    assert copy.copy(timeline) is copy.deepcopy(timeline) is timeline


def test_what_cannot_be_copied_is_handed_out_as_it_is() -> None:
    generator = [1], (each for each in [1])

    assert not is_value(generator)
    assert Sharing().out(generator) is generator


def test_a_type_that_was_a_value_often_enough_is_not_hashed_again() -> None:
    hashed = []

    class Counted:
        def __eq__(self, other: object) -> bool:
            return self is other

        def __hash__(self) -> int:
            hashed.append(1)
            return 1

    sharing = Sharing()
    for _ in range(1_000):
        assert sharing.shares(Counted())

    assert len(hashed) < 300
