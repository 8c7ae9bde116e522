import pickle
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from accounts import (
    ACCOUNTS,
    Account,
    Accounts,
    Deposit,
    Deposited,
    InsufficientFunds,
    Withdraw,
    Withdrawn,
    account_environment,
    account_reducer,
    decide,
)

from orderlab.core.decider import Decider, DeciderReducer, EntityState, Fact, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.errors import CorruptStream


def state_after(*actions: object) -> Accounts:
    reducer, env = account_reducer(), account_environment()
    state = reducer.initial_state()
    for action in actions:
        state = reducer.reduce(state, action, env).state
    return state


def balance(state: Accounts, account_id: str = "ada") -> int:
    return state.entities[account_id].balance_cents


# Streams and keys


def test_a_stream_is_named_after_the_kind_and_the_key() -> None:
    assert ACCOUNTS.stream_id("ada") == "account-ada"


@pytest.mark.parametrize("key", ["ada", "account-1", "a-b-c", "."])
def test_the_key_is_found_again_in_the_name_of_its_stream(key: str) -> None:
    assert ACCOUNTS.key_in(ACCOUNTS.stream_id(key)) == key


@pytest.mark.parametrize("stream_id", ["order-ada", "accountada", "account", ""])
def test_a_stream_of_another_kind_has_no_key(stream_id: str) -> None:
    with pytest.raises(CorruptStream, match="none of kind account"):
        ACCOUNTS.key_in(stream_id)


def test_a_decider_shows_its_words_in_one_line() -> None:
    assert repr(ACCOUNTS) == "<Decider account: 2 commands, 2 events>"


def test_a_decider_cannot_be_changed() -> None:
    name = "evolve"
    with pytest.raises(FrozenInstanceError):
        setattr(ACCOUNTS, name, None)


# Commands


def test_an_accepted_command_gives_the_state_with_its_events_applied() -> None:
    state = state_after(Deposit("ada", 5))
    assert (dict(state.entities), dict(state.versions)) == ({"ada": Account("ada", 5)}, {"ada": 1})


def test_an_accepted_command_asks_to_append_and_then_to_announce() -> None:
    step = account_reducer().reduce(EntityState(), Deposit("ada", 5), account_environment())
    fact = Deposited("ada", 5)
    assert step.effects == (AppendEvents("account-ada", (fact,), 0), Emit(fact))


def test_a_command_on_an_entity_expects_the_version_it_was_decided_on() -> None:
    state = state_after(Deposit("ada", 5), Deposit("ada", 5), Withdraw("ada", 1))
    step = account_reducer().reduce(state, Deposit("ada", 5), account_environment())
    assert step.effects[0] == AppendEvents("account-ada", (Deposited("ada", 5),), 3)


@pytest.mark.parametrize("before", [(), (Deposit("ada", 5),)])
def test_without_version_checks_nothing_is_expected(before: tuple[Deposit, ...]) -> None:
    reducer = account_reducer(check_versions=False)
    step = reducer.reduce(state_after(*before), Deposit("ada", 5), account_environment())
    assert step.effects[0] == AppendEvents("account-ada", (Deposited("ada", 5),), None)


def test_a_refused_command_leaves_the_same_state_object() -> None:
    state = state_after(Deposit("ada", 5))
    assert account_reducer().reduce(state, Withdraw("ada", 6), account_environment()).state is state


def test_a_refused_command_is_answered_by_its_rejection_alone() -> None:
    step = account_reducer().reduce(state_after(Deposit("ada", 5)), Withdraw("ada", 6), account_environment())
    assert step.effects == (Emit(InsufficientFunds("ada", 5)),)


def test_a_command_that_causes_nothing_changes_nothing_and_asks_for_nothing() -> None:
    state = state_after(Deposit("ada", 5))
    step = account_reducer().reduce(state, Deposit("ada", 0), account_environment())
    assert step.state is state
    assert step.effects == ()


def depositing_twice() -> DeciderReducer[Account, Accounts]:
    def decide(command: Any, entity: Any, *, key: str, at: Any) -> Sequence[object]:
        return (Deposited(key, 1), Deposited(key, 2))

    return DeciderReducer(replace(ACCOUNTS, decide=decide))


