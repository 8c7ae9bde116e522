import pickle
import re
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from accounts import ACCOUNTS, Account, Deposit
from commandline import environment
from hypothesis import given
from hypothesis import strategies as st
from loans import (
    LOANS,
    Bought,
    Buy,
    GiveUp,
    GoneMissing,
    Lend,
    LendAgain,
    Lent,
    Polish,
    Remind,
    Return,
    Returned,
    loan_reducer,
)

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import MACHINE
from orderlab.timeline.machine.exploring import TIMES
from orderlab.timeline.machine.samples import NOON, CannotMake
from orderlab.timeline.machine.statemachine import StateMachine
from orderlab.timeline.machine.transitions import Transition
from orderlab.timeline.timeline import Timeline

LOAN_MACHINE = StateMachine.of(LOANS)
ORDER_MACHINE = StateMachine.of(ORDERS)


def ways(machine: StateMachine) -> list[tuple[str, str, str]]:
    return [(each.source, each.command, each.target) for each in machine.transitions]


def log_of(reducer: DeciderReducer[Any, Any], *events: Any) -> Timeline[Any]:
    """Return a log of events as they are, whether or not a command would cause them."""
    versions: Counter[str] = Counter()
    recorded = []
    for position, event in enumerate(events, start=1):
        stream = reducer.decider.stream_id(str(reducer.decider.key_of(event)))
        versions[stream] += 1
        kind = type(event).__name__
        recorded.append(
            RecordedEvent(UUID(int=position), stream, versions[stream], position, kind, 1, event, NOON, None, None, {})
        )
    return Timeline(recorded, reducer=reducer)


# What is found


def test_the_machine_of_orders_is_the_one_that_is_drawn_everywhere() -> None:
    assert ORDER_MACHINE.drawing == MACHINE


def test_all_ways_of_a_domain_are_found_in_the_order_of_its_states() -> None:
    assert ways(LOAN_MACHINE) == [
        ("wanted", "Buy", "shelved"),
        ("shelved", "Lend", "lent"),
        ("shelved", "LendAgain", "lent"),
        ("lent", "LendAgain", "shelved"),
        ("lent", "Return", "shelved"),
        ("lent", "Remind", "lent"),
        ("lent", "GiveUp", "missing"),
    ]


def test_a_command_with_two_events_leads_along_two_ways() -> None:
    assert [each.events for each in LOAN_MACHINE.transitions if each.command == "LendAgain"] == [
        ("Lent",),
        ("Returned",),
    ]


def test_the_states_are_those_that_the_decider_names_the_first_first() -> None:
    assert LOAN_MACHINE.states == ("wanted", "shelved", "lent", "missing", "burnt")


def test_a_state_that_nothing_leads_to_is_told() -> None:
    assert (LOAN_MACHINE.unreachable, ORDER_MACHINE.unreachable) == (("burnt",), ())


def test_a_command_that_does_nothing_anywhere_is_told() -> None:
    assert (LOAN_MACHINE.idle_commands, ORDER_MACHINE.idle_commands) == (("Polish",), ())


def test_a_state_that_nothing_leaves_is_final() -> None:
    assert (LOAN_MACHINE.final, ORDER_MACHINE.final) == (("missing",), ("shipped", "cancelled"))


def test_refusals_say_which_rejections_a_command_gets_in_a_state() -> None:
    assert ORDER_MACHINE.refusals["draft", "ShipOrder"] == ("OrderNotFound", "ValidationFailed")
    assert ORDER_MACHINE.refusals["shipped", "CancelOrder"] == ("InvalidOrderState", "ValidationFailed")
    assert ("shelved", "Polish") not in LOAN_MACHINE.refusals


def test_a_command_that_may_lead_on_and_may_be_refused_has_both() -> None:
    answer = LOAN_MACHINE.answers["lent", "Remind"]
    assert (answer.targets, answer.rejections, answer.is_quiet) == (("lent",), ("Refused",), False)
    assert LOAN_MACHINE.answers["shelved", "Polish"].is_quiet


