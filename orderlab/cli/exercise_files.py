"""Exercises as files that are edited anywhere: made once, found again by their number, never written over."""

import re
from itertools import count
from pathlib import Path

from orderlab.core.errors import OrderlabError
from orderlab.grading.exercise import Exercise

FOLDER = Path("orderlab-workshop")
"""Where exercises are written, in the folder that one works in."""


class TwoNumbers(OrderlabError):
    """A file whose name says one exercise, and its first line another."""


class NoFile(OrderlabError):
    """There is no such file; the text says where it was looked for."""


def file_of(exercise: Exercise) -> Path:
    """Return the file that an exercise is answered in, or written to if there is none; as seen from here."""
    places = _places(exercise)
    return next((each for each in places if each.is_file()), places[0])


def existing_file_of(exercise: Exercise) -> Path:
    """Return the file that an exercise is answered in.

    Raises:
        NoFile: There is none; the text says where it should be, and how it comes there.
    """
    file = file_of(exercise)
    if not file.is_file():
        looked = " nor ".join(map(str, _places(exercise)))
        raise NoFile(
            f"{exercise.number} has no file yet, neither {looked} in {Path.cwd()}: "
            f"`orderlab workshop next {exercise.number}` writes it, or go to the folder where yours is"
        )
    return file


def _places(exercise: Exercise) -> tuple[Path, ...]:
    """Return where an exercise's file may be, the first where it is written: this folder if it is the workshop's."""
    name = f"{exercise.number}.py"
    here, below = Path(name), FOLDER / name
    return (here, below) if Path.cwd().name == FOLDER.name else (below, here)


def written(exercise: Exercise) -> tuple[Path, bool]:
    """Write an exercise's file unless there is one; return it, and whether it is new.

    Raises:
        OrderlabError: It cannot be written.
    """
    file = file_of(exercise)
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as made:  # never over what a learner wrote
            made.write(text_of(exercise))
    except FileExistsError:
        if not file.is_file():
            raise OrderlabError(f"{file} is in the way: it is no file") from None
        return file, False
    except OSError as error:
        raise OrderlabError(f"{file} cannot be written: {error.strerror}") from error
    return file, True


def begun_again(exercise: Exercise) -> tuple[Path, Path | None]:
    """Write the starter back, and keep what there was under another name; return both files.

    Raises:
        OrderlabError: Neither can be written.
    """
    file, kept = file_of(exercise), None
    if file.is_file() and read(file) != text_of(exercise):
        kept = next(each for number in count(1) if not (each := file.with_suffix(f".kept-{number}.py")).exists())
    try:
        if kept is not None:
            file.rename(kept)
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise OrderlabError(f"{file} cannot be kept aside: {error.strerror}") from error
    return written(exercise)[0], kept


def text_of(exercise: Exercise) -> str:
    """Return an exercise as a file: the question as a comment, and then the starter."""
    lines = [f"{exercise.number} {exercise.title}", "", *exercise.question.strip().splitlines(), ""]
    lines.append(f"Check it: orderlab workshop check {exercise.number}")  # true in this folder, and in that above
    comment = "\n".join(f"# {line}".rstrip() for line in lines)
    return f"{comment}\n\n{exercise.starter.strip()}\n"


def number_in(file: Path, source: str) -> str:
    """Return the number of the exercise that a file answers: from its name, or else from its first line.

    Raises:
        TwoNumbers: They name two exercises.
        OrderlabError: Neither tells.

    >>> number_in(Path("2.1.py"), ""), number_in(Path("2.1-mine.py"), ""), number_in(Path("mine.py"), "# 2.1 Ship")
    ('2.1', '2.1', '2.1')
    """
    first = source.lstrip("\ufeff").partition("\n")[0]
    named = re.match(r"(\d+\.\d+)(?!\d)", file.name)
    begun = re.match(r"#\s*(?:exercise\s+)?(\d+\.\d+)\b", first, re.IGNORECASE)
    if named and begun and named[1] != begun[1]:
        raise TwoNumbers(
            f"{file} is called {named[1]}, and its first line says {begun[1]}: change one of them, and check it again"
        )
    found = named or begun
    if found is None:
        raise OrderlabError(
            f"{file} does not say which exercise it answers: call it 2.1.py, or begin it with the line `# 2.1`"
        )
    return found[1]


def read(file: Path) -> str:
    """Return the text of a file.

    Raises:
        NoFile: There is none.
        OrderlabError: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NoFile(f"there is no {file.name} in {file.parent.absolute()}") from None
    except OSError as error:
        raise OrderlabError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise OrderlabError(f"{file} cannot be read: it is no text in UTF-8") from None
