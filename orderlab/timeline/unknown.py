"""What is said to somebody who asks a timeline for a name that it does not have: what is meant, perhaps."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice

from orderlab.core.errors import OrderlabError

_NEAR = 3
"""How many names are proposed."""

_COMPARED = 5_000
"""How many names are compared letter by letter; a large log has more keys than anybody waits for."""


class UnknownName(OrderlabError, KeyError):
    """A name that stands for nothing here; its text is one sentence that proposes others."""

    def __str__(self) -> str:  # a KeyError shows its text as Python would write it, in quotes
        return str(self.args[0]) if self.args else ""


class UnknownKey(UnknownName):
    """A key of which the log has no entity."""


class UnknownField(UnknownName):
    """A field that an entity does not have."""


class UnknownEventType(UnknownName):
    """An event type that the domain does not have."""


def near(name: object, names: Iterable[str]) -> list[str]:
    """Return the few of `names` that are most like `name`, the likest first.

    >>> near("order-3", ["order-1", "order-30", "ada"]), near("total", ["status", "total_cents"]), near("x", [])
    (['order-30', 'order-1'], ['total_cents'], [])
    """
    wanted = str(name).casefold()
    known = list(names)
    holding = islice((each for each in known if wanted and wanted in each.casefold()), _NEAR)
    like = get_close_matches(str(name), known[:_COMPARED], n=_NEAR)
    return list(dict.fromkeys([*holding, *like]))[:_NEAR]


def proposal(name: object, names: Sequence[str], *, what: str, most: int | None = None) -> str:
    """Return the end of a sentence that says there is no such name: what is meant, or what there is.

    Args:
        name: What was asked for.
        names: What there is.
        what: How the list of what there is begins.
        most: How many of the names are listed, from the first; all if None.

    >>> proposal("colour", ["color", "size"], what="its fields are")
    ': did you mean color?'
    >>> proposal("age", ["color", "size"], what="there are"), proposal("age", ["x", "y", "z"], what="there are", most=1)
    (': there are color and size', ': there are x and 2 more')
    """
    alike = near(name, names)
    if alike:
        return f": did you mean {listed(alike, 'or')}?"
    more = [f"{len(names[most:]):,} more"] if most is not None and most < len(names) else []
    return f": {what} {listed([*names[:most], *more], 'and')}" if names else ""


def listed(names: Sequence[str], last: str) -> str:
    """Return names as a sentence has them.

    >>> listed(["a"], "or"), listed(["a", "b", "c"], "or")
    ('a', 'a, b or c')
    """
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def counted(count: int, noun: str) -> str:
    """Return how many there are of something, in words.

    >>> counted(1, "order"), counted(1200, "order"), counted(0, "delivery")
    ('1 order', '1,200 orders', '0 deliveries')
    """
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{count:,} {plural}"