def test_a_domain_that_names_no_states_has_those_that_are_found() -> None:
    assert StateMachine.of(ACCOUNTS).states == ("none", "Account")


def test_states_that_are_given_count_instead_of_those_that_the_decider_names() -> None:
    assert StateMachine.of(LOANS, states=("lost",)).states == ("wanted", "lost", "shelved", "lent", "missing")
    assert StateMachine.of(LOANS, states=("lost",)).unreachable == ("lost",)


# How far the search goes


def test_a_search_that_found_an_end_says_so() -> None:
    assert ORDER_MACHINE.exhaustive
    assert LOAN_MACHINE.exhaustive


def test_a_domain_without_an_end_is_searched_to_a_bound_and_says_so() -> None:
    assert not StateMachine.of(ACCOUNTS).exhaustive


@pytest.mark.parametrize(("depth", "found"), [(1, 1), (2, 2), (3, 7)])
def test_a_search_goes_as_many_commands_deep_as_it_may(depth: int, found: int) -> None:
    machine = StateMachine.of(LOANS, depth=depth)
    assert len(machine.transitions) == found


def test_a_search_that_was_not_deep_enough_says_so() -> None:
    assert not StateMachine.of(LOANS, depth=2).exhaustive


@dataclass(frozen=True, slots=True)
class Add:
    """Count one more."""

    key: str


@dataclass(frozen=True, slots=True)
class Added:
    """There is one more."""

    key: str
    number: int


LIMIT = 17


def counter(**changed: Any) -> "Decider[int]":
    """Return a domain that counts to a limit, and has states of no type of its own."""
    domain: Decider[int] = Decider(
        "counter",
        lambda command, count, *, key, at: (Added(key, (count or 0) + 1),),
        lambda count, event: event.number,
        lambda action: action.key,
        (Add,),
        (Added,),
        (),
        state_name=lambda count: "full" if (count or 0) >= LIMIT else "counting",
    )
    return replace(domain, **changed)


def test_a_state_behind_many_equal_steps_is_found_with_few_representatives() -> None:
    machine = StateMachine.of(counter(), representatives=2)
    assert machine.states == ("counting", "full")
    assert not machine.exhaustive


def test_entities_without_a_hash_are_compared_by_value() -> None:
    domain = counter(
        decide=lambda command, counts, *, key, at: (Added(key, 1),),
        evolve=lambda counts, event: [1],
        state_name=lambda counts: "none" if counts is None else "one",
    )
    machine = StateMachine.of(domain)
    assert (ways(machine), machine.exhaustive) == ([("none", "Add", "one"), ("one", "Add", "one")], True)


# What is tried


def test_commands_that_are_given_are_tried_in_place_of_those_of_their_type() -> None:
    assert StateMachine.of(LOANS, commands=[Buy(0)]).states == LOANS.states
    assert StateMachine.of(LOANS, commands=[Buy(0)]).unreachable == ("shelved", "lent", "missing", "burnt")


def test_given_commands_about_several_keys_are_tried_apart() -> None:
    given = [Buy(1, "faust"), Buy(1, "ilias"), Lend("ilias", "ada"), Return("faust")]
    machine = StateMachine.of(LOANS, commands=[*given, LendAgain("x", "y"), Remind("x"), GiveUp("x"), Polish("x")])
    assert ways(machine) == [("wanted", "Buy", "shelved"), ("shelved", "Lend", "lent")]


def test_a_command_without_a_key_meets_nothing_that_is_there() -> None:
    machine = StateMachine.of(ACCOUNTS, commands=[Deposit(None, 5)])
    assert ("none", "Deposit", "Account") in ways(machine)
    assert ("Account", "Deposit", "Account") not in ways(machine)


