"""The notebooks as they are saved: what a student opens, and what a reviewer can read in a diff."""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_running import (
    LESSONS,
    NOTEBOOKS,
    SOLUTIONS,
    WORKSHOP,
    cells_of,
    exercises_of,
    solutions_of,
    workshop_exercises,
)

MOST_LINES = 12
LONGEST_LINE = 100

ALLOWED = {
    "orderlab",
    "asyncio",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "functools",
    "IPython",
    "itertools",
}
ALLOWED |= {"json", "math", "pandas", "pathlib", "pickle", "tempfile", "uuid"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
each_of_the_workshop = pytest.mark.parametrize("path", WORKSHOP, ids=lambda path: path.stem)


def code_of(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in cells_of(path) if cell["cell_type"] == "code"]


def prose_of(path: Path) -> str:
    return "\n\n".join(cell["source"] for cell in cells_of(path) if cell["cell_type"] == "markdown")


def test_there_are_notebooks_and_their_numbers_are_unique() -> None:
    numbers = [re.match(r"(\d\d)-[a-z]+(-[a-z]+)*\.ipynb$", path.name) for path in NOTEBOOKS]

    assert numbers
    assert all(numbers), [path.name for path in NOTEBOOKS]
    assert len({number[1] for number in numbers if number}) == len(NOTEBOOKS)


@each_notebook
def test_it_is_a_valid_notebook(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]

    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


@each_notebook
def test_it_is_saved_without_outputs_and_without_a_word_of_the_machine(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))

    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert {json.dumps(cell["metadata"]) for cell in notebook["cells"]} == {"{}"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert {(json.dumps(cell["outputs"]), cell["execution_count"]) for cell in code} == {("[]", None)}


@each_notebook
def test_it_is_written_as_every_tool_writes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@each_notebook
def test_its_cells_have_readable_names(path: Path) -> None:
    ids = [cell["id"] for cell in cells_of(path)]

    assert len(set(ids)) == len(ids)
    assert [each for each in ids if not re.fullmatch(r"[a-z]+(-([a-z]+|\d))*", each)] == []


@each_notebook
def test_it_begins_with_a_title_and_the_question_that_it_answers(path: Path) -> None:
    first = cells_of(path)[0]

    assert first["cell_type"] == "markdown"
    assert re.match(r"# \S", first["source"])
    assert "?" in first["source"]


@each_notebook
def test_it_says_its_words(path: Path) -> None:
    assert re.search(r"^## Words$", prose_of(path), re.MULTILINE)


@each_lesson
def test_it_ends_in_exercises_each_with_a_check_and_answers(path: Path) -> None:
    exercises, ids = exercises_of(path), [cell["id"] for cell in cells_of(path)]
    checks = {cell["id"]: cell["source"] for cell in code_of(path) if cell["id"].endswith("-check")}

    assert exercises
    assert [*checks] == [f"{each}-check" for each in exercises]
    assert all((each, f"{each}-check") in pairwise(ids) for each in exercises)
    assert not [each for each in ids[ids.index(exercises[0]) :] if not each.startswith("exercise")]
    for source in checks.values():
        assert "assert " in source
    for each in exercises:
        assert re.search(r"\.\.\.", next(cell["source"] for cell in code_of(path) if cell["id"] == each))
    assert {which: [*cells] for which, cells in solutions_of(path).items()} == {"RIGHT": exercises, "WRONG": exercises}


@each_of_the_workshop
def test_it_holds_every_exercise_of_its_part_in_order_as_the_workshop_has_it(path: Path) -> None:
    asked, ids = workshop_exercises(path), [cell["id"] for cell in cells_of(path)]
    code = {cell["id"]: cell["source"] for cell in code_of(path)}

    assert asked
    assert exercises_of(path) == [*asked]
    assert all((each, f"{each}-check") in pairwise(ids) for each in asked)
    for cell, exercise in asked.items():
        assert code[cell] == exercise.starter.strip()
        assert code[f"{cell}-check"] == f'workshop.check("{exercise.number}", {exercise.answer})'
        assert exercise.answer in prose_of(path)


def test_every_answer_is_to_a_notebook_that_is_there() -> None:
    numbers = {path.name[:2] for path in LESSONS}

    assert {path.stem.removeprefix("solutions_") for path in SOLUTIONS.glob("*.py")} == numbers


@each_notebook
def test_its_code_cells_are_short(path: Path) -> None:
    assert {
        cell["id"]: cell["source"].count("\n") + 1 for cell in code_of(path) if cell["source"].count("\n") >= MOST_LINES
    } == {}


@each_notebook
def test_its_code_is_seen_whole_in_a_narrow_window(path: Path) -> None:
    lines = [(cell["id"], line) for cell in code_of(path) for line in cell["source"].splitlines()]

    assert [(cell_id, len(line)) for cell_id, line in lines if len(line) > LONGEST_LINE] == []


@each_notebook
def test_it_takes_ten_to_twenty_minutes_to_read(path: Path) -> None:
    words, lines = len(prose_of(path).split()), sum(cell["source"].count("\n") + 1 for cell in code_of(path))

    assert 6 <= words / 200 + lines / 20 <= 20


@each_notebook
def test_it_imports_nothing_that_reaches_out(path: Path) -> None:
    for cell in code_of(path):
        assert not re.search(r"^\s*[!%]|https?://|get_ipython", cell["source"], re.MULTILINE), cell["id"]
        tree = compile(
            cell["source"], cell["id"], "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        named = [each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
        named += [alias.name for each in ast.walk(tree) if isinstance(each, ast.Import) for alias in each.names]
        assert {each.partition(".")[0] for each in named} - ALLOWED == set(), cell["id"]


@each_notebook
def test_its_prose_shows_nothing_from_the_network_and_links_to_what_is_there(path: Path) -> None:
    prose = prose_of(path)

    assert not re.search(r"!\[[^\]]*\]\(\s*(https?:)?//|<(img|script|link|iframe)\b", prose)
    links = re.findall(r"\]\(([^)#\s]+)", prose)
    local = [each for each in links if not each.startswith("https://")]
    assert [each for each in local if not (path.parent / each).is_file()] == []
