"""A learner's source: run in a namespace of its own, with a sentence for everything that can go wrong with it."""

import ast
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from traceback import format_exception, walk_tb
from types import FunctionType, ModuleType
from typing import Any
from zlib import crc32

from orderlab.core.errors import OrderlabError
from orderlab.drawing.tables import AsTable
from orderlab.grading.raising import told


class AnswerError(OrderlabError):
    """A source without an answer in it: no Python, or it raises something, or it lacks the name.

    Args:
        sentence: What is wrong, one sentence.
        where: The line of it, with its text and a mark below; empty if it is not about one.
        detail: The traceback; empty if nothing was raised.
    """

    def __init__(self, sentence: str, where: str = "", detail: str = "") -> None:
        super().__init__(sentence)
        self.where = where
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Written(AsTable):
    """An answer that is a source still, such as a file: it runs where it is judged, and nowhere else.

    Args:
        source: The source, Python.
        place: What it is called where a line of it is named: its file.
    """

    source: str
    place: str = "<answer>"


def value_in(source: str, name: str, place: str) -> Any:
    """Run a source in a namespace of its own, and return the value of a name in it.

    Args:
        source: The source, Python.
        name: The name.
        place: What the source is called where a line of it is named, such as its file.

    Raises:
        AnswerError: It is no Python, raises something, or lacks the name.
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be Python as text, not {type(source).__name__}")
    file = _remembered(source, place)
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": place}
    try:
        code = compile(source, file, "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - this is what an answer is: the learner's own source
    except (SyntaxError, ValueError) as error:
        raise _unreadable(error, file) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit, too: it is a mistake to be told
        raise _raised(error, file) from None
    if name not in namespace:
        raise AnswerError(
            f"there is no {name} in it, and {name} is what the answer is called{_nearest(name, namespace)}"
        )
    return namespace[name]


def is_empty(source: str) -> bool:
    """Tell whether nothing is written in a source but comments.

    >>> is_empty("# 1.1 Count"), is_empty("count = 1"), is_empty("count = (")
    (True, False, False)
    """
    try:
        return not ast.parse(source).body
    except (SyntaxError, ValueError):
        return False


def _nearest(name: str, namespace: Mapping[str, Any]) -> str:
    """Say what there is in place of a name: what is written nearly so, else the only function or class there is."""
    own = [each for each, value in namespace.items() if not each.startswith("__") and _is_own(value)]
    made = [each for each in own if isinstance(namespace[each], FunctionType | type)]
    near = get_close_matches(name, own, n=1) or (made if len(made) == 1 else [])
    return f". There is {near[0]}" if near else ""


def _is_own(value: Any) -> bool:
    """Tell whether a value was made in the source; what was imported was not."""
    if isinstance(value, ModuleType):
        return False
    return not isinstance(value, FunctionType | type) or value.__module__ == "__main__"


def _remembered(source: str, place: str) -> str:
    """Have the lines of a source found by tracebacks, and by `inspect`; return the name that they are found by."""
    lines = source.splitlines(keepends=True)
    # Two answers to one exercise are two sources.
    file = f"{place[:-1]} #{crc32(source.encode(errors='replace')):08x}>" if place.startswith("<") else place
    linecache.cache[file] = len(source), None, lines, file
    return file


def _unreadable(error: SyntaxError | ValueError, file: str) -> AnswerError:
    if not isinstance(error, SyntaxError) or error.filename != file or error.lineno is None:
        return _raised(error, file)
    text = (error.text or "").rstrip("\n")
    shown = text.lstrip()
    column = max(0, (error.offset or 1) - 1 - (len(text) - len(shown)))
    where = f"In line {error.lineno}:\n    {shown}\n    {' ' * min(column, len(shown))}^"
    return AnswerError(f"it is not Python yet: {error.msg}", where, "".join(format_exception(error)))


def _raised(error: BaseException, file: str) -> AnswerError:
    line = max(
        (number for frame, number in walk_tb(error.__traceback__) if frame.f_code.co_filename == file), default=0
    )
    where = f"In line {line}:\n    {linecache.getline(file, line).strip()}" if line else ""
    return AnswerError(told("it", error, "running it raises"), where, "".join(format_exception(error)))