@pytest.mark.parametrize("given", [ShipOrder("order-1", "T"), 5, "Buy"])
def test_a_given_command_of_another_domain_is_refused_in_a_sentence(given: Any) -> None:
    with pytest.raises(TypeError, match=r"commands must be commands of book, and .* is none"):
        StateMachine.of(LOANS, commands=[given])


@pytest.mark.parametrize("given", [None, loan_reducer(), "orders"])
def test_what_is_no_decider_is_refused_in_a_sentence(given: Any) -> None:
    with pytest.raises(TypeError, match="a state machine is computed from a Decider, such as ORDERS"):
        StateMachine.of(given)


class Odd:
    """A command of which nothing can be known."""

    def __init__(self, key: str, pattern: re.Pattern[str]) -> None:
        self.key = key


def test_commands_that_cannot_be_made_are_asked_for() -> None:
    with pytest.raises(CannotMake) as raised:
        StateMachine.of(counter(commands=(Odd,)))
    assert str(raised.value) == (
        "no Odd can be made to try: its field pattern cannot be filled, for nothing is known of Pattern; "
        "hand over some, as commands=[Odd(…)]"
    )
    assert ways(StateMachine.of(counter(commands=(Odd,)), commands=[Odd("a", re.compile(""))]))[0][1] == "Odd"


@pytest.mark.parametrize(
    ("decide", "says"),
    [
        (lambda *_, **__: [], "decide must return a tuple of events or one rejection, not []"),
        (lambda *_, **__: (1,), "decide must return a tuple of events or one rejection, not (1,)"),
        (lambda *_, **__: 1 / 0, "division by zero"),
    ],
)
def test_a_decider_that_breaks_its_word_is_told_with_the_command_that_did_it(decide: Any, says: str) -> None:
    with pytest.raises((TypeError, ZeroDivisionError), match=re.escape(says)) as raised:
        StateMachine.of(counter(decide=decide))
    assert raised.value.__notes__ == [
        "Add(key='counter-1') was tried on None; what is tried can be chosen, by commands="
    ]


def test_an_evolve_that_gives_nothing_is_told() -> None:
    with pytest.raises(TypeError, match="evolve must return the entity after Added"):
        StateMachine.of(counter(evolve=lambda count, event: None))


# The machine against the domain itself

LOAN_COMMANDS = [
    Buy(1, "b"),
    Buy(0, "b"),
    Lend("b", "ada"),
    Lend("b", "cem"),
    LendAgain("b", "eda"),
    Remind("b"),
    Return("b"),
    GiveUp("b"),
    Polish("b"),
]
GIVEN_MACHINE = StateMachine.of(LOANS, commands=LOAN_COMMANDS)


def hops(decider: Decider[Any], commands: Sequence[Any], at: datetime) -> list[tuple[str, str, str, str]]:
    """Run commands one after another; return each event's way: source, command, target, event."""
    entity: Any = None
    gone = []
    for number, command in enumerate(commands):
        key = str(decider.key_of(command))
        decision = decider.decide(command, entity, key=key, at=at + timedelta(days=100 * number))
        for event in decision if isinstance(decision, tuple) else ():
            before, entity = entity, decider.evolve(entity, event)
            names = decider.state_name(before), decider.state_name(entity)
            gone.append((names[0], type(command).__name__, names[1], type(event).__name__))
    return gone


@given(st.lists(st.sampled_from(LOAN_COMMANDS), max_size=25))
def test_every_step_of_a_random_run_is_a_way_of_the_machine(commands: list[Any]) -> None:
    known = {
        (each.source, each.command, each.target, event) for each in GIVEN_MACHINE.transitions for event in each.events
    }
    assert GIVEN_MACHINE.exhaustive
    assert set(hops(LOANS, commands, NOON)) <= known


