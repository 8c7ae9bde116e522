"""`orderlab workshop`: the exercises without a notebook, in files that are edited anywhere."""

import sys
from pathlib import Path
from re import fullmatch, sub
from typing import Annotated

import typer
from rich.text import Text

from orderlab.cli.console import ERR, FAILED, INTERRUPTED, OUT, AsJson, show_json, show_rows, show_text
from orderlab.cli.exercise_files import (
    NoFile,
    TwoNumbers,
    begun_again,
    existing_file_of,
    file_of,
    number_in,
    read,
    written,
)
from orderlab.cli.markdown import show_markdown
from orderlab.grading.answer import Written
from orderlab.grading.checking import warm_up
from orderlab.grading.verdict import Result, Verdict
from orderlab.workshop import desk
from orderlab.workshop.contents import NoSuchExercise, find
from orderlab.workshop.learners import classroom as classroom_of
from orderlab.workshop.sheet import Overview, said

_USAGE = 2
_EXITS = {Result.CORRECT: 0, Result.INCORRECT: FAILED, Result.NOT_ATTEMPTED: _USAGE}

Number = Annotated[str, typer.Argument(help="The exercise's number, such as 2.1.")]

workshop = typer.Typer(name="workshop", no_args_is_help=True, rich_markup_mode=None)


@workshop.callback()
def described() -> None:
    """Do the exercises, in files of your own; your progress is that of the notebooks.

    Where it is kept: ORDERLAB_WORKSHOP, a path or an address; else a file in the user's data folder.
    """


@workshop.command("list", epilog="Example: orderlab workshop list")
def listed(as_json: AsJson = False) -> None:
    """List the exercises, and where each stands."""
    _show(desk.list_exercises(), as_json)


@workshop.command("next", epilog="Example: orderlab workshop next 2.3")
def following(
    number: Annotated[str, typer.Argument(help="Another exercise than the first that is not solved yet.")] = "",
) -> None:
    """Write an exercise to a file, and show it: the first that is not solved yet, or the one you name."""
    exercise, note = (find(_known(number)), "") if number else desk.first_unsolved()
    if exercise is None:
        show_text("You have solved every exercise there is.")
        return
    file, is_new = written(exercise)
    show_text(f"{exercise.number} {exercise.title}", style="bold")
    OUT.print()
    show_markdown(exercise.question)
    OUT.print()
    if note:
        show_text(note)
    there = "Your file" if is_new else "Your file, which was there already and is left as it is"
    show_text(f"{there}: {file}")
    show_text(f"Check it: orderlab workshop check {exercise.number}")


@workshop.command(epilog="Example: orderlab workshop check 1.1")
def check(
    file: Annotated[str, typer.Argument(metavar="NUMBER|FILE", help="The exercise, 1.1; or a file of yours.")],
    traceback: Annotated[bool, typer.Option("--traceback", help="Show all of what the answer raised.")] = False,
) -> None:
    """Check an answer: exit code 0 for correct, 1 for incorrect, 2 for not attempted.

    A number stands for the file that `next` wrote. A file of yours says which exercise it answers: it is called
    1.1.py, or its first line is `# 1.1`.
    """
    try:
        verdict = _checked(*_answered(file))
    except KeyboardInterrupt as error:
        show_text(str(error) or "Stopped.")
        raise typer.Exit(INTERRUPTED) from None
    OUT.print(verdict.as_text(notebook=False), markup=False, soft_wrap=True)
    if verdict.problem is not None and verdict.problem.detail:
        if traceback:
            OUT.print(f"\n{verdict.traceback()}", markup=False, soft_wrap=True)
        else:
            show_text("  --traceback shows all of what was raised.", indent=2)
    if not verdict.is_correct:
        raise typer.Exit(_EXITS[verdict.result])


@workshop.command(epilog="Example: orderlab workshop hint 1.1")
def hint(number: Number) -> None:
    """Give the next hint; there are three."""
    show_markdown(_in_the_terminal(desk.hint(_known(number))))


@workshop.command(epilog="Example: orderlab workshop solution 1.1")
def solution(number: Number) -> None:
    """Show a solution; that you looked at it is recorded."""
    show_markdown(desk.solution(_known(number)))


