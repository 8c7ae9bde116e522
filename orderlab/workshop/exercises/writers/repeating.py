"""4.2: the same command under the same key happens once, however often it is sent."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at, up_to, who
from orderlab.workshop.exercises.recording import brief
from orderlab.workshop.exercises.writers.till import handle_once, played, runs

_IMPORT = "from orderlab.workshop.exercises.writers.till import Entry, KeyReused\n\n\n"


@exercise(
    "4.2",
    title="Sent again",
    question="""\
The till sends a command and gets no answer. Did the shop not hear it, or was only the answer lost? The till
cannot know, so it sends the command again. It must not become a second order. So every click gets a key, and is
sent again with the same one.

Write `handle(log, key, command, decide)`, which returns what the sender is told. It is a plain `def` again:
nothing in it is awaited.

- `log` is a list of `Entry(key, command, events)`. All that is accepted is appended to it, and it outlives the
  program.
- `decide(command)` returns a tuple of events, or a rejection. A command that is refused leaves no entry.
- A key that is in the log, with the same command: return the same events again, and change nothing.
- A key that is in the log, with another command: return `KeyReused(key)`, and change nothing.

For example: `handle` with `"key-1"` twice, for the same mugs, returns the same `OrderPlaced` of `order-1`
twice, and the log has one entry.""",
    answer="handle",
    starter=f"""\
{_IMPORT}def handle(log: list[Entry], key, command, decide) -> tuple | KeyReused:
    return ...
""",
    hints=(
        "Before anything is decided, look whether the log has an entry with this key.",
        "There are three cases: no such entry, one with the same command, one with another command.",
        "Only in the first case call `decide`, and append an `Entry` if a tuple came of it. In the second return "
        "`entry.events`.",
    ),
    solution=f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log:
        if entry.key == key:
            return entry.events if entry.command == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
    wrong=(
        Wrong(
            "The key is written down, and never looked at.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "The repetition does no harm, but the sender is still not told what came of it.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    if any(entry.key == key for entry in log):
        return ()
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "Commands are compared instead of keys, so nobody can order the same twice.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log:
        if entry.command == command:
            return entry.events
        if entry.key == key:
            return KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "Only the last entry is looked at, as if nobody else could have come in between.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log[-1:]:
        if entry.key == key:
            return entry.events if entry.command == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "Keys are compared by how they begin.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log:
        if entry.key.startswith(key):
            return entry.events if entry.command == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "It is looked for the same object, and what comes over a line is only equal.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log:
        if entry.key == key:
            return entry.events if entry.command is command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "The key alone decides, so another command is answered with what became of the first.",
            f"""\
{_IMPORT}def handle(log, key, command, decide):
    for entry in log:
        if entry.key == key:
            return entry.events
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "The keys are kept in the program's memory, and forgotten when it is started anew.",
            f"""\
{_IMPORT}ANSWERS = {{}}


def handle(log, key, command, decide):
    if key in ANSWERS:
        before, events = ANSWERS[key]
        return events if before == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        ANSWERS[key] = command, said
        log.append(Entry(key, command, said))
    return said
""",
        ),
        Wrong(
            "A refusal is kept for ever, though meanwhile the command could be accepted.",
            f"""\
{_IMPORT}REFUSED = {{}}


def handle(log, key, command, decide):
    for entry in log:
        if entry.key == key:
            return entry.events if entry.command == command else KeyReused(key)
    said = REFUSED.get(key) or decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    else:
        REFUSED[key] = said
    return said
""",
        ),
    ),
    remember="A key makes a repetition harmless, and it is kept where the events are: in the log.",
    runs=runs,
)
def repeating(answer: Any, trace: Trace) -> Problem | None:
    """Find a conversation in which a repetition does something, or a command that is none does nothing."""
    plan = [(step.writer, step.command) for step in trace.steps]
    found, wanted = played(answer, plan, trace.title), played(handle_once, plan, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if (is_so.failure, is_so.effects) != ("", should.effects):
            sent, (what, seen) = is_so.command, _told(is_so, should)
            sends = f"{who(is_so.writer)} sends {type(sent.command).__name__} under {sent.key}"
            where = f"Step {number}, {sends}: {seen}."
            return found_at(number, what, where, up_to(found, number), up_to(wanted, number))
    return None


def _told(is_so: Any, should: Any) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    [is_told, *entries], [be_told, *right] = is_so.effects, should.effects
    if is_so.failure:
        return "The log was changed where it was written already.", is_so.failure
    if len(entries) > len(right):
        twice = isinstance(be_told.answer, tuple)
        what = (
            "A command that was sent twice has happened twice." if twice else "A command that is refused is in the log."
        )
        return what, f"{len(entries)} new in the log, where it should be {len(right)}"
    if len(entries) < len(right):
        return "A command that should happen did not.", "there is nothing new in the log, and it should be one entry"
    if is_told != be_told:
        told, should_be = brief(is_told.answer), brief(be_told.answer)
        return (
            "The sender is not told what came of the command.",
            f"handle returns {told}, and should return {should_be}",
        )
    return "The entry in the log is not that of the command.", f"it is {entries[0]!r}, and should be {right[0]!r}"
