"""The strategies: what they make is what their names say, in any domain, the same at every run, simplest first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NewType

import pytest
from accounts import ACCOUNTS, Deposit, Deposited, Withdraw, account_reducer
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from loans import LOANS, Lend

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.exploration import strategies as made
from orderlab.exploration.playing import play
from orderlab.exploration.profiles import PROFILES, profile_of
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import EVENTS, OrderPlaced, PlaceOrder
from orderlab.orders.decider import ORDERS, evolve, problem_with
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline.machine.samples import CannotMake

DOMAINS: list[Decider[Any]] = [ORDERS, ACCOUNTS, LOANS]
QUICK = PROFILES["quick"]
FEW = settings(QUICK, max_examples=25)
ITEM = OrderItem("p-1", "Mug", 1, 250)


def simplest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool] = lambda value: True) -> Any:
    return find(strategy, condition, settings=QUICK)


def drawn(strategy: st.SearchStrategy[Any], count: int = 60) -> list[Any]:
    found: list[Any] = []
    settings(QUICK, max_examples=count)(given(strategy)(lambda value: found.append(value)))()  # noqa: PLW0108 - it has no code object itself
    return found


@FEW
@given(made.valid_commands())
def test_valid_commands_keep_all_rules(command: Any) -> None:
    assert problem_with(command) is None


@FEW
@given(made.invalid_commands())
def test_invalid_commands_break_a_rule(command: Any) -> None:
    assert problem_with(command) is not None or (command.order_id is None and not isinstance(command, PlaceOrder))


def test_every_rule_is_broken() -> None:
    problems = {problem_with(command) for command in drawn(made.invalid_commands(), 700)}
    rules = [
        "order_id must be 1 to 100",
        *(f"{name} must not be blank" for name in ("customer_id", "reason", "tracking_number")),
        "customer_id must be text",
        "customer_id must have at most",
        "customer_id must be valid text",
        "items must be a sequence",
        "items must hold 1 to 1000 items, not 0",
        "items must hold 1 to 1000 items, not 1001",
        "items must cost at most",
        "].name must not be blank",
        "].quantity must be a whole number",
        "].quantity must be from 1",
        "].unit_price_cents must be from 1",
    ]
    missing = [each for each in rules if not any(each in (problem or "") for problem in problems)]
    assert missing == []
    assert any(problem and problem.endswith("must be an OrderItem, not str") for problem in problems)


def test_any_commands_are_valid_and_invalid() -> None:
    assert {problem_with(command) is None for command in drawn(made.commands())} == {True, False}


@FEW
@given(made.orders())
def test_orders_are_as_their_events_would_have_made_them(order: Any) -> None:
    assert order.version == (1 if order.status.name == "placed" else 2)
    assert order.updated_at >= order.created_at


def test_orders_come_in_every_status() -> None:
    assert {order.status.name for order in drawn(made.orders())} == {"placed", "shipped", "cancelled"}
    assert {order.id for order in drawn(made.shipped_orders("order-7"), 5)} == {"order-7"}


@FEW
@given(made.order_states())
def test_a_state_keeps_orders_by_their_ids(state: Any) -> None:
    assert all(order.id == key for key, order in state.orders.items())


@FEW
@given(made.placed_events())
def test_an_order_can_begin_with_a_placed_event(event: OrderPlaced) -> None:
    assert evolve(None, event).total_cents == sum(item.total_cents for item in event.items)


def test_all_types_of_events_and_rejections_are_made() -> None:
    assert {type(event) for event in drawn(made.events())} == set(EVENTS)
    assert len({type(rejection) for rejection in drawn(made.rejections(), 40)}) == 3
    assert len({type(action) for action in drawn(made.actions(), 150)}) == 9


@pytest.mark.parametrize("decider", DOMAINS, ids=repr)
def test_commands_of_any_decider_are_made_of_all_its_types(decider: Decider[Any]) -> None:
    assert {type(command) for command in drawn(made.commands_for(decider))} == set(decider.commands)


def test_commands_are_about_the_entities_that_are_said() -> None:
    keys = {command.account_id for command in drawn(made.commands_for(ACCOUNTS, keys=["ada", "bea"]))}
    assert keys == {"ada", "bea", None}


@pytest.mark.parametrize("decider", DOMAINS, ids=repr)
def test_most_likely_commands_are_accepted_and_some_are_not(decider: Decider[Any]) -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
    accepted = [bool(step.events) for trace in drawn(made.traces(reducer), 60) for step in trace.steps]
    assert 0.5 < sum(accepted) / len(accepted) < 0.97


def test_likely_commands_are_about_what_is_there_or_one_more() -> None:
    there = Trace.of(ORDERS, [PlaceOrder("c", [ITEM], "ada"), PlaceOrder("c", [ITEM], "bea")]).state
    keys = {command.order_id for command in drawn(made.likely_commands(ORDERS, there))}
    assert keys - {None} == {"ada", "bea", "order-1"}


def test_likely_commands_know_the_state_of_orders_too() -> None:
    state = Trace.of(OrderReducer(), [PlaceOrder("c", [ITEM], "ada")]).state
    assert isinstance(state, OrderState)
    strict = made.likely_commands(ORDERS, state)
    outcomes = {play(OrderReducer(), state, command).outcome for command in drawn(strict)}
    assert {"OrderPlaced", "OrderShipped", "OrderCancelled", "InvalidOrderState"} <= outcomes


@pytest.mark.parametrize("decider", DOMAINS, ids=repr)
def test_events_for_a_state_can_follow_in_it(decider: Decider[Any]) -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
    state = next(state for state in drawn(made.states_of(decider), 30) if state.entities)
    for event in drawn(made.events_for(decider, state), 15):
        reducer.reduce(state, event, None)  # type: ignore[arg-type] # an event needs no environment


def test_events_of_a_decider_are_of_all_its_types() -> None:
    assert {type(event) for event in drawn(made.events_for(ACCOUNTS))} == set(ACCOUNTS.events)


@pytest.mark.parametrize("decider", DOMAINS, ids=repr)
def test_a_log_replays_to_the_state_of_its_run(decider: Decider[Any]) -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
    for log in drawn(made.logs(decider), 25):
        state = reducer.replay(reducer.initial_state(), [(row.stream_id, row.version, row.event) for row in log])
        assert sum(state.versions.values()) == len(log)
        assert [row.position for row in log] == list(range(1, len(log) + 1))
        assert sorted(row.recorded_at for row in log) == [row.recorded_at for row in log]


def test_a_log_of_orders_has_the_versions_of_their_codec() -> None:
    [row] = simplest(made.logs(), lambda log: len(log) == 1)
    assert (row.event_type, row.schema_version, row.stream_id) == ("OrderPlaced", 2, "order-order-1")


def test_a_run_begins_with_the_first_entity() -> None:
    begun = [[step.key for step in trace.steps if step.outcome == "OrderPlaced"] for trace in drawn(made.traces())]
    assert all(keys == [f"order-{number}" for number, _ in enumerate(keys, start=1)] for keys in begun)


def test_time_passes_in_a_run() -> None:
    unshrunk = settings(QUICK, max_examples=1_000, phases=[Phase.generate])
    assert find(made.traces(LOANS), lambda trace: "GoneMissing" in trace.outcomes, settings=unshrunk)


def test_a_run_takes_commands_of_any_form() -> None:
    given_list = [Deposit("ada", 1), Withdraw("ada", 1)]
    for commands in (given_list, st.sampled_from(given_list), lambda state: given_list[len(state.entities) :]):
        runs = drawn(made.runs(ACCOUNTS, commands=commands), 20)
        assert {type(command) for run in runs for command in run} <= {Deposit, Withdraw}
        assert any(runs)


def test_a_run_goes_on_from_a_state() -> None:
    start = Trace.of(ACCOUNTS, [Deposit("ada", 5)]).state
    found = simplest(made.traces(ACCOUNTS, start=start), lambda trace: "Withdrawn" in trace.outcomes)
    assert found.commands == (Withdraw("ada", 1),)


def test_a_reducer_of_no_decider_needs_commands() -> None:
    class Forgetful:
        def initial_state(self) -> int:
            return 0

        def reduce(self, state: int, action: Any, env: Any) -> Any:
            return account_reducer().reduce(account_reducer().initial_state(), action, env)

    with pytest.raises(TypeError, match="is of no decider, so its commands are not known: say them, as commands="):
        made.traces(Forgetful())
    found = simplest(made.traces(Forgetful(), commands=[Deposit("ada", 1)]), lambda trace: len(trace) == 1)
    assert found.events == (Deposited("ada", 1),)


@pytest.mark.parametrize("commands", [7, "ShipOrder"])
def test_what_are_no_commands_is_refused(commands: Any) -> None:
    with pytest.raises(TypeError, match="commands must be a list of commands, a function of the state or a strategy"):
        made.traces(ACCOUNTS, commands=commands)


def test_no_commands_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="commands must hold one command at least"):
        made.traces(ACCOUNTS, commands=[])


def test_a_type_that_says_nothing_of_its_fields_is_named() -> None:
    class Silent:
        def __init__(self, what) -> None:  # type: ignore[no-untyped-def] # which is what is tested
            self.what = what

    silent = replace(ACCOUNTS, commands=(Deposit, Silent))
    with pytest.raises(CannotMake, match="no Silent can be made to try, for its field what does not say what it"):
        made.traces(silent)


Cents = NewType("Cents", int)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Painted:
    cents: Cents
    colours: frozenset[Colour]
    names: dict[str, int]
    note: str | None = None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 1),
        (str, "a1"),
        (int | None, 1),
        (Colour, Colour.RED),
        (tuple[int, str], (1, "a1")),
        (list[int], [1]),
        (Painted, Painted(Cents(1), frozenset({Colour.RED}), {}, None)),
    ],
)
def test_values_of_a_type_begin_with_the_plain_one(annotation: Any, value: Any) -> None:
    assert simplest(made.values_for(annotation)) == value


def test_values_of_a_type_go_beyond_the_plain_one() -> None:
    numbers = drawn(made.values_for(int), 200)
    assert min(numbers) < 0 < 10**6 < max(numbers)
    assert {value.note is None for value in drawn(made.values_for(Painted))} == {True, False}


def test_a_type_that_is_registered_with_hypothesis_is_made_of_that() -> None:
    class Odd:
        def __init__(self, number) -> None:  # type: ignore[no-untyped-def] # it says nothing of its field
            self.number = number

    st.register_type_strategy(Odd, st.builds(Odd, st.sampled_from([1, 3])))
    assert simplest(made.values_for(Odd)).number == 1


@pytest.mark.parametrize("annotation", [Any, object, "text", Callable[[], int]])
def test_a_type_of_which_nothing_is_known_is_refused(annotation: Any) -> None:
    with pytest.raises(CannotMake, match="nothing is known of"):
        made.values_for(annotation)


def test_a_type_that_holds_itself_is_refused() -> None:
    with pytest.raises(CannotMake, match="holds itself"):
        made.values_for(Endless)


@dataclass(frozen=True)
class Endless:
    inner: "Endless"


def test_the_profiles_are_registered_and_leave_the_users_own_alone() -> None:
    assert settings.get_profile("orderlab-quick") == profile_of("quick")
    assert settings.get_current_profile_name() in {"default", "ci"}
    assert [each.max_examples for each in PROFILES.values()] == [100, 1_000, 10_000]
    assert all(each.derandomize and each.database is None for each in PROFILES.values())
    with pytest.raises(ValueError, match="profile must be quick, thorough, exhaustive, not 'slow'"):
        profile_of("slow")


def test_the_same_is_drawn_at_every_run() -> None:
    assert drawn(made.runs(LOANS), 30) == drawn(made.runs(LOANS), 30)
    assert Lend in {type(command) for run in drawn(made.runs(LOANS), 30) for command in run}


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        (lambda: made.commands_for(3), TypeError, "decider must be a Decider, such as ORDERS, not 3"),  # type: ignore[arg-type] # refused
        (lambda: made.commands_for(ORDERS, keys="abc"), TypeError, "keys must be a list of texts, not 'abc'"),
        (lambda: made.commands_for(ORDERS, keys=[]), ValueError, "keys must hold one key at least"),
        (lambda: made.likely_commands(ORDERS, 7), TypeError, "state must be a state of"),
        (lambda: made.runs(max_size=-1), ValueError, "max_size must be at least 0, not -1"),
        (lambda: made.logs(3), TypeError, "a Decider or a reducer is wanted"),  # type: ignore[arg-type] # refused
    ],
)
def test_the_argument_that_cannot_be_meant_is_named(asked: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        asked()
