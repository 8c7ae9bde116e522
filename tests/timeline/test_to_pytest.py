"""A stretch of a log as tests that really run, and that fail when the rules are others."""

import os
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw, account_reducer
from made_logs import CANCEL, GUESTS, MUG, NOON, PLACE, SHIP, Enter, Leave, guest_reducer, log_of, minutes, with_script

from orderlab.core.decider import DeciderReducer
from orderlab.orders.actions import InvalidOrderState, OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderState
from orderlab.timeline.scenario.scenario_writer import PytestModule, Scenario, ScenarioStep, pytest_module
from orderlab.timeline.scenario.to_pytest import to_pytest
from orderlab.timeline.timeline import Timeline

ROOT = Path(__file__).parents[2]
SHIPPED = (PLACE, SHIP, CANCEL)


def passed(text: PytestModule, folder: Path, *more: str) -> str:
    """Run a test module as a user would, and return the last line of what pytest says."""
    text.save(folder / "test_log.py")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "test_log.py", *more],
        cwd=folder,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": os.pathsep.join([f"{ROOT}", f"{ROOT / 'tests'}"]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.splitlines()[-1].partition(" in ")[0]


def tried(text: str) -> int:
    """Call the test functions of a module, which is quicker, and return how many there are."""
    contents: dict[str, Any] = {}
    exec(text, contents)
    tests = [value for name, value in contents.items() if name.startswith("test_")]
    for test in tests:
        test()
    return len(tests)


def formatted(text: str) -> str:
    """Return what a formatter makes of a module."""
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "format",
            "--isolated",
            "--line-length=120",
            "--stdin-filename=test_log.py",
            "-",
        ],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return run.stdout.decode()


def small() -> Timeline[OrderState]:
    return Timeline.from_file(ROOT / "data" / "desk-small.jsonl", commands=ROOT / "data" / "desk-small-commands.jsonl")


def body_of(text: str) -> str:
    """Return all that comes after the imports."""
    return text[text.index("\n\n\ndef ") + 3 :]


# Running


def test_the_tests_of_the_whole_bundled_log_pass_and_need_no_formatting(tmp_path: Path) -> None:
    text = small().to_pytest()

    assert passed(text, tmp_path) == "61 passed"
    assert text.count(".then_rejected(") == 6
    assert formatted(text) == text


@pytest.mark.parametrize(("first", "last", "tests"), [(50, 60, 11), (80, None, 31), (1, 1, 1)])
def test_the_tests_of_any_stretch_pass(first: int, last: int | None, tests: int) -> None:
    assert tried(to_pytest(small(), first, last)) == tests


def test_the_tests_of_another_domain_pass_and_import_its_decider(tmp_path: Path) -> None:
    timeline = log_of(
        Deposit(None, 5), Withdraw("account-1", 9), Deposit("b", 0), Deposit("b", 2), reducer=account_reducer()
    )

    text = to_pytest(timeline)

    assert passed(text, tmp_path) == "2 passed"
    assert "from accounts import ACCOUNTS, Deposit, Deposited, InsufficientFunds, Withdraw\n" in text
    assert 'key="account-1"' in text
    assert formatted(text) == text


def test_a_decider_that_is_not_found_is_said() -> None:
    other = replace(GUESTS, rejections=GUESTS.rejections)
    timeline = log_of(Enter("ada"), Leave("ada"), Leave("ada"), reducer=DeciderReducer(other))

    with pytest.raises(ValueError, match="the decider of guest is in none of the modules of its own functions"):
        to_pytest(timeline)
    assert tried(to_pytest(timeline, decider="made_logs:GUESTS")) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("class:X", "decider must say a module and a name in it, as in 'shop.returns:RETURNS', not 'class:X'"),
        ("shop:None", "decider must say a module and a name in it, as in 'shop.returns:RETURNS', not 'shop:None'"),
        ("os:path", "decider must say where the decider of guest is, and os:path is no decider"),
        ("accounts:ACCOUNTS", "decider must say where the decider of guest is, and accounts:ACCOUNTS is a decider of"),
    ],
)
def test_a_place_where_the_decider_is_not_is_refused(said: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        to_pytest(log_of(Enter("ada"), reducer=guest_reducer()), decider=said)


def test_a_domain_of_a_notebook_is_to_be_put_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Enter, "__module__", "__main__")
    timeline = log_of(Enter("ada"), reducer=DeciderReducer(replace(GUESTS, rejections=GUESTS.rejections)))

    with pytest.raises(
        ValueError, match=r"put it into a file, such as shop\.py, and say which name its decider has in"
    ):
        to_pytest(timeline)


def test_a_log_that_the_rules_do_not_lead_to_is_written_with_a_word_about_it() -> None:
    [placed] = log_of(PLACE).events()
    timeline = Timeline([replace(placed, event=replace(placed.event, total_cents=1))])

    text = to_pytest(timeline)

    assert (
        "\n# The rules did not lead to what the log has when this was written: until they do, this test fails.\n"
        in text
    )
    assert formatted(text) == text
    with pytest.raises(AssertionError):
        tried(text)
    assert "# The rules" not in to_pytest(small())


