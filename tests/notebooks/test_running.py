"""What runs the notebooks is itself under test: what must be found in a notebook is found in a small one."""

import json
from pathlib import Path

import pytest
from notebook_running import ELSEWHERE, HERE, Machine, Ran, run_notebooks


def notebook_of(folder: Path, *sources: str) -> str:
    """Write a notebook of code cells `cell-1`, `cell-2` and so on; return its name."""
    cells = [
        {"cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
        for number, source in enumerate(sources, start=1)
    ]
    (folder / "small.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return "small.ipynb"


def ran(folder: Path, *sources: str, machine: Machine = HERE) -> Ran:
    return run_notebooks(folder, [notebook_of(folder, *sources)], machine=machine)["small.ipynb"]


def test_what_a_cell_prints_and_shows_is_kept_in_order(tmp_path: Path) -> None:
    source = "from IPython.display import display, HTML\nprint(1)\nprint(2)\ndisplay(HTML('<b>'))\nprint(3)\n4"

    [first, shown, third, last] = ran(tmp_path, source).outputs["cell-1"]

    assert (first, third) == ({"stdout": "1\n2\n"}, {"stdout": "3\n"})
    assert shown["text/html"] == "<b>"
    assert last["text/plain"] == "4"


def test_a_cell_may_await_and_what_it_started_goes_on_in_the_next(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        "import asyncio\nready = asyncio.Event()\ntask = asyncio.create_task(ready.wait())\nawait asyncio.sleep(0)",
        "ready.set()\nawait task",
    )

    assert done.outputs["cell-2"][0]["text/plain"] == "True"
    assert (done.errors, done.left_running) == ({}, [])


def test_an_error_ends_the_run_and_is_told(tmp_path: Path) -> None:
    done = ran(tmp_path, "1 / 0", "print('never')")

    assert done.errors == {"cell-1": "ZeroDivisionError: division by zero"}
    assert [*done.outputs] == ["cell-1"]


def test_a_cell_that_is_no_python_is_an_error(tmp_path: Path) -> None:
    assert ran(tmp_path, "1 +").errors["cell-1"].startswith("SyntaxError: ")


def test_a_run_may_go_on_past_assertions_and_only_past_those(tmp_path: Path) -> None:
    name = notebook_of(tmp_path, "assert not 1, 'one is true'", "1 / 0", "print('never')")

    done = run_notebooks(tmp_path, [name], past_assertions=True)[name]

    assert done.errors == {"cell-1": "AssertionError: one is true", "cell-2": "ZeroDivisionError: division by zero"}


def test_a_cell_can_be_run_with_another_source(tmp_path: Path) -> None:
    name = notebook_of(tmp_path, "answer = ...", "answer")

    done = run_notebooks(tmp_path, [name], sources={name: {"cell-1": "answer = 42"}})[name]

    assert done.outputs["cell-2"] == [{"text/plain": "42"}]


def test_a_cell_can_be_run_with_several_sources_each_with_the_cell_after_it(tmp_path: Path) -> None:
    name = notebook_of(tmp_path, "answer = ...", "answer", "'end'")

    done = run_notebooks(tmp_path, [name], sources={name: {"cell-1": ["answer = 42", "answer += 1"]}})[name]

    assert [*done.outputs] == ["cell-1 1", "cell-2 1", "cell-1 2", "cell-2 2", "cell-3"]
    assert done.outputs["cell-2 2"] == [{"text/plain": "43"}]


@pytest.mark.parametrize(
    "source",
    [
        "import warnings\nwarnings.warn('beware')",
        "import warnings\nwarnings.warn('beware', DeprecationWarning)",
    ],
)
def test_a_warning_is_an_error(source: str, tmp_path: Path) -> None:
    assert "beware" in ran(tmp_path, source).errors["cell-1"]


def test_what_is_never_awaited_is_found(tmp_path: Path) -> None:
    done = ran(tmp_path, "import asyncio\nasyncio.sleep(0)\nNone")

    assert any("never awaited" in each for each in done.complaints)


def test_what_is_left_running_is_found(tmp_path: Path) -> None:
    done = ran(tmp_path, "import asyncio\ntask = asyncio.create_task(asyncio.sleep(60))")

    assert len(done.left_running) == 1


@pytest.mark.parametrize(
    "source",
    [
        "sorted({'a', 'b', 'c', 'd', 'e', 'f', 'g'}, key=hash)",
        "import time\ntime.tzname",
        "from orderlab import SystemClock\nSystemClock().now().year",
        "from orderlab import RandomIds\nRandomIds().new_id('order')[:12]",
        "object()",
        "import os\nos.environ['COLUMNS']",
    ],
)
def test_what_depends_on_the_machine_shows(source: str, tmp_path: Path) -> None:
    assert ran(tmp_path, source).outputs != ran(tmp_path, source, machine=ELSEWHERE).outputs


def test_each_notebook_has_a_shell_of_its_own(tmp_path: Path) -> None:
    name = notebook_of(tmp_path, "print('x' in globals())\nx = 1")
    (tmp_path / "again.ipynb").write_text((tmp_path / name).read_text())

    done = run_notebooks(tmp_path, [name, "again.ipynb"])

    assert done["again.ipynb"].printed("cell-1") == "False\n"
