"""What a test may say of one action: the action itself, its type, or a function that knows it."""

from typing import Any

from orderlab.testing.writing import Wording


def meets(action: Any, expected: Any) -> bool:
    """Tell whether an action is the one that is expected: it exactly, or of that type, or one for which it is true.

    >>> meets(5, 5), meets(5, int), meets(5, lambda number: number > 6)
    (True, True, False)
    """
    if isinstance(expected, type):
        return isinstance(action, expected)
    return bool(expected(action)) if callable(expected) else action == expected


def worded(expected: Any) -> Any:
    """Return what is expected as it is to be shown beside an action.

    >>> worded(5), worded(int), worded(callable)
    (5, int(...), what `callable` is true for)
    """
    if isinstance(expected, type):
        return Wording(f"{expected.__name__}(...)")
    if callable(expected):
        return Wording(f"what `{getattr(expected, '__name__', type(expected).__name__)}` is true for")
    return expected
