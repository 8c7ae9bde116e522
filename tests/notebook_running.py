"""Notebooks as a student has them: copied to a working folder, and run from top to bottom in a fresh process."""

import json
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from commandline import environment

from orderlab.cli.notebook_files import bundled
from orderlab.grading.exercise import Exercise
from orderlab.workshop.contents import ROOMS

NOTEBOOKS = sorted(bundled("notebooks").glob("*.ipynb"))

WORKSHOP = [path for path in NOTEBOOKS if path.name >= "10"]
"""The notebooks that hold the workshop, a part in each; the others are lessons."""

LESSONS = [path for path in NOTEBOOKS if path not in WORKSHOP]
SOLUTIONS = Path(__file__).parent / "notebooks" / "solutions"

_PROGRAM = Path(__file__).with_name("notebook_program.py")
_PATIENCE_SECONDS = 120.0

Sources = Mapping[str, Mapping[str, str | list[str]]]
"""What is run in place of cells: by the notebook's name and the cell's id.

Several sources of a cell are run in turn, each with the cell after it: as `exercise-1 2` and `exercise-1-check 2`.
"""


@dataclass(frozen=True)
class Machine:
    """What must make no difference to what a notebook shows."""

    hash_seed: int = 0
    time_zone: str = "UTC"
    days: int = 0
    columns: int = 80


HERE = Machine()
ELSEWHERE = Machine(hash_seed=4_711, time_zone="Pacific/Chatham", days=500, columns=200)


@dataclass
class Ran:
    """What a run of a notebook showed.

    Args:
        outputs: By the id of each cell that was run, its outputs: a text by media type, `stdout` or `stderr`.
        errors: By the id of each cell that failed, the error.
        complaints: What went wrong where no cell could be told.
        left_running: Tasks and servers that were not ended.
        seconds: How long it took.
    """

    outputs: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    left_running: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def printed(self, cell_id: str) -> str:
        """Return what a cell printed."""
        return "".join(output.get("stdout", "") for output in self.outputs[cell_id])

    @property
    def warned(self) -> str:
        """What was written to standard error."""
        return "".join(each.get("stderr", "") for outputs in self.outputs.values() for each in outputs)


def run_notebooks(
    folder: Path,
    names: Sequence[str],
    *,
    sources: Sources | None = None,
    past_assertions: bool = False,
    machine: Machine = HERE,
) -> dict[str, Ran]:
    """Run notebooks of a folder one after the other, in one fresh process.

    Args:
        folder: Their folder, in which they run.
        names: The notebooks.
        sources: What is run in place of some cells.
        past_assertions: Go on after a cell whose assertion fails.
        machine: What the machine is like.
    """
    asked = {
        "folder": str(folder),
        "notebooks": list(names),
        "sources": {name: dict(cells) for name, cells in (sources or {}).items()},
        "past_assertions": past_assertions,
        "days": machine.days,
    }
    here = {"PYTHONHASHSEED": str(machine.hash_seed), "TZ": machine.time_zone, "IPYTHONDIR": str(folder / ".ipython")}
    here["ORDERLAB_WORKSHOP"] = str(folder / ".workshop.duckdb")  # nobody's progress is touched
    done = subprocess.run(
        [sys.executable, str(_PROGRAM)],
        input=json.dumps(asked),
        env={**environment(columns=machine.columns), **here},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {answer["notebook"]: _ran(answer) for answer in map(json.loads, done.stdout.splitlines())}


def _ran(answer: Mapping[str, Any]) -> Ran:
    cells = answer["cells"]
    return Ran(
        outputs={cell["id"]: cell["outputs"] for cell in cells},
        errors={cell["id"]: cell["error"] for cell in cells if cell["error"] is not None},
        complaints=answer["complaints"],
        left_running=answer["left_running"],
        seconds=answer["seconds"],
    )


def cells_of(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook, each with its source in one piece."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def exercises_of(path: Path) -> list[str]:
    """Return the ids of the cells that a student fills in; the check of each is called the same, with `-check`."""
    ids = [cell["id"] for cell in cells_of(path)]
    return [each for each in ids if each.startswith("exercise-") and f"{each}-check" in ids]


def answers(which: str) -> dict[str, dict[str, str | list[str]]]:
    """Return the answers to the exercises of each notebook, `RIGHT` or `WRONG` ones, by the cell's id.

    There is one that is right, and there are several that are wrong.
    """
    return {path.name: solutions_of(path)[which] for path in NOTEBOOKS}


def solutions_of(path: Path) -> dict[str, dict[str, str | list[str]]]:
    """Return the answers to a notebook's exercises; a lesson's are kept by its number, the workshop has its own."""
    if path in WORKSHOP:
        asked = workshop_exercises(path)
        return {
            "RIGHT": {cell: each.solution for cell, each in asked.items()},
            "WRONG": {cell: [wrong.source for wrong in each.wrong] for cell, each in asked.items()},
        }
    said = runpy.run_path(str(SOLUTIONS / f"solutions_{path.name[:2]}.py"))
    return {which: said[which] for which in ("RIGHT", "WRONG")}


def workshop_exercises(path: Path) -> dict[str, Exercise]:
    """Return the exercises of the part of the workshop that a notebook holds, by the id of the cell they begin in.

    The notebook 10 holds part 1, and so on. The cell of exercise 1.2 is `exercise-1-2`: an id may hold no dot.
    """
    room = [*ROOMS][int(path.name[:2]) - 10]
    exercises: Sequence[Exercise] = import_module(f"orderlab.workshop.exercises.{room}").EXERCISES
    return {f"exercise-{each.number.replace('.', '-')}": each for each in exercises}