def test_a_test_that_fails_at_what_is_given_has_that_word_too() -> None:
    placed, shipped = log_of(PLACE, SHIP).events()
    again = [replace(shipped, position=n, version=n, event_id=UUID(int=n)) for n in (3, 4)]

    assert "# The rules did not" in to_pytest(Timeline([placed, shipped, *again]), 4)


def test_a_module_that_is_not_imported_yet_is_taken_at_its_word() -> None:
    text = to_pytest(log_of(Enter("ada"), reducer=guest_reducer()), decider="not_yet:GUESTS")

    assert "from not_yet import GUESTS" in text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": 5}, "name must be text, not 5"),
        (
            {"decider": GUESTS},
            "decider must say where the decider is, as in 'shop.returns:RETURNS', not <Decider guest",
        ),
        ({"most": "x"}, "most must be a whole number, not 'x'"),
    ],
)
def test_an_argument_of_another_kind_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        to_pytest(log_of(Enter("ada"), reducer=guest_reducer()), **given)


def test_the_tests_fail_where_the_rules_are_others(tmp_path: Path) -> None:
    text = to_pytest(log_of(Deposit("a", 5), Withdraw("a", 5), reducer=account_reducer()))
    (tmp_path / "greedy.py").write_text(
        "from dataclasses import replace\n"
        "import accounts\n"
        "no = lambda command, entity, *, key, at: accounts.InsufficientFunds(key, 0)\n"
        "ACCOUNTS = replace(accounts.ACCOUNTS, decide=no)\n",
        encoding="utf-8",
    )

    changed = PytestModule(
        text.replace("from accounts import ACCOUNTS, ", "from greedy import ACCOUNTS\nfrom accounts import ")
    )

    assert passed(changed, tmp_path) == "1 failed"


# What is written


def test_one_order_reads_as_given_when_then() -> None:
    assert (
        body_of(to_pytest(log_of(*SHIPPED)))
        == """\
def test_order_mug_order_placed_then_order_shipped_then_cancel_order_refused() -> None:
    (
        given()
        .when(
            PlaceOrder(
                customer_id="ada",
                items=(OrderItem(product_id="p-1", name="Mug", quantity=2, unit_price_cents=250),),
                order_id="mug",
            ),
            at=datetime(2025, 1, 1, 12, 1, tzinfo=UTC),
        )
        .then(
            OrderPlaced(
                order_id="mug",
                customer_id="ada",
                items=(OrderItem(product_id="p-1", name="Mug", quantity=2, unit_price_cents=250),),
                total_cents=500,
                timestamp=datetime(2025, 1, 1, 12, 1, tzinfo=UTC),
            ),
        )
        .when(ShipOrder(order_id="mug", tracking_number="TRACK-1"), at=datetime(2025, 1, 1, 12, 2, tzinfo=UTC))
        .then(
            OrderShipped(order_id="mug", tracking_number="TRACK-1", timestamp=datetime(2025, 1, 1, 12, 2, tzinfo=UTC)),
        )
        .when(CancelOrder(order_id="mug", reason="too late"), at=datetime(2025, 1, 1, 12, 3, tzinfo=UTC))
        .then_rejected(InvalidOrderState(order_id="mug", current_status="shipped"))
    )
"""
    )


def test_what_happened_before_the_stretch_is_given() -> None:
    text = to_pytest(log_of(Deposit("a", 1), Deposit("a", 2), Deposit("a", 3), reducer=account_reducer()), 3)

    assert 'given([Deposited(account_id="a", cents=1), Deposited(account_id="a", cents=2)], decider=ACCOUNTS)' in text


def test_a_refused_command_belongs_to_the_stretch_of_the_event_after_it() -> None:
    timeline = log_of(PLACE, PlaceOrder("bea", (MUG,), "mug"), SHIP, CANCEL)

    assert "then_rejected" not in to_pytest(timeline, 1, 1)
    assert to_pytest(timeline, 2, 2).count("then_rejected") == 2  # the last one has no event after it


def test_one_entity_can_be_asked_for() -> None:
    timeline = log_of(PLACE, PlaceOrder("bea", (MUG,), "cup"), SHIP)

    assert repr(to_pytest(timeline, key="cup")).startswith("<PytestModule of 1 test,")
    assert 'order_id="mug"' not in to_pytest(timeline, key="cup")


def test_tests_can_be_named() -> None:
    timeline = log_of(PLACE, PlaceOrder("bea", (MUG,), "cup"))

    text = to_pytest(timeline, name="two people, one idea")

    assert "def test_two_people_one_idea() -> None:" in text
    assert "def test_two_people_one_idea_2() -> None:" in text


def test_keys_that_look_alike_have_tests_of_their_own() -> None:
    text = to_pytest(log_of(*(PlaceOrder("ada", (MUG,), key) for key in ("a.b", "a-b", "A_B"))))

    assert text.count("def test_order_a_b_order_placed") == 3
    assert "def test_order_a_b_order_placed_3()" in text


