import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from traces import CANCEL, CRASHES, PLACE, SHIP, SHIPS_CANCELLED, Counter, counterexample, life, mixed, runs

from orderlab.exploration.trace import Trace
from orderlab.orders.decider import ORDERS

RUNS = runs()


def run(source: str) -> None:
    """Run the tests of a module as pytest does, in this process."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "test_written.py", "exec"), namespace)
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


@pytest.mark.parametrize("name", ["life", "one command", "sixty commands", "accounts", "loans", "given", "conflict"])
def test_the_test_of_a_healthy_run_passes(name: str) -> None:
    run(RUNS[name].to_pytest())


def test_pytest_itself_runs_it(tmp_path: Path) -> None:
    path = life().to_pytest("An order's life").save(tmp_path / "test_life.py")
    assert "def test_an_order_s_life() -> None:" in path.read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_of_a_faulty_run_is_stated_what_was_seen() -> None:
    module = counterexample().to_pytest()
    assert "# A cancelled order is shipped.\ndef test_a_cancelled_order_is_shipped() -> None:" in module
    assert "given(decider=SHIPS_CANCELLED)" in module
    run(module)


def test_it_fails_as_soon_as_the_domain_is_mended() -> None:
    module = counterexample().to_pytest().replace("import SHIPS_CANCELLED", "import ORDERS as SHIPS_CANCELLED")
    with pytest.raises(AssertionError, match="led to InvalidOrderState"):
        run(module)


def test_what_is_raised_is_said_above_the_test() -> None:
    module = Trace.of(CRASHES, [SHIP]).to_pytest()
    assert "# Command 1 raised AttributeError: 'NoneType' object has no attribute 'id': as long as it does," in module
    assert ".then_nothing()" in module
    with pytest.raises(AttributeError):
        run(module)


def test_a_lost_update_states_the_log_and_says_that_no_order_of_commands_leads_there() -> None:
    module = mixed(check_versions=False).to_pytest()
    assert "# B has not seen what A did. Told one by one, the commands do not lead to what was seen" in module
    with pytest.raises(AssertionError):
        run(module)


def test_a_command_that_met_a_conflict_is_left_out() -> None:
    module = mixed(check_versions=True).to_pytest()
    assert "# B's CancelOrder met a conflict, and is left out." in module
    assert "CancelOrder(" not in module


def test_an_event_before_whose_command_nobody_knows_is_given() -> None:
    deposited = Trace.of(ACCOUNTS, [Deposit("ada", 100), Withdraw("ada", 100)])
    first = replace(deposited.steps[0], command=deposited.events[0])
    module = Trace(deposited.reducer, deposited.start, (first, deposited.steps[1])).to_pytest()
    assert 'given(Deposited(account_id="ada", cents=100), decider=ACCOUNTS)' in module
    run(module)


def test_a_comment_is_no_wider_than_the_rest() -> None:
    long = Trace.of(ORDERS, [PLACE], title="A word, and another one, " * 20)
    assert max(map(len, long.to_pytest("short").splitlines())) <= 120


def test_the_name_is_that_of_the_title_or_of_what_happens() -> None:
    assert "def test_order_placed_then_order_cancelled_then_ship_order_refused() -> None:" in life().to_pytest()
    assert "def test_ada() -> None:" in life().to_pytest("ada")


def test_where_the_decider_is_may_be_said() -> None:
    trace = Trace.of(SHIPS_CANCELLED, [PLACE, CANCEL, SHIP])
    assert "from shop.orders import FAULTY" in trace.to_pytest(decider="shop.orders:FAULTY")
    with pytest.raises(ValueError, match="is a decider of account"):
        trace.to_pytest(decider="accounts:ACCOUNTS")


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (Trace.of(Counter(), [1]), "a test decides by a decider, and Counter is a reducer that has none"),
        (Trace.of(ACCOUNTS, []), "this run has no commands"),
        (RUNS["started"], "this run begins in a state of which no events are known"),
    ],
)
def test_what_cannot_be_a_test_is_refused_in_a_sentence(trace: Trace, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        trace.to_pytest()


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb", "a\u202eb", "a\nb = 1\x85c"])
def test_whatever_a_title_or_an_error_says_the_module_is_python(text: str) -> None:
    def raises(*arguments: Any, **others: Any) -> Any:
        raise ValueError(text)

    titled = Trace.of(ORDERS, [PLACE], title=text).to_pytest()
    raised = Trace.of(replace(ORDERS, decide=raises), [PLACE]).to_pytest(decider="orderlab.orders.decider:ORDERS")
    for module in (titled, raised):
        compile(module.encode("utf-8"), "test_it.py", "exec")


def test_what_cannot_be_printed_stands_in_the_comment_as_its_number() -> None:
    assert "# a\\x00b." in Trace.of(ORDERS, [PLACE], title="a\x00b").to_pytest("name")
