import copy
import pickle
import re
from dataclasses import dataclass, make_dataclass, replace
from enum import Enum, IntEnum
from time import process_time
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit
from timeline_logs import account_timeline, recorded

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.orders.decider import ORDERS
from orderlab.timeline import picturing
from orderlab.timeline.machine.statemachine import StateMachine
from orderlab.timeline.machine.trying import commands_for
from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Go:
    """Ask for one more step."""

    key: str


@dataclass(frozen=True, slots=True)
class Went:
    """One more step."""

    key: str
    place: int


def steps(number: int, **changed: Any) -> "Decider[int]":
    """Return a domain with a state for each of so many steps, one after the other."""
    domain: Decider[int] = Decider(
        "walk",
        lambda command, place, *, key, at: () if place == number else (Went(key, (place or 0) + 1),),
        lambda place, event: event.place,
        lambda action: action.key,
        (Go,),
        (Went,),
        (),
        state_name=lambda place: f"step {place or 0}",
    )
    return replace(domain, **changed)


BALANCES = replace(ACCOUNTS, state_name=lambda account: f"balance {account.balance_cents}" if account else "none")


def words(html: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub("<[^>]*>", " ", html).split())


# States without end


def test_a_search_that_finds_ever_new_names_ends_and_says_that_it_did() -> None:
    machine = StateMachine.of(BALANCES)
    assert len(machine.states) == 100
    assert not machine.exhaustive


def test_every_way_of_a_search_that_ended_is_between_states_of_the_machine() -> None:
    machine = StateMachine.of(BALANCES)
    ends = {end for way in machine.transitions for end in (way.source, way.target)}
    assert ends <= set(machine.states)
    assert {target for answer in machine.answers.values() for target in answer.targets} <= set(machine.states)


@pytest.mark.parametrize("given", [{"states": None}, {"states": [f"step {place}" for place in range(131)]}])
def test_as_many_states_are_found_as_somebody_says_there_are(given: dict[str, Any]) -> None:
    said = tuple(f"step {place}" for place in range(131))
    domain = steps(130, states=() if given["states"] else said)
    machine = StateMachine.of(domain, depth=200, **given)
    assert (len(machine.states), machine.unreachable, machine.exhaustive) == (131, (), True)


def test_a_machine_that_nobody_could_read_is_shown_as_a_table_with_a_sentence() -> None:
    html = StateMachine.of(BALANCES)._repr_html_()
    assert "<img" not in html
    assert re.search(r"A picture of at least 100 states and \d+ transitions could not be read: a state_name", html)
    assert "from command to none Deposit balance 1" in words(html)
    assert html.count("<tr>") < 50


def test_a_machine_with_many_arrows_between_few_states_is_shown_as_a_table() -> None:
    domain = steps(
        7,
        commands=(Go, Deposit),
        key_of=lambda action: getattr(action, "key", None) or action.account_id,
        decide=lambda command, place, *, key, at: (
            (Went(key, min(getattr(command, "cents", 1), 7)),) if getattr(command, "cents", 1) >= 0 else ()
        ),
    )
    cents = [Deposit("k", amount) for amount in range(8)]
    machine = StateMachine.of(domain, commands=[Go("k"), *cents])
    assert len(machine.states) == 8
    assert "<img" not in machine._repr_html_()
    assert machine.to_svg().startswith("<svg")


@pytest.mark.parametrize(("places", "pictures"), [(23, 1), (24, 0)])
def test_a_picture_has_so_many_states_and_no_more(places: int, pictures: int) -> None:
    assert StateMachine.of(steps(places), depth=40)._repr_html_().count("<img") == pictures


def test_a_timeline_with_ever_new_states_shows_a_table_that_tells_where_its_events_went() -> None:
    events = list(account_timeline().events())
    html = Timeline(events, reducer=DeciderReducer(BALANCES))._repr_html_()
    assert "could not be read" in html
    assert "balance 10 Withdraw balance 0 1" in words(html)