@st.composite
def domains(draw: st.DrawFn) -> Decider[Any]:
    """Draw a domain: which command leads from which state to which, at random, and which are refused."""
    states = draw(st.integers(1, 5))
    table = draw(
        st.dictionaries(st.tuples(st.integers(0, states - 1), st.booleans()), st.integers(0, states - 1), max_size=8)
    )

    def decide(command: Any, state: int | None, *, key: str, at: datetime) -> Any:
        target = table.get((state or 0, isinstance(command, Return)))
        return Returned(key) if target is None else (Added(key, target),)

    return Decider(
        "drawn",
        decide,
        lambda state, event: event.number,
        lambda action: getattr(action, "key", None) or action.book_id,
        (Add, Return),
        (Added,),
        (Returned,),
        state_name=lambda state: f"s{state or 0}",
        states=tuple(f"s{number}" for number in range(states)),
    )


@given(domains())
def test_the_machine_of_a_random_domain_is_what_a_plain_search_of_it_finds(domain: Decider[Any]) -> None:
    found, reached = set[tuple[str, str, str]](), [0]
    for state in reached:
        for command in (Add("k"), Return("k")):
            decision = domain.decide(command, state, key="k", at=NOON)
            if isinstance(decision, tuple):
                target = domain.evolve(state, decision[0])
                found.add((f"s{state}", type(command).__name__, f"s{target}"))
                if target not in reached:
                    reached.append(target)
    machine = StateMachine.of(domain)
    assert machine.exhaustive
    assert set(ways(machine)) == found
    assert set(machine.unreachable) == set(machine.states) - {f"s{state}" for state in reached}
    assert set(machine.idle_commands) == {"Add", "Return"} - {command for _, command, _ in found}


@pytest.mark.parametrize("decider", [ORDERS, LOANS, ACCOUNTS], ids=lambda decider: decider.name)
def test_the_same_domain_gives_the_same_machine(decider: Decider[Any]) -> None:
    one, other = StateMachine.of(decider), StateMachine.of(decider)
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    assert (one._repr_html_(), one.to_mermaid()) == (other._repr_html_(), other.to_mermaid())


@pytest.mark.parametrize("seed", ["0", "1"])
def test_a_machine_looks_the_same_whatever_the_hash_seed(seed: str) -> None:
    program = (
        "from orderlab.timeline.machine.statemachine import StateMachine; from orderlab.orders.decider import ORDERS; "
        "from orderlab.timeline import Timeline; "
        "print(StateMachine.of(ORDERS, timeline=Timeline([]))._repr_html_())"
    )
    env = {**environment(), "PYTHONHASHSEED": seed}
    ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == StateMachine.of(ORDERS, timeline=Timeline([]))._repr_html_()


# Counted by a log

LENT_TWICE = (Bought("b"), Lent("b", "ada", NOON), Returned("b"), Lent("b", "cem", NOON), Bought("c"))


def test_a_machine_that_is_counted_says_how_often_a_log_went_each_way() -> None:
    machine = LOAN_MACHINE.counted(log_of(loan_reducer(), *LENT_TWICE))
    assert machine.taken is not None
    taken = {(each.source, each.command): count for each, count in machine.taken.items() if count}
    assert taken == {("wanted", "Buy"): 2, ("shelved", "Lend"): 2, ("lent", "Return"): 1}
    assert set(machine.taken) == set(machine.transitions)


def test_a_machine_that_is_counted_says_how_many_are_in_each_state_at_the_end() -> None:
    machine = StateMachine.of(LOANS, timeline=log_of(loan_reducer(), *LENT_TWICE))
    assert machine.counts == {"shelved": 1, "lent": 1, "missing": 0, "burnt": 0}


def test_a_way_that_no_command_leads_is_kept_as_an_unexpected_one() -> None:
    machine = LOAN_MACHINE.counted(log_of(loan_reducer(), Bought("b"), GoneMissing("b")))
    odd = Transition("shelved", "GoneMissing", "missing", ("GoneMissing",), unexpected=True)
    assert machine.transitions == (*LOAN_MACHINE.transitions, odd)
    assert machine.taken is not None
    assert machine.taken[odd] == 1
    assert machine.final == LOAN_MACHINE.final