@workshop.command(epilog="Example: orderlab workshop reset 1.1")
def reset(number: Number) -> None:
    """Begin an exercise again: the starter comes back, and what you wrote is kept beside it."""
    exercise = find(_known(number))
    before = file_of(exercise)
    source = read(before) if before.is_file() else ""
    file, kept = begun_again(exercise)
    note = desk.note_reset(exercise.number, source)
    show_text(f"{file} is the starter again.")
    if kept is not None:
        show_text(f"What you wrote is kept: {kept}")
    if note:
        show_text(note)


@workshop.command(epilog="Example: orderlab workshop progress")
def progress(as_json: AsJson = False) -> None:
    """Show what you did with each exercise that you touched."""
    _show(desk.progress(), as_json)


@workshop.command(epilog="Example: orderlab workshop export ada.jsonl")
def export(file: Annotated[Path, typer.Argument(help="The file to be written, such as ada.jsonl.")]) -> None:
    """Write your progress to a file of JSON lines, for an instructor."""
    show_text(f"Your progress, with your answers, is in {desk.export(file)}")


@workshop.command(epilog="Example: orderlab workshop classroom handed-in --answers 2.1")
def classroom(
    files: Annotated[list[Path], typer.Argument(help="Files that `export` wrote, or a folder of them.")],
    answers: Annotated[str, typer.Option(metavar="NUMBER", help="Show what was written for an exercise.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show many learners in one table: how far each is, and where people are stuck.

    A file that cannot be read is left out, and one that was handed in twice counts once; a line says so.
    """
    room = classroom_of(files)
    try:
        given = room.answers(answers) if answers else None
    except NoSuchExercise as error:
        raise _mistaken(error) from None
    if as_json:
        told = {"exercises": room.exercises.as_dicts(), "learners": room.learners.as_dicts()}
        show_json({**(told if given is None else {"answers": given.as_dicts()}), "notes": room.notes})
        return
    for note in room.notes:
        show_text(note)
    if given is not None:
        OUT.print(str(given), markup=False, soft_wrap=True)
        return
    show_text(room.sentence)
    OUT.print()
    _table(room.exercises)
    OUT.print()
    _table(room.learners, without="solution seen")  # the sentence tells of it, and a terminal has room for the others


def _answered(asked: str) -> tuple[str, Path, str]:
    """Return which exercise is to be checked, its file and what is in it; a number stands for its usual file."""
    warm_up()  # while this process reads and imports
    file = Path(asked)
    if fullmatch(r"\d+\.\d+", asked) and not file.exists():
        exercise = find(_known(asked))
        try:
            file = existing_file_of(exercise)
        except NoFile as error:
            raise _mistaken(error) from None
    source = read(file)
    try:
        return _known(number_in(file, source)), file, source
    except TwoNumbers as error:
        raise _mistaken(error) from None


def _checked(number: str, file: Path, source: str) -> Verdict:
    sys.path.insert(0, str(file.parent.absolute()))  # as when the file is run: it may import what is beside it
    return desk.check(number, Written(source, str(file)))


def _known(number: str) -> str:
    """Return the number if there is such an exercise; else say which are near, as a mistake in what was asked."""
    try:
        return find(number).number
    except NoSuchExercise as error:
        raise _mistaken(error) from None


def _mistaken(error: Exception) -> typer.Exit:
    """Say what was not asked rightly, in its one sentence; the usage, which typer would add, does not help here."""
    ERR.print(Text(f"orderlab: {error}"), soft_wrap=True)
    return typer.Exit(_USAGE)


def _show(overview: Overview, as_json: bool) -> None:
    if as_json:
        show_json(overview.as_dicts())
        return
    show_text(overview.sentence)
    if overview.rows:
        OUT.print()
        _table(overview)


def _table(overview: Overview, *, without: str = "") -> None:
    kept = [index for index, name in enumerate(overview.header) if name != without]
    header = [overview.header[index] for index in kept]
    show_rows(header, [[said(row[index]) for index in kept] for row in overview.rows])


def _in_the_terminal(text: str) -> str:
    """Return what the desk says with commands where it names its functions."""
    return sub(r'workshop\.(\w+)\("([\d.]+)"\)', r"orderlab workshop \1 \2", text)