def test_a_command_may_cause_several_facts_which_are_appended_together() -> None:
    step = depositing_twice().reduce(EntityState(), Deposit("ada", 3), account_environment())
    one, two = Deposited("ada", 1), Deposited("ada", 2)
    assert step.effects == (AppendEvents("account-ada", (one, two), 0), Emit(one), Emit(two))


def test_each_fact_of_a_command_raises_the_version() -> None:
    step = depositing_twice().reduce(EntityState(), Deposit("ada", 3), account_environment())
    assert (balance(step.state), step.state.versions["ada"]) == (3, 2)


def test_a_command_without_a_key_gets_one_that_is_drawn() -> None:
    assert dict(state_after(Deposit(None, 5), Deposit(None, 7)).entities) == {
        "account-1": Account("account-1", 5),
        "account-2": Account("account-2", 7),
    }


def test_a_command_with_a_key_draws_none() -> None:
    env = account_environment()
    account_reducer().reduce(EntityState(), Deposit("ada", 5), env)
    assert env.ids.new_id("account") == "account-1"


def test_a_command_changes_its_own_entity_only() -> None:
    state = state_after(Deposit("ada", 5), Deposit("bea", 7), Withdraw("ada", 1))
    assert (balance(state, "ada"), balance(state, "bea")) == (4, 7)


def test_an_old_state_is_kept_as_it_was() -> None:
    old = state_after(Deposit("ada", 5))
    account_reducer().reduce(old, Deposit("ada", 5), account_environment())
    assert balance(old) == 5


# Events, rejections, anything else


def test_the_same_command_given_twice_counts_twice() -> None:
    assert balance(state_after(Deposit("ada", 5), Deposit("ada", 5))) == 10


def test_the_same_fact_handed_over_twice_counts_twice() -> None:
    state = state_after(Deposited("ada", 5), Deposited("ada", 5))
    assert (balance(state), state.versions["ada"]) == (10, 2)


def test_an_event_asks_for_nothing() -> None:
    assert account_reducer().reduce(EntityState(), Deposited("ada", 5), account_environment()).effects == ()


def test_an_event_that_is_reflected_already_leaves_the_same_state_object() -> None:
    reducer: DeciderReducer[Account, Accounts] = DeciderReducer(replace(ACCOUNTS, reflects=lambda account, event: True))
    state = state_after(Deposited("ada", 5))
    assert reducer.reduce(state, Deposited("ada", 5), account_environment()).state is state


def test_the_first_event_of_an_entity_is_never_taken_for_reflected() -> None:
    reducer: DeciderReducer[Account, Accounts] = DeciderReducer(replace(ACCOUNTS, reflects=lambda account, event: True))
    assert balance(reducer.reduce(EntityState(), Deposited("ada", 5), account_environment()).state) == 5


def test_an_event_that_cannot_follow_is_a_corrupt_stream() -> None:
    with pytest.raises(CorruptStream):
        state_after(Withdrawn("ada", 5))


def test_a_rejection_changes_nothing_and_asks_for_nothing() -> None:
    state = state_after(Deposit("ada", 5))
    step = account_reducer().reduce(state, InsufficientFunds("ada", 5), account_environment())
    assert step.state is state
    assert step.effects == ()


@pytest.mark.parametrize("action", [None, "Deposit", 5, {"Deposit": {}}, Deposit, Account("ada", 5), Emit(Deposited)])
def test_anything_else_is_a_type_error(action: object) -> None:
    with pytest.raises(TypeError, match="no command, event or rejection of account"):
        account_reducer().reduce(EntityState(), action, account_environment())


# The stream of the entity that a command is about


def test_an_entity_that_does_not_exist_has_no_stream() -> None:
    assert account_reducer().stream_of(EntityState(), Withdraw("ada", 1)) is None