def test_a_sentence_lists_some_names_of_many_and_how_many_more_there_are() -> None:
    machine = StateMachine.of(ACCOUNTS, states=[f"s{number}" for number in range(500)])
    assert "s10, s11 or any of 488 more." in machine._repr_html_()


def test_a_way_that_a_search_did_not_find_before_its_end_is_not_said_to_be_none() -> None:
    log = recorded([Went("k", place) for place in range(1, 5)], steps(9))
    machine = StateMachine.of(steps(9), depth=2, timeline=Timeline(log, reducer=DeciderReducer(steps(9))))
    assert "The log went where no command was found to lead: from step 2" in machine._repr_html_()


# Commands without end


def wide(kind: type, fields: int) -> "Decider[Any]":
    """Return a domain of one command, with a key and many fields of a type."""
    command = make_dataclass("Wide", [("key", str), *((f"field{number}", kind) for number in range(fields))])
    return steps(1, commands=(command,))


@pytest.mark.parametrize("kind", [int, str, bool, type(None)])
def test_a_command_with_many_fields_is_made_without_trying_all_their_combinations(kind: type) -> None:
    domain = wide(kind, 40)
    before = process_time()
    made = commands_for(domain, domain.commands, ["walk-1"])
    assert process_time() - before < 1
    assert 1 <= len(made) <= 200


def test_a_search_with_many_commands_tries_them_on_fewer_entities() -> None:
    asked = 0

    def decide(command: Any, total: int | None, *, key: str, at: Any) -> Any:
        nonlocal asked
        asked += 1
        return (Went(key, (total or 0) + command.cents),)

    domain = steps(0, commands=(Deposit,), key_of=lambda action: getattr(action, "key", "walk-1"), decide=decide)
    given = [Deposit("walk-1", cents) for cents in range(1, 201)]
    machine = StateMachine.of(replace(domain, state_name=lambda total: "some" if total else "none"), commands=given)
    assert not machine.exhaustive
    assert asked < 250_000


def test_a_field_with_a_thousand_values_leaves_something_to_the_others() -> None:
    many = Enum("Many", [f"m{number}" for number in range(1000)])  # type: ignore[misc] # its members are made
    command = make_dataclass("Mixed", [("key", str), ("many", many), ("amount", int)])
    made = commands_for(steps(1), [command], ["walk-1"])
    assert len(made) <= 200
    assert {0, -1} <= {each.amount for each in made}


# Names


class Status(Enum):
    """A state that is no text."""

    OPEN = 1


class Number(IntEnum):
    """A state that is a number."""

    OPEN = 1


class Word(str, Enum):  # noqa: UP042 - as people write it; a StrEnum would show its value by itself
    """A state that is text."""

    NONE = "nothing yet"
    OPEN = "open"


@pytest.mark.parametrize("name", [Status.OPEN, Number.OPEN, 5, None])
def test_a_state_name_that_is_no_text_is_refused_in_a_sentence(name: Any) -> None:
    says = f"state_name of account must return the name of a state as text, not {name!r}"
    with pytest.raises(TypeError, match=re.escape(says)):
        StateMachine.of(replace(ACCOUNTS, state_name=lambda account: name))
    with pytest.raises(TypeError, match=re.escape(says)):
        StateMachine.of(replace(ACCOUNTS, state_name=lambda account: name if account else "none"))


def test_a_member_of_an_enumeration_of_texts_is_the_name_that_it_stands_for() -> None:
    domain = replace(ACCOUNTS, state_name=lambda account: Word.OPEN if account else Word.NONE, states=tuple(Word))
    events = list(account_timeline().events())
    machine = StateMachine.of(domain, timeline=Timeline(events, reducer=DeciderReducer(domain)))
    assert machine.states == ("nothing yet", "open")
    assert {type(state) for state in machine.states} == {str}
    assert not any(way.unexpected for way in machine.transitions)
    assert 'state "open (2)" as s1' in machine.to_mermaid()