def test_a_long_life_has_a_name_that_ends() -> None:
    text = to_pytest(log_of(*[Deposit("a", 1)] * 9, reducer=account_reducer()))

    assert "def test_account_a_deposited_then_deposited_then_deposited_then_deposited_and_so_on() -> None:" in text


def test_a_command_that_caused_several_events_states_all_of_them() -> None:
    text = to_pytest(log_of(Enter("ada"), Enter("ada"), reducer=guest_reducer()))

    assert '.then([Entered(guest="ada"), Greeted(guest="ada")])' in text
    assert ".then_nothing()" in text


def test_events_of_a_command_that_began_before_the_stretch_are_given() -> None:
    text = to_pytest(log_of(Enter("ada"), Leave("ada"), reducer=guest_reducer()), 2)

    assert 'given([Entered(guest="ada"), Greeted(guest="ada")], decider=GUESTS)' in text
    assert tried(text) == 1


def test_what_answers_no_given_command_is_tested_as_its_event_says() -> None:
    timeline = with_script(log_of(PLACE, SHIP), ())

    assert to_pytest(timeline).count(".when(") == 2


# What is not written


def test_a_domain_that_cannot_name_commands_needs_them_given() -> None:
    timeline = with_script(log_of(Deposit("a", 1), reducer=account_reducer()), ())

    with pytest.raises(ValueError, match="the decider of account has no `command_of`"):
        to_pytest(timeline)


def test_a_stretch_too_long_is_refused_unless_it_is_asked_for() -> None:
    timeline = log_of(*[Deposit("a", 1)] * 1_001, reducer=account_reducer())

    with pytest.raises(
        ValueError, match="more than 1,000 commands in this stretch: name another one by first and last"
    ):
        to_pytest(timeline)
    assert to_pytest(timeline, most=1_001).count(".when(") == 1_001


def test_a_past_too_long_is_refused_too() -> None:
    timeline = log_of(*[Deposit("a", 1)] * 4, reducer=account_reducer())

    with pytest.raises(ValueError, match="there are more than 2 events of a before this stretch"):
        to_pytest(timeline, 4, most=2)


@pytest.mark.parametrize(
    ("stretch", "sentence"),
    [
        ({"first": 0}, "first must be a position from 1 to 2, the end of this timeline, not 0"),
        ({"last": 3}, "last must be a position from 1 to 2, the end of this timeline, not 3"),
        ({"first": 2, "last": 1}, "there are no commands from position 2 to 1 to be written as tests"),
        ({"key": "cup"}, "there are no commands of cup from position 1 to 2 to be written as tests"),
        ({"most": 0}, "most must be a number from 1, not 0"),
        ({"decider": "shop"}, "decider must say a module and a name in it, as in 'shop.returns:RETURNS', not 'shop'"),
    ],
)
def test_a_stretch_that_there_is_not_is_one_sentence(stretch: Any, sentence: str) -> None:
    with pytest.raises((IndexError, ValueError)) as caught:
        to_pytest(log_of(PLACE, SHIP), **stretch)
    assert str(caught.value) == sentence


def test_nothing_can_be_made_of_nothing() -> None:
    with pytest.raises(ValueError, match="there are no commands from position 1 to 0"):
        to_pytest(Timeline([]))


# The writer alone


def test_scenarios_are_written_without_a_timeline() -> None:
    ship = ScenarioStep(ShipOrder("mug", "T"), minutes(0), rejection=InvalidOrderState("mug", "cancelled"))
    placed = OrderPlaced("mug", "ada", (MUG,), 500, NOON)
    cancelled = log_of(PLACE, CANCEL).event(2).event

    text = pytest_module([Scenario("A parcel stays here!", (placed, cancelled), (ship,))], about="A trace.")

    assert text.startswith('"""A trace."""\n\nfrom datetime import UTC, datetime\n')
    assert "def test_a_parcel_stays_here() -> None:" in text
    assert tried(text) == 1
    assert formatted(text) == text


def test_a_short_scenario_is_one_line() -> None:
    at = PytestModule(pytest_module([], about="Nothing."))
    step = ScenarioStep(Enter("ada"), log_of(PLACE).event(1).recorded_at.replace(hour=0, minute=0))

    text = pytest_module([Scenario("ada", (), (step,))], decider="made_logs:GUESTS", about="One.")

    assert body_of(text).splitlines()[1] == '    given(decider=GUESTS).when(Enter(guest="ada")).then_nothing()'
    assert at.splitlines()[0] == '"""Nothing."""'


def test_a_module_shows_itself_as_text() -> None:
    text = to_pytest(log_of(PLACE))

    assert unescape(text._repr_html_()) == f"<pre>{text}</pre>"
    assert repr(text) == f"<PytestModule of 1 test, {len(text.splitlines())} lines>"
    assert f"{text}" == str.__str__(text)


def test_the_decider_of_accounts_is_found() -> None:
    assert ACCOUNTS.command_of is None