def test_the_version_of_a_stream_is_how_many_events_its_entity_had() -> None:
    state = state_after(Deposit("ada", 5), Deposit("ada", 5))
    assert account_reducer().stream_of(state, Withdraw("ada", 1)) == ("account-ada", 2)


def test_a_command_whose_key_is_still_to_be_drawn_has_no_stream() -> None:
    assert account_reducer().stream_of(state_after(Deposit("ada", 5)), Deposit(None, 1)) is None


@pytest.mark.parametrize("key", [5, [], {}])
def test_a_command_with_a_key_of_a_wrong_type_has_no_stream(key: Any) -> None:
    assert account_reducer().stream_of(state_after(Deposit("ada", 5)), Deposit(key, 1)) is None


# Replay


FACTS: list[Fact] = [
    ("account-ada", 1, Deposited("ada", 5)),
    ("account-bea", 1, Deposited("bea", 7)),
    ("account-ada", 2, Deposited("ada", 5)),
    ("account-ada", 3, Withdrawn("ada", 1)),
]


def test_replay_counts_every_fact_also_an_equal_one() -> None:
    state = account_reducer().replay(EntityState(), FACTS)
    assert {key: account.balance_cents for key, account in state.entities.items()} == {"ada": 9, "bea": 7}


def test_replay_restores_the_versions() -> None:
    assert dict(account_reducer().replay(EntityState(), FACTS).versions) == {"ada": 3, "bea": 1}


def test_replay_goes_on_from_the_state_it_is_given() -> None:
    reducer = account_reducer()
    assert reducer.replay(reducer.replay(EntityState(), FACTS[:2]), FACTS[2:]) == reducer.replay(EntityState(), FACTS)


def test_replay_of_nothing_gives_an_equal_state() -> None:
    state = state_after(Deposit("ada", 5))
    assert account_reducer().replay(state, []) == state


def test_replay_leaves_the_state_it_started_from_as_it_was() -> None:
    state = state_after(Deposit("ada", 5))
    account_reducer().replay(state, [("account-ada", 2, Deposited("ada", 5))])
    assert balance(state) == 5


def test_replay_takes_any_iterable_once() -> None:
    assert account_reducer().replay(EntityState(), iter(FACTS)) == account_reducer().replay(EntityState(), FACTS)


@pytest.mark.parametrize(
    "versions",
    [[2], [0], [-1], [1, 3], [1, 1], [1, 2, 1]],
    ids=["first missing", "zero", "negative", "gap", "repeated", "back to the first"],
)
def test_replay_refuses_versions_that_do_not_count_up(versions: list[int]) -> None:
    facts: list[Fact] = [("account-ada", version, Deposited("ada", 5)) for version in versions]
    with pytest.raises(CorruptStream, match="stream account-ada goes from version"):
        account_reducer().replay(EntityState(), facts)


def test_replay_refuses_a_version_that_does_not_follow_the_given_state() -> None:
    with pytest.raises(CorruptStream, match="from version 1 to 1"):
        account_reducer().replay(state_after(Deposit("ada", 5)), FACTS[:1])


def test_replay_refuses_a_stream_of_another_kind() -> None:
    with pytest.raises(CorruptStream, match="none of kind account"):
        account_reducer().replay(EntityState(), [("order-1", 1, Deposited("ada", 5))])


def test_replay_refuses_a_stream_of_another_kind_also_where_its_key_is_known() -> None:
    facts: list[Fact] = [("account-ada", 1, Deposited("ada", 5)), ("deposit-ada", 2, Deposited("ada", 5))]
    with pytest.raises(CorruptStream, match="stream deposit-ada is none of kind account"):
        account_reducer().replay(EntityState(), facts)


def test_replay_refuses_an_event_that_cannot_follow() -> None:
    with pytest.raises(CorruptStream, match="cannot be taken"):
        account_reducer().replay(EntityState(), [("account-ada", 1, Withdrawn("ada", 5))])


# The state and the step as values


def test_the_state_at_first_is_empty() -> None:
    assert account_reducer().initial_state() == EntityState()