def test_a_domain_that_names_no_states_is_told_how_to_name_them() -> None:
    hint = "account names no states, so the type of its entities stands for them: Decider(state_name=…)"
    assert hint in StateMachine.of(ACCOUNTS)._repr_html_()
    assert hint in account_timeline()._repr_html_()
    assert "state_name" not in StateMachine.of(ORDERS)._repr_html_()


@dataclass(frozen=True, slots=True)
class Empty:
    """An account with nothing in it, as a type of its own."""

    balance_cents: int = 0


def test_a_domain_whose_entities_are_of_several_types_needs_no_names() -> None:
    def evolve(account: Any, event: Any) -> Any:
        after = ACCOUNTS.evolve(account, event)
        return after if after.balance_cents else Empty()

    machine = StateMachine.of(replace(ACCOUNTS, evolve=evolve))
    assert set(machine.states) == {"none", "Account", "Empty"}
    assert "state_name" not in machine._repr_html_()


# What it is asked with


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"commands": 5}, "commands must be a list of commands of account, not 5"),
        ({"commands": "ab"}, "commands must be a list of commands of account, not 'ab'"),
        ({"states": "abc"}, "states must be a tuple of names, such as ('abc',)"),
        ({"states": 5}, "states must be a tuple of names, which are text, and 5 is none"),
        ({"states": [None]}, "states must be a tuple of names, which are text, and None is none"),
        ({"depth": "x"}, "depth must be a whole number, not 'x'"),
        ({"depth": -1}, "depth must be zero or more, not -1"),
        ({"representatives": 1.5}, "representatives must be a whole number, not 1.5"),
        ({"representatives": -1}, "representatives must be zero or more, not -1"),
        ({"timeline": 5}, "timeline must be a Timeline, such as Timeline(events), not 5"),
        ({"timeline": []}, "timeline must be a Timeline, such as Timeline(events), not []"),
    ],
)
def test_what_a_search_cannot_be_asked_with_is_refused_in_a_sentence(given: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        StateMachine.of(ACCOUNTS, **given)
    assert str(raised.value) == says


def test_a_machine_is_counted_by_nothing_but_a_timeline() -> None:
    with pytest.raises(TypeError, match="timeline must be a Timeline"):
        StateMachine.of(ORDERS).counted(DeciderReducer(ORDERS))  # type: ignore[arg-type] # what a reader might try


@pytest.mark.parametrize(("lit", "says"), [("placd", ": did you mean placed?"), ("x", ": there are draft, placed")])
def test_a_state_to_be_lit_that_is_not_there_is_refused_with_what_there_is(lit: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"lit must be a state of order{says}")):
        StateMachine.of(ORDERS).to_svg(lit=lit)


# Shared, and not to be changed


def test_a_machine_that_is_shared_cannot_be_changed_by_who_got_it() -> None:
    machine = picturing.machine_of(ORDERS)
    with pytest.raises((AttributeError, TypeError)):
        machine.answers.clear()  # type: ignore[attr-defined] # what a reader might try
    assert picturing.machine_of(ORDERS) == StateMachine.of(ORDERS)


def test_a_counted_machine_can_be_copied_and_pickled_and_is_the_same() -> None:
    machine = StateMachine.of(ACCOUNTS, timeline=account_timeline())
    assert copy.deepcopy(machine) == pickle.loads(pickle.dumps(machine)) == machine
    with pytest.raises(TypeError):
        machine.counts["Account"] = 0  # type: ignore[index] # what a reader might try


def test_a_state_that_only_a_log_went_to_is_drawn_as_one_that_nothing_leads_to() -> None:
    no_withdrawal = replace(ACCOUNTS, state_name=lambda account: "open" if account else "none")
    silent = replace(no_withdrawal, decide=lambda command, account, *, key, at: ())
    events = list(account_timeline().events())
    machine = StateMachine.of(
        silent, states=("none", "open"), timeline=Timeline(events, reducer=DeciderReducer(silent))
    )
    assert machine.unreachable == ("open",)
    group = re.search(r'<g data-state="open">(<rect[^>]*>)', machine.to_svg(findable=True))
    assert group is not None
    assert "stroke-dasharray" in group[1]
