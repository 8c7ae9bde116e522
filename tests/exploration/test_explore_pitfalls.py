"""What a search must not take for the same, and what it must not take from a domain that is not pure."""

import time
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any

import pytest

from orderlab.core.decider import Decider, EntityState
from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.exploration.inevitable import inevitable
from orderlab.exploration.playing import AT
from orderlab.exploration.searching.sameness import is_settled
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import CancelOrder, OrderPlaced, PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem


@dataclass(frozen=True)
class Do:
    """A command with something in it."""

    key: str | None
    value: Any = 0


@dataclass(frozen=True)
class Done:
    """A fact with the same in it."""

    key: str
    value: Any = 0


@dataclass(frozen=True)
class Refused:
    """Nothing has happened."""

    key: str = ""


@dataclass(frozen=True)
class Held:
    """An entity that holds something."""

    value: Any


@dataclass
class Loose:
    """A command that can be changed."""

    key: str
    values: list[int]


def domain(decide: Any, evolve: Any = lambda entity, event: event.value) -> Decider[Any]:
    """Return a domain of these two functions."""
    return Decider("thing", decide, evolve, lambda each: each.key, (Do, Loose), (Done,), (Refused,))


def does(command: Any, entity: Any, *, key: str, at: Any) -> Any:
    """Do what is asked."""
    return (Done(key, command.value),)


def each_way(commands: list[Any]) -> list[Any]:
    """Return commands for the quick search, and for the plain one."""
    return [commands, lambda state: commands]


ALIKE = [1, True, 1.0]


@pytest.mark.parametrize("commands", each_way([Do("k", each) for each in ALIKE]))
def test_commands_of_other_types_are_other_commands(commands: Any) -> None:
    explored = explore(domain(does), commands, always=lambda state: state.entities.get("k") is not True)
    assert explored.counterexample is not None
    assert explore(domain(does), commands).states == 4


@pytest.mark.parametrize("commands", each_way([Do("k", each) for each in ALIKE]))
@pytest.mark.parametrize("holding", [Held, lambda value: (value,), lambda value: [value], lambda value: {"x": value}])
def test_states_of_other_types_are_other_states(commands: Any, holding: Any) -> None:
    decider = domain(does, lambda entity, event: holding(event.value))
    assert explore(decider, commands).levels == (1, 3)


@pytest.mark.parametrize("commands", each_way([Do("k")]))
def test_a_state_with_no_number_in_it_is_met_again(commands: Any) -> None:
    decider = domain(does, lambda entity, event: Held(float("nan")))
    assert explore(decider, commands, states=50).states == 2


@pytest.mark.parametrize("commands", each_way([Do("k")]))
def test_an_entity_that_holds_itself_can_be_explored(commands: Any) -> None:
    def within(entity: Any, event: Any) -> list[Any]:
        made: list[Any] = []
        made.append(made)
        return made

    assert explore(domain(does, within), commands).states == 2


@pytest.mark.parametrize("always", [(), lambda state: True])
@pytest.mark.parametrize("commands", each_way([CancelOrder("order-1")]))
def test_a_start_without_versions_has_its_entities(commands: Any, always: Any) -> None:
    placed = Trace.of(ORDERS, [PlaceOrder("ada", (OrderItem("p-1", "Mug", 1, 2),))]).state
    explored = explore(ORDERS, commands, start=EntityState(placed.entities), always=always)
    assert (explored.states, explored.transitions) == (2, 1)


def test_rules_keep_the_names_that_they_are_given_by() -> None:
    rules = {"stock (2)": lambda state: False, "stock": lambda state: True}
    assert explore(ORDERS, [CancelOrder("order-1")], always=rules).broken == "stock (2)"
    assert explore(ORDERS, [CancelOrder("order-1")], sometimes=rules).never == ("stock (2)",)
    named = {"stock (a)": lambda state: True, "stock": lambda state: True}
    assert list(explore(ORDERS, [CancelOrder("order-1")], sometimes=named).reached) == ["stock (a)", "stock"]


@pytest.mark.parametrize("always", [(), lambda state: state.entities.get("k") != 4])
@pytest.mark.parametrize("each_step", [(), lambda step: True])
def test_a_command_that_is_changed_by_deciding_it_is_shown_as_it_was(always: Any, each_step: Any) -> None:
    def decide(command: Loose, entity: Any, *, key: str, at: Any) -> Any:
        command.values.append(1)
        return (Done(key, len(command.values)),)

    given = Loose("k", [])
    explored = explore(domain(decide), [given], always=always, every_step=each_step)
    assert explored.broken == "no command is changed in place"
    assert explored.sentences()[0] == "The last command is changed in place by deciding it, after 1 command."
    assert explored.counterexample is not None
    assert explored.counterexample.commands == (Loose("k", []),)
    assert given == Loose("k", [])