def test_a_state_made_of_plain_dictionaries_can_be_reduced() -> None:
    state: Accounts = EntityState({"ada": Account("ada", 5)}, {"ada": 1})
    step = account_reducer().reduce(state, Deposit("ada", 5), account_environment())
    assert (balance(step.state), dict(step.state.versions)) == (10, {"ada": 2})


def test_a_state_made_of_plain_dictionaries_can_be_replayed_onto() -> None:
    state: Accounts = EntityState({"ada": Account("ada", 5)}, {"ada": 1})
    assert balance(account_reducer().replay(state, [("account-ada", 2, Deposited("ada", 5))])) == 10


def test_a_state_can_be_hashed() -> None:
    assert hash(state_after(Deposit("ada", 5))) == hash(state_after(Deposit("ada", 5)))


def test_a_state_can_be_pickled() -> None:
    state = state_after(Deposit("ada", 5))
    assert pickle.loads(pickle.dumps(state)) == state


def test_a_state_shows_how_many_entities_it_holds() -> None:
    assert repr(state_after(Deposit("ada", 5))) == "<EntityState of 1 entities, 1 events>"


@pytest.mark.parametrize("field", ["state", "effects"])
def test_a_step_cannot_be_changed(field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Step(EntityState()), field, None)


def test_a_step_can_be_pickled() -> None:
    step = account_reducer().reduce(EntityState(), Deposit("ada", 5), account_environment())
    assert pickle.loads(pickle.dumps(step)) == step


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (Step("s"), "<Step effects: none; state: 's'>"),
        (Step("s", (Emit("a"),)), "<Step effects: Emit; state: 's'>"),
        (Step("s", (AppendEvents("x", ()), Emit("a"))), "<Step effects: AppendEvents, Emit; state: 's'>"),
    ],
)
def test_a_step_shows_the_kinds_of_its_effects(step: Step[str], shown: str) -> None:
    assert repr(step) == shown


def test_an_environment_may_be_any_object_with_a_clock_and_ids() -> None:
    env = account_environment()
    anything: Any = SimpleNamespace(clock=env.clock, ids=env.ids)
    assert balance(account_reducer().reduce(EntityState(), Deposit("ada", 5), anything).state) == 5


def reduced(decider: Decider[Any], command: Deposit) -> None:
    reducer: DeciderReducer[Any, Accounts] = DeciderReducer(decider)
    reducer.reduce(reducer.initial_state(), command, account_environment())


def test_a_decision_about_another_entity_is_a_mistake_of_the_domain() -> None:
    astray = replace(ACCOUNTS, decide=lambda command, account, *, key, at: (Deposited("bob", command.cents),))
    with pytest.raises(TypeError, match=r"decide returned Deposited\(.*'bob'.*\) for a command about 'ada'"):
        reduced(astray, Deposit("ada", 5))


def test_a_key_that_only_looks_like_text_is_a_mistake_of_the_domain() -> None:
    class Room(StrEnum):
        A = "a"

    with pytest.raises(TypeError, match=r"must be text, not <Room\.A"):
        reduced(ACCOUNTS, Deposit(Room.A, 5))


@pytest.mark.parametrize("decision", [[], [Deposited("ada", 5)], Deposited("ada", 5), None, "no", ("no",)])
def test_a_decision_of_another_shape_is_a_mistake_of_the_domain(decision: Any) -> None:
    loose = replace(ACCOUNTS, decide=lambda command, account, *, key, at: decision)
    with pytest.raises(TypeError, match="decide must return a tuple of events or one rejection, not"):
        reduced(loose, Deposit("ada", 5))


def test_an_entity_that_is_nothing_after_an_event_is_a_mistake_of_the_domain() -> None:
    forgetful: Decider[Any] = replace(ACCOUNTS, evolve=lambda account, event: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="evolve must return the entity after Deposited"):
        reduced(forgetful, Deposit("ada", 5))


def test_the_types_of_a_domain_may_be_given_as_a_list_but_not_one_alone() -> None:
    alone: Any = Deposit
    assert replace(ACCOUNTS, commands=[Deposit]).commands == (Deposit,)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"commands must be a tuple of types, such as \(Deposit,\)"):
        replace(ACCOUNTS, commands=alone)