def test_an_unexpected_way_is_drawn_dashed_and_told_in_words() -> None:
    machine = LOAN_MACHINE.counted(log_of(loan_reducer(), Bought("b"), GoneMissing("b")))
    assert 'stroke-dasharray="6 4"' in machine.to_svg()
    assert 'stroke-dasharray="6 4"' not in LOAN_MACHINE.to_svg()
    assert "The log went where no command leads: from shelved to missing by GoneMissing." in machine._repr_html_()


def test_where_events_do_not_tell_their_command_the_first_way_is_counted() -> None:
    silent = replace(LOANS, command_of=None)
    log = log_of(DeciderReducer(silent), Bought("b"), Lent("b", "ada", NOON), Returned("b"))
    taken = StateMachine.of(silent, timeline=log).taken
    assert taken is not None
    assert {each.command: count for each, count in taken.items() if count} == {"Buy": 1, "Lend": 1, "LendAgain": 1}


def test_a_log_of_another_domain_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="this is the machine of order, and the timeline is of book"):
        ORDER_MACHINE.counted(log_of(loan_reducer()))


def test_an_empty_log_went_no_way() -> None:
    machine = ORDER_MACHINE.counted(Timeline([]))
    assert machine.taken is not None
    assert set(machine.taken.values()) == {0}
    assert machine.counts == {"placed": 0, "shipped": 0, "cancelled": 0}


@given(st.lists(st.sampled_from(LOAN_COMMANDS), max_size=15))
def test_the_counts_of_a_random_log_add_up_to_its_events(commands: list[Any]) -> None:
    events, book = [], None
    for command in commands:
        decision = LOANS.decide(command, book, key="b", at=TIMES[0])
        for event in decision if isinstance(decision, tuple) else ():
            book = LOANS.evolve(book, event)
            events.append(event)
    machine = GIVEN_MACHINE.counted(log_of(loan_reducer(), *events))
    assert machine.taken is not None
    assert machine.counts is not None
    assert sum(machine.taken.values()) == len(events)
    assert sum(machine.counts.values()) == bool(events)
    assert not any(each.unexpected for each in machine.transitions)


# How it shows itself


def test_a_machine_is_told_in_one_line() -> None:
    assert repr(ORDER_MACHINE) == "<StateMachine of order: 4 states, 3 transitions>"
    assert repr(LOAN_MACHINE) == ("<StateMachine of book: 5 states, 7 transitions, 1 unreachable, 1 idle command>")
    assert repr(ORDER_MACHINE.counted(Timeline([]))) == "<StateMachine of order: 4 states, 3 transitions, 0 events>"


def test_a_machine_shows_its_picture_as_an_image() -> None:
    (data,) = re.findall(r'<img alt="[^"]*" src="data:image/svg\+xml;base64,([^"]+)">', ORDER_MACHINE._repr_html_())
    assert b64decode(data).decode() == ORDER_MACHINE.to_svg()