@pytest.mark.parametrize("commands", each_way([Do("k")]))
@pytest.mark.parametrize("asked", ["always", "sometimes"])
def test_a_run_that_does_not_show_what_was_found_says_so(commands: Any, asked: str) -> None:
    numbers = count(1)

    def decide(command: Do, entity: Any, *, key: str, at: Any) -> Any:
        return (Done(key, next(numbers)),)

    def is_two(state: Any) -> bool:
        return bool(state.entities.get("k") == 2)

    rule = is_two if asked == "sometimes" else lambda state: not is_two(state)
    explored = explore(domain(decide), commands, depth=4, **{asked: {"rule": rule}})  # type: ignore[arg-type]
    assert explored.broken == "the same is said twice"
    assert explored.sentences()[0].startswith("The same commands do not lead to the same twice: the search found that")
    assert not explored.holds
    assert not explored.exhaustive


@dataclass(unsafe_hash=True)
class Counter:
    """An entity that can be changed, and hashed all the same."""

    number: int = 0


@pytest.mark.parametrize("commands", each_way([Do("k")]))
def test_a_state_that_can_be_hashed_is_not_changed_unnoticed(commands: Any) -> None:
    def decide(command: Do, entity: Any, *, key: str, at: Any) -> Any:
        if entity is not None:
            entity.number += 1
        return (Done(key),)

    explored = explore(domain(decide, lambda entity, event: entity or Counter()), commands, states=50)
    assert explored.broken == "nothing is changed in place"


@pytest.mark.parametrize(
    ("value", "settled"),
    [
        (("ada", 1, None, AT), True),
        (Held((1, 2)), True),
        (Held([1]), False),
        (Counter(), False),
        (EntityState({"a": 1}), True),
        (EntityState({"a": [1]}), False),
        (object(), False),
    ],
)
def test_only_what_nobody_can_change_is_settled(value: Any, settled: bool) -> None:
    assert is_settled(value) is settled


def test_what_is_said_to_a_key_that_is_drawn_may_differ_from_state_to_state() -> None:
    def decide(command: Do, entity: Any, *, key: str, at: Any) -> Any:
        return Refused(key) if command.key is None and key == "thing-1" else (Done(key),)

    commands = [Do(None), Do("thing-1", 1)]
    quick, plain = (explore(domain(decide), each, depth=3) for each in each_way(commands))
    assert quick == plain
    assert quick.states == 4


@pytest.mark.parametrize("commands", each_way([Do("k", each) for each in range(100)]))
def test_the_clock_is_looked_at_within_a_state_too(commands: Any) -> None:
    asked: list[Do] = []

    def slow(command: Do, entity: Any, *, key: str, at: Any) -> Any:
        asked.append(command)
        time.sleep(0.005)  # a slow domain; nothing waits for it
        return Refused()

    explored = explore(domain(slow), commands, seconds=0.02)
    assert explored.why_not == "it stopped after seconds=0.02, before it had tried everything"
    assert len(asked) < 100


class Unspeakable(Exception):
    """What cannot be told."""

    def __str__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize("commands", each_way([Do("k")]))
def test_what_is_raised_need_not_have_a_text(commands: Any) -> None:
    def raises(*_: Any, **__: Any) -> Any:
        raise Unspeakable

    assert explore(domain(raises), commands).sentences()[0] == "The domain raises Unspeakable, after 1 command."
    told = explore(domain(does), commands, always={"rule": raises}).sentences()[0]
    assert told == "always: rule raises Unspeakable, at the beginning."


def test_a_function_for_commands_that_raises_is_named() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        explore(ORDERS, lambda state: 1 // 0)
    assert raised.value.__notes__ == [
        "commands was asked for the commands to try in <EntityState of 0 entities, 0 events>"
    ]


@pytest.mark.parametrize("answer", ["no", 1, [], {"a": 1}])
def test_an_answer_must_be_yes_or_no(answer: Any) -> None:
    with pytest.raises(TypeError, match="always: rule must return True or False, and returned"):
        explore(ORDERS, [CancelOrder("order-1")], always={"rule": lambda state: answer})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start": 7}, "start must be a state of <DeciderReducer of order>, such as EntityState"),
        ({"commands": None}, "commands must be a list of commands, not None"),
        ({"commands": CancelOrder("order-1")}, "commands must be a list of commands, not CancelOrder"),
        ({"title": 3}, "title must be text, not 3"),
        ({"given": 3}, "given must be a list of events, not 3"),
        ({"writers": 3}, "writers must be a list of names"),
        ({"writers": "ab"}, "writers must be a list of names of who gives the commands, in their order, not 'ab'"),
        ({"at": None}, "at must be a datetime, not None"),
    ],
)
def test_a_wrong_argument_of_a_run_is_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Trace.of(ORDERS, **{"commands": [CancelOrder("order-1")], **arguments})


