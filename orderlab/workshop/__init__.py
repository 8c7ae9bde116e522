"""The workshop: exercises along one story, a zoo of mistakes, and what of it a learner has done.

    from orderlab import workshop

    workshop.next()                # the first exercise that is not solved yet
    workshop.check("1.1", answer)  # what is said to an answer
    workshop.hint("1.1")           # three of them, each telling more

Everything named here is imported when it is first used.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderlab.workshop.contents import add as add
    from orderlab.workshop.desk import backup as backup
    from orderlab.workshop.desk import check as check
    from orderlab.workshop.desk import export as export
    from orderlab.workshop.desk import hint as hint
    from orderlab.workshop.desk import list_exercises, next_exercise
    from orderlab.workshop.desk import progress as progress
    from orderlab.workshop.desk import reset as reset
    from orderlab.workshop.desk import show as show
    from orderlab.workshop.desk import solution as solution
    from orderlab.workshop.learners import classroom as classroom

    list = list_exercises  # noqa: A001 - as one says it: workshop.list()
    next = next_exercise  # noqa: A001 - the same

_HOME = {
    **dict.fromkeys(("show", "check", "hint", "solution", "reset", "backup", "progress", "export"), "desk"),
    **{"list": "desk", "next": "desk", "add": "contents", "classroom": "learners"},
}
_CALLED = {"list": "list_exercises", "next": "next_exercise"}
"""What is called otherwise at home, where `list` and `next` are Python's."""

__all__ = sorted(_HOME)  # noqa: PLE0605 - the contents are listed once, above


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), _CALLED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> Iterable[str]:
    return __all__
