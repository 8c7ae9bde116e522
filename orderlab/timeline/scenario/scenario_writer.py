"""Given-when-then tests as text: a module that pytest runs, of scenarios that are values.

Knows nothing of timelines: whatever has commands and what came of them can be written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from orderlab.timeline.scenario.python_imports import Imports
from orderlab.timeline.scenario.python_layout import WIDTH, Call, Code, Named, flat, laid_out, width_of
from orderlab.timeline.scenario.python_values import code_of
from orderlab.timeline.unknown import counted

_AT = datetime(2025, 1, 1, tzinfo=UTC)  # what `when` takes where no time is said: `orderlab.testing.AT`
_INDENT = "    "
_LONGEST_NAME = 90


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """A command, and what came of it: its events, its rejection, or nothing.

    Args:
        command: The command.
        at: When it was decided, aware.
        events: What it caused.
        rejection: Why it was refused.
        key: The key that was drawn for it; None for a command that brings its own.
    """

    command: Any
    at: datetime
    events: tuple[Any, ...] = ()
    rejection: Any = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One test: what has happened before, and commands one after the other.

    Args:
        name: What it is about, in any words; the test is named after it.
        given: The events before.
        steps: The commands, at least one.
        comment: What is said above it, in one line; nothing if empty.
    """

    name: str
    given: tuple[Any, ...]
    steps: tuple[ScenarioStep, ...]
    comment: str = ""


class PytestModule(str):
    """The text of a test module; `print` it, or `save` it as `test_….py`."""

    __slots__ = ()

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the text to a file, and return where it is."""
        target = Path(path)
        target.write_text(self, encoding="utf-8", newline="\n")
        return target

    def __repr__(self) -> str:
        tests = len(re.findall(r"^def test_", self, re.MULTILINE))
        return f"<PytestModule of {counted(tests, 'test')}, {counted(len(self.splitlines()), 'line')}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self)}</pre>"


def pytest_module(scenarios: Sequence[Scenario], *, decider: str | None = None, about: str) -> PytestModule:
    """Write scenarios as a test module.

    Args:
        scenarios: The tests, in order.
        decider: Where the decider is found, `module:NAME`; None for the one of orders.
        about: One sentence that says what the tests come from.

    Raises:
        NoPythonSource: A value in them cannot be written as source.
    """
    module, _, name = (decider or "").partition(":")
    imports = Imports(stand_in=module or None)
    imports.name_for("orderlab.testing", "given")
    domain = imports.name_for(module, name) if decider else None
    named: set[str] = set()
    tests = [
        [
            *([f"# {scenario.comment}"] if scenario.comment else []),
            f"def {_function(scenario.name, named)}() -> None:",
            *_statement(scenario, domain, imports),
        ]
        for scenario in scenarios
    ]
    begins = [f'"""{about}"""', "", *imports.lines()]
    return PytestModule("\n".join([*begins, *(line for test in tests for line in ("", "", *test)), ""]))


def _statement(scenario: Scenario, decider: str | None, imports: Imports) -> list[str]:
    """Return a scenario as one chain of calls: in a line if it fits, else a call a line, in brackets."""
    events = (_one_or_list(scenario.given, imports),) if scenario.given else ()
    calls = [Call("given(", (*events, *((Named("decider=", decider),) if decider else ())), ")")]
    for step in scenario.steps:
        calls += _when(step, imports), _then(step, imports)
    line = _INDENT + "".join(map(flat, calls))
    if width_of(line) <= WIDTH:
        return [line]
    inner = 2 * len(_INDENT)
    return [f"{_INDENT}(", *(" " * inner + laid_out(call, indent=inner) for call in calls), f"{_INDENT})"]


def _when(step: ScenarioStep, imports: Imports) -> Call:
    at = () if step.at == _AT else (Named("at=", code_of(step.at, imports)),)
    key = () if step.key is None else (Named("key=", code_of(step.key, imports)),)
    return Call(".when(", (code_of(step.command, imports), *at, *key), ")")


def _then(step: ScenarioStep, imports: Imports) -> Call:
    if step.rejection is not None:
        return Call(".then_rejected(", (code_of(step.rejection, imports),), ")")
    if not step.events:
        return Call(".then_nothing(", (), ")")
    return Call(".then(", (_one_or_list(step.events, imports),), ")")


def _one_or_list(events: tuple[Any, ...], imports: Imports) -> Code:
    return code_of(events[0] if len(events) == 1 else list(events), imports)


def _function(name: str, named: set[str]) -> str:
    """Return the name of a test function that no other has."""
    words = re.sub(r"[^0-9a-zA-Z]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").lower()
    wanted = f"test_{words.removeprefix('test_')[:_LONGEST_NAME].strip('_') or 'scenario'}"
    found, number = wanted, 2
    while found in named:
        found, number = f"{wanted}_{number}", number + 1
    named.add(found)
    return found
