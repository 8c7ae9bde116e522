"""The package as a whole: its contents, what it loads, its layers, and what its pure part may not read."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest
from commandline import done, environment

import orderlab
from orderlab import _CONTENTS

PACKAGE = Path(orderlab.__file__).parent
ROOT = Path(__file__).parents[1]
MODULES = sorted(PACKAGE.rglob("*.py"))

PROMISED = re.findall(
    r"\w+",
    """
    OrderItem Draft Placed Shipped Cancelled Order OrderState
    PlaceOrder CancelOrder ShipOrder OrderPlaced OrderCancelled OrderShipped
    OrderNotFound InvalidOrderState ValidationFailed
    decide evolve ORDERS OrderReducer OrderEnvironment Step
    AppendEvents Emit Delay
    SystemClock TestClock RandomIds SequentialIds SeededIds
    RecordedEvent NewEvent NO_STREAM VersionConflict CorruptStream
    InMemoryEventStore DuckDBEventStore open_event_store load_state Store Outcome NoMatchingAction serve connect
    Timeline StateMachine TimeTravel LiveBoard
    Trace explore commands_of distinguish interleavings inevitable check_determinism Predict
    """,
)
"""The names of the contract that exist so far."""

HEAVY = re.findall(
    r"\w+", "pandas duckdb numpy starlette ipywidgets anywidget psycopg simpy hypothesis pydantic pytest cloudpickle"
)

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules() -> Iterator[ModuleType]:
    """Import every module of the package, but for the one that runs it."""
    for found in walk_packages([str(PACKAGE)], "orderlab."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def loaded_by(program: str) -> set[str]:
    """Run a program in a fresh interpreter and return the heavy libraries that it loads."""
    ask = f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", ask], env=environment(), capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(ran.stdout)} & set(HEAVY)


# Contents


@pytest.mark.parametrize("name", PROMISED)
def test_every_name_of_the_contract_comes_from_the_package_itself(name: str) -> None:
    assert getattr(orderlab, name) is not None
    assert name in dir(orderlab)
    assert name in orderlab.__all__


def test_the_contents_are_those_that_type_checkers_see() -> None:
    [seen] = [
        node
        for node in tree_of(PACKAGE / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    by_module: dict[str, set[str]] = {}
    for statement in seen.body:
        assert isinstance(statement, ast.ImportFrom)
        for alias in statement.names:
            assert alias.asname == alias.name  # which makes it an export
            by_module.setdefault(str(statement.module).removeprefix("orderlab."), set()).add(alias.name)

    assert {module: set(names) for module, names in _CONTENTS.items()} == by_module


def test_the_contents_name_nothing_twice() -> None:
    names = [name for its in _CONTENTS.values() for name in its]

    assert len(set(names)) == len(names)
    assert orderlab.__all__ == sorted(names)


def test_a_star_import_leaves_out_what_needs_a_library_that_is_not_here() -> None:
    program = """
import importlib.util, sys
there = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "psycopg" else there(name, package)
sys.modules["psycopg"] = None
from orderlab import *
import orderlab
print(Store.__name__, "PostgresEventStore" in orderlab.__all__)
try:
    orderlab.PostgresEventStore
except ImportError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
    first, second = ran.stdout.splitlines()
    assert first == "Store False"
    assert 'pip install "orderlab[postgres]"' in second


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'orderlab' has no attribute 'Ordre'"):
        _ = orderlab.Ordre


# What is loaded


@pytest.mark.parametrize(
    "program",
    [
        "import orderlab",
        "from orderlab import OrderReducer, decide",
        "from orderlab import InMemoryEventStore, Store, load_state",
        "import orderlab.cli",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(program: str) -> None:
    assert loaded_by(program) == set()


def test_time_travel_needs_numpy_alone() -> None:
    assert loaded_by("from orderlab import StateMachine, Timeline") == {"numpy"}


def test_a_check_for_heavy_libraries_would_find_one() -> None:
    assert "duckdb" in loaded_by("from orderlab import DuckDBEventStore")


# Layers


def test_the_layers_are_kept() -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", ran.stdout)


# The pure part

_WORLDLY = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "uuid1", "uuid4", "urandom"}


def worldly_calls(tree: ast.Module) -> list[str]:
    """Return the calls that read the world's clock or its randomness."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            owner, _, name = called.rpartition(".")
            of_the_world = owner in ("datetime", "date", "time", "uuid", "os", "secrets", "datetime.datetime")
            chance = owner == "random" and called != "random.Random"
            seedless = called in ("random.Random", "Random") and not node.args
            bare = not owner and name in _WORLDLY
            if (of_the_world and name in _WORLDLY | {"token_bytes", "token_hex"}) or chance or seedless or bare:
                found.append(called)
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in ("core", "drawing", "orders")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_pure_part_reads_no_clock_and_no_chance(path: Path) -> None:
    assert worldly_calls(tree_of(path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "time_ns()",
        "uuid.uuid4()",
        "uuid4()",
        "random.random()",
        "random.Random()",
        "os.urandom(8)",
    ],
)
def test_a_call_that_reads_the_world_would_be_found(code: str) -> None:
    assert worldly_calls(ast.parse(code)) != []


def test_a_generator_with_a_given_seed_is_not_the_worlds_chance() -> None:
    assert worldly_calls(ast.parse("random.Random(7); clock.now(); self.now()")) == []


# House rules


@each_module
def test_a_module_is_no_longer_than_can_be_read_at_once(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@each_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree_of(path))


def test_a_class_whose_name_begins_with_test_is_none_to_pytest() -> None:
    named = {
        value
        for module in imported_modules()
        for name, value in vars(module).items()
        if name.startswith("Test") and isinstance(value, type) and value.__module__.startswith("orderlab")
    }
    assert orderlab.TestClock in named
    assert {each.__name__ for each in named if each.__dict__.get("__test__") is not False} == set()


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


# The README


def test_every_command_of_the_readme_is_one_that_there_is(tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    parts = [part.split() for block in blocks for part in re.split(r"&&|\n", block)]
    subcommands = {words[1] for words in parts if len(words) > 1 and words[0] == "orderlab"}

    assert "lab" in subcommands
    for subcommand in sorted(subcommands):
        assert f"orderlab {subcommand}" in done(subcommand, "--help", cwd=tmp_path)