@pytest.mark.parametrize(
    ("check_versions", "shown"),
    [(True, "<DeciderReducer of account>"), (False, "<DeciderReducer of account, unchecked>")],
)
def test_a_reducer_shows_its_domain(check_versions: bool, shown: str) -> None:
    assert repr(DeciderReducer(ACCOUNTS, check_versions=check_versions)) == shown


@pytest.mark.parametrize("before", [0, 1])
def test_replay_refuses_a_stream_with_an_event_about_another(before: int) -> None:
    facts = [("account-ada", version, Deposited("ada", 5)) for version in range(1, before + 1)]
    with pytest.raises(CorruptStream, match=r"stream account-ada holds .* which is about another"):
        account_reducer().replay(EntityState(), [*facts, ("account-ada", before + 1, Deposited("bob", 5))])


def test_an_event_without_a_key_is_a_mistake_of_the_domain() -> None:
    keyless = replace(ACCOUNTS, key_of=lambda action: None)
    reducer: DeciderReducer[Any, Accounts] = DeciderReducer(keyless)
    with pytest.raises(TypeError, match="has no key: only a command may leave it to be drawn"):
        reducer.reduce(reducer.initial_state(), Deposited("ada", 5), account_environment())


def test_a_state_is_named_after_the_kind_of_entity_where_nothing_else_is_said() -> None:
    assert [ACCOUNTS.state_name(entity) for entity in (None, Account("ada", 500))] == ["none", "Account"]


def test_the_names_of_states_are_a_tuple() -> None:
    with pytest.raises(TypeError, match=r"states must be a tuple of names, such as \('open',\)"):
        replace(ACCOUNTS, states="open")  # type: ignore[arg-type] # the mistake


def test_a_state_written_with_dictionaries_equals_the_one_that_was_folded() -> None:
    folded = account_reducer().replay(EntityState(), [("account-ada", 1, Deposited("ada", 500))])

    assert folded == EntityState({"ada": Account("ada", 500)}, {"ada": 1})


def test_a_state_without_some_entities_is_as_if_they_had_never_been() -> None:
    reducer = account_reducer()
    both = reducer.replay(
        EntityState(), [("account-ada", 1, Deposited("ada", 5)), ("account-bea", 1, Deposited("bea", 5))]
    )
    assert reducer.without_entities(both, ["bea"]) == EntityState({"ada": Account("ada", 5)}, {"ada": 1})
    assert reducer.without_entities(both, iter(["ada", "bea"])) == EntityState()
    assert set(both.entities) == {"ada", "bea"}


@pytest.mark.parametrize("wrong", [decide, None, "account", Decider])
def test_a_reducer_is_made_from_a_decider(wrong: Any) -> None:
    with pytest.raises(
        TypeError, match="decider must be a Decider, which has decide, evolve and the names of both, not"
    ):
        DeciderReducer(wrong)


@pytest.mark.parametrize("name", ["decide", "evolve", "key_of", "reflects", "state_name"])
def test_what_a_decider_needs_is_a_function(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} of account must be a function, not None"):
        replace(ACCOUNTS, **{name: None})  # type: ignore[arg-type]


def test_a_function_that_a_decider_may_lack_is_one_if_it_is_there() -> None:
    wrong: Any = "command"
    with pytest.raises(TypeError, match="command_of of account must be a function, or None, not 'command'"):
        replace(ACCOUNTS, command_of=wrong)


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_decider_has_a_name(name: Any) -> None:
    with pytest.raises(TypeError, match="name must be the kind of entity as text, such as order, not"):
        replace(ACCOUNTS, name=name)


def test_the_name_of_a_state_is_text() -> None:
    wrong: Any = lambda account: 5  # noqa: E731 - a function that nobody would write by `def`
    with pytest.raises(
        TypeError, match="state_name of account must give each state a name of text, and gave 5 for None"
    ):
        replace(ACCOUNTS, state_name=wrong).state_of(None)
    assert ACCOUNTS.state_of(None) == "none"