def cells(machine: StateMachine) -> list[list[str]]:
    rows = re.findall("<tr>(.*?)</tr>", machine._repr_html_())
    return [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_a_machine_shows_in_a_table_what_is_refused_where() -> None:
    assert cells(ORDER_MACHINE) == [
        ["state", "PlaceOrder", "CancelOrder", "ShipOrder"],
        ["draft", "→ placed", "OrderNotFound", "OrderNotFound"],
        ["placed", "InvalidOrderState", "→ cancelled", "→ shipped"],
        ["shipped", "InvalidOrderState", "InvalidOrderState", "InvalidOrderState"],
        ["cancelled", "InvalidOrderState", "InvalidOrderState", "InvalidOrderState"],
        ["in every state", "ValidationFailed", "ValidationFailed", "ValidationFailed"],
    ]


def test_the_table_shows_a_command_that_does_nothing_and_one_that_may_do_this_or_that() -> None:
    rows = {row[0]: dict(zip(cells(LOAN_MACHINE)[0][1:], row[1:], strict=True)) for row in cells(LOAN_MACHINE)[1:]}
    assert rows["lent"]["Polish"] == "nothing happens"
    assert rows["lent"]["Remind"] == "→ lent, Refused"
    assert rows["lent"]["LendAgain"] == "→ lent"
    assert "burnt" not in rows


def test_a_machine_says_what_its_picture_does_not() -> None:
    html = LOAN_MACHINE._repr_html_()
    assert "<p>Nothing was found that leads to burnt.</p>" in html
    assert "<p>Polish does nothing in any state.</p>" in html
    assert "<p>LendAgain causes several events, and passes through shelved on the way.</p>" in html
    assert ORDER_MACHINE._repr_html_().count("<p>") == 0
    assert "bounds" not in html
    assert (
        "<p>The search ended at its bounds: there can be more than was found.</p>"
        in StateMachine.of(ACCOUNTS)._repr_html_()
    )


def test_names_that_look_like_html_are_shown_as_text() -> None:
    hostile = replace(counter(), name="<b>", state_name=lambda count: "<script>" if count else "&", states=("&", "<i>"))
    for shown in (StateMachine.of(hostile)._repr_html_(), StateMachine.of(hostile).to_mermaid()):
        assert not re.search("<(script|i|b)>", shown)


def test_a_page_finds_each_way_by_its_states_and_events() -> None:
    svg = LOAN_MACHINE.to_svg(findable=True, lit="lent")
    assert 'data-source="lent" data-target="shelved" data-edge="LendAgain Return" data-events="Returned"' in svg


def test_a_timeline_shows_the_machine_counted() -> None:
    timeline = log_of(loan_reducer(), *LENT_TWICE)
    assert LOAN_MACHINE.counted(timeline).picture() in timeline._repr_html_()


def test_a_timeline_whose_machine_cannot_be_computed_says_why() -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(counter(commands=(Odd,)))
    assert "no Odd can be made to try" in log_of(reducer, Added("a", 1))._repr_html_()


# Mermaid


def lines(machine: StateMachine) -> list[str]:
    return [line.strip() for line in machine.to_mermaid().splitlines()]


def test_a_machine_is_written_for_mermaid() -> None:
    assert ORDER_MACHINE.to_mermaid().splitlines() == [
        "stateDiagram-v2",
        "    direction LR",
        '    state "draft" as s0',
        '    state "placed" as s1',
        '    state "shipped" as s2',
        '    state "cancelled" as s3',
        "    [*] --> s0",
        "    s0 --> s1 : PlaceOrder",
        "    s1 --> s2 : ShipOrder",
        "    s1 --> s3 : CancelOrder",
        "    s2 --> [*]",
        "    s3 --> [*]",
    ]


def test_for_mermaid_counts_are_written_beside_the_names() -> None:
    written = lines(LOAN_MACHINE.counted(log_of(loan_reducer(), *LENT_TWICE, GoneMissing("c"))))
    assert 'state "lent (1)" as s2' in written
    assert "s1 --> s2 : Lend 2" in written
    assert "s1 --> s3 : GoneMissing (unexpected) 1" in written


@pytest.mark.parametrize(
    "name", ['a "quoted" one', "end", "a; b", "a\nb", "#1", "%% no comment", "<b>", "", "a --> b : c"]
)
def test_for_mermaid_no_name_is_anything_but_a_name(name: str) -> None:
    domain = counter(state_name=lambda count: name if count else "begin")
    written = lines(StateMachine.of(domain))
    shape = r'stateDiagram-v2|direction LR|state "[^"]+" as s\d|\[\*\] --> s\d|s\d --> s\d : [^;:#"]+|s\d --> \[\*\]'
    assert all(re.fullmatch(shape, line) for line in written)
    assert len(written) == 7


def test_an_account_is_one_state_that_is_never_left() -> None:
    machine = StateMachine.of(ACCOUNTS)
    assert (machine.final, machine.unreachable) == ((), ())
    assert Account.__name__ in machine.states