def test_given_events_that_cannot_follow_are_named_whatever_the_domain_raises() -> None:
    def evolve(entity: Any, event: Done) -> Any:
        raise ValueError("out of stock")

    with pytest.raises(ValueError, match=r"given: event 1, Done\(key='k', value=0\), cannot follow: ValueError: out"):
        Trace.of(domain(does, evolve), [], given=[Done("k")])


@pytest.mark.parametrize("commands", [7, "ship", CancelOrder("order-1")])
def test_wrong_commands_of_a_way_out_are_named(commands: Any) -> None:
    trace = Trace.of(ORDERS, [PlaceOrder("ada", (OrderItem("p-1", "Mug", 1, 2),))])
    with pytest.raises(TypeError, match="commands must be a list of commands"):
        inevitable(trace, commands=commands)


def test_keys_that_are_no_list_are_named() -> None:
    with pytest.raises(TypeError, match="keys must be a list of keys, such as"):
        commands_of(ORDERS, keys=3)  # type: ignore[arg-type]


def test_a_start_that_is_no_state_is_named() -> None:
    with pytest.raises(TypeError, match="start must be a state of"):
        explore(ORDERS, [CancelOrder("order-1")], start=7)


def test_a_run_that_is_rescued_begins_as_the_other_did() -> None:
    placed = OrderPlaced("order-1", "ada", (OrderItem("p-1", "Mug", 1, 2),), 2, AT)
    rescue = inevitable(Trace.of(ORDERS, [CancelOrder("order-1")], given=[placed])).rescue
    assert rescue is not None
    assert rescue.given == (placed,)
    assert "def test" in str(rescue.to_pytest())


class Wish(Enum):
    """Commands."""

    OPEN = 1
    SHUT = 2


class Fact(Enum):
    """Events."""

    OPENED = 1
    SHUT = 2


class No(Enum):
    """Rejections."""

    ALREADY = 1


def test_members_of_enumerations_are_called_by_their_names() -> None:
    def decide(wish: Wish, door: Any, *, key: str, at: Any) -> Any:
        return No.ALREADY if door is not None and door.value == wish.value else (Fact(wish.value),)

    doors: Decider[Any] = Decider("door", decide, lambda _, fact: fact, lambda _: "d", (Wish,), (Fact,), (No,))
    trace = Trace.of(doors, [Wish.OPEN, Wish.OPEN, Wish.SHUT])
    assert trace.outcomes == ("OPENED", "ALREADY", "SHUT")
    exercise = trace.to_exercise("1.1")
    assert '"OPENED",  # OPEN' in exercise.solution
    wrong = {each.mistake: each.source for each in exercise.wrong}
    assert '"OPEN",  # OPEN' in wrong["What is asked for is what happens."]
    assert exercise.examine(["OPENED", No.ALREADY, Fact.SHUT], trace) is None


@pytest.mark.parametrize("commands", each_way([Do("k")]))
def test_what_holds_nothing_is_not_taken_for_another(commands: Any) -> None:
    with pytest.raises(TypeError, match="cannot be compared with another: make it a member of an enumeration"):
        explore(domain(does, lambda entity, event: Held(object())), commands)


class Bare:
    """An entity that does not say what it equals."""

    def __init__(self, value: Any) -> None:
        self.value = value


@pytest.mark.parametrize("holding", [Bare, lambda value: Held(float("nan"))])
def test_runs_in_which_the_same_happens_are_equal_whatever_the_entities_say(holding: Any) -> None:
    decider = domain(does, lambda entity, event: holding(event.value))
    assert Trace.of(decider, [Do("k")]) == Trace.of(decider, [Do("k")])
    assert Trace.of(decider, [Do("k")]) != Trace.of(decider, [Do("k", 1)])


def test_the_place_of_a_decider_that_is_no_text_is_named() -> None:
    with pytest.raises(TypeError, match="decider must be text, not 3"):
        Trace.of(ORDERS, [CancelOrder("order-1")]).to_pytest(decider=3)  # type: ignore[arg-type]
