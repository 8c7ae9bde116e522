"""The operations that are tried on an event store, one after the other: writes of every kind, and looks at the log."""

from collections.abc import Sequence

from orderlab.exploration.differing.operations import (
    Append,
    AppendAtOnce,
    AppendMany,
    Head,
    ListStreams,
    Load,
    Operation,
    ReadAll,
    Reopen,
)


def writes_after(script: Sequence[Operation], *, reopen: bool) -> list[Operation]:
    """Return what is worth trying next after some writes, the ordinary first.

    Args:
        script: What was done before.
        reopen: Whether the log can be opened again.
    """
    batches = AppendMany, AppendAtOnce
    appends = [each for part in script for each in (part.appends if isinstance(part, batches) else (part,))]
    appended = [each for each in appends if isinstance(each, Append)]
    known = {number for each in appended for number in each.numbers}
    n = max(known, default=0) + 1
    version = _versions(appended)
    one, other = version.get(_ONE, 0), version.get(_OTHER, 0)
    tried: list[Operation] = [
        Append(_ONE, (n,), one),
        Append(_ONE, (n, n + 1), one),
        Append(_OTHER, (n,), other),
        Append(_ONE, (n,), one - 1 if one else 1),
        Append(_ONE, (n,)),
        AppendMany((Append(_ONE, (n,), one), Append(_OTHER, (n + 1,), other))),
        AppendMany((Append(_ONE, (n,), one + 1), Append(_OTHER, (n + 1,), other))),
        AppendMany((Append(_ONE, (n,), one), Append(_ONE, (n + 1,), one + 1))),
        AppendAtOnce((Append(_ONE, (n,), one), Append(_ONE, (n + 1,), one))),
    ]
    if appended:
        first = appended[0]
        tried += [first, Append(first.stream_id, (*first.numbers, n))]
        tried += [] if 0 in known else [Append(_ONE, (0,))]
    return [*tried, Reopen()] if reopen and script and not isinstance(script[-1], Reopen) else tried


LOOKS: tuple[Operation, ...] = (
    Head(),
    ReadAll(),
    Load("order-1"),
    Load("order-1", from_version=2),
    Load("order-2"),
    ReadAll(after=1),
    ReadAll(limit=1),
    ListStreams(),
)
"""How a log is looked at after each script."""

_ONE, _OTHER = "order-1", "order-2"


def _versions(appended: Sequence[Append]) -> dict[str, int]:
    """Return the versions that streams are at after some appends, where all goes as it should."""
    versions: dict[str, int] = {}
    known: set[int] = set()
    for each in appended:
        at = versions.get(each.stream_id, 0)
        if known.isdisjoint(each.numbers) and each.expected_version in (None, at):
            versions[each.stream_id] = at + len(each.numbers)
            known.update(each.numbers)
    return versions
