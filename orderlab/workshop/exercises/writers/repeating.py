"""4.2: the same command under the same key happens once, however often it is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, brief, copies_of
from orderlab.workshop.exercises.runs import BASKETS, order_commands

MUGS = PlaceOrder("ada", BASKETS[0])
TEA = PlaceOrder("ada", BASKETS[1])
PLACE_1, _, CANCEL_1 = order_commands(1)


@dataclass(frozen=True, slots=True)
class Entry(AsTable):
    """What the log keeps of a command that was accepted: its key, itself, and the events that it caused."""

    key: str
    command: Any
    events: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KeyReused(AsTable):
    """Refused: this key was sent before, with another command."""

    key: str


@dataclass(frozen=True, slots=True)
class Send(AsTable):
    """Send a command under a key."""

    key: str
    command: Any


@dataclass(frozen=True, slots=True)
class Restart(AsTable):
    """Start the shop's program anew: what was in its memory is gone, and the log is there."""


@dataclass(frozen=True, slots=True)
class Told(AsTable):
    """What the sender is told."""

    answer: Any


def played(handle: Callable[..., Any], plan: Sequence[tuple[str, Any]], title: str = "") -> Trace:
    """Return what comes of a conversation when the shop handles what it is sent by this function."""
    recording, log = Recording(ORDERS, title), list[Entry]()
    programs = copies_of(handle)
    program = next(programs)
    for writer, action in plan:
        if isinstance(action, Restart):
            program = next(programs)
            recording.tell(writer, action)
            continue
        kept = tuple(log)
        answer = program(log, action.key, action.command, lambda command: _decide(recording, command))
        intact, new = tuple(log[: len(kept)]) == kept, tuple(log[len(kept) :]) if len(log) > len(kept) else ()
        log[: len(kept)] = kept
        recording.tell(
            writer,
            action,
            (event for entry in new if isinstance(entry, Entry) for event in entry.events),
            rejection=None if isinstance(answer, tuple) else answer,
            failure="" if intact else "what was in the log is not as it was: only append to it",
            effects=(Told(answer), *new),
        )
    return recording.trace()


def _decide(recording: Recording, command: Any) -> Any:
    key = command.order_id or f"order-{recording.entities + 1}"
    return ORDERS.decide(command, recording.entity(key), key=key, at=recording.at)


def _right(log: list[Entry], key: str, command: Any, decide: Callable[[Any], Any]) -> Any:
    for entry in log:
        if entry.key == key:
            return entry.events if entry.command == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said


def _runs() -> tuple[Trace, ...]:
    once, again = ("till", Send("key-1", MUGS)), ("till", Send("key-1", MUGS))
    cancel = ("till", Send("key-2", CANCEL_1))
    plans = {
        "A command is sent once": (once,),
        "The answer was lost, and the command is sent again": (once, again),
        "Two keys: the customer wants the same twice": (once, ("till", Send("key-2", MUGS))),
        "One key for two commands": (once, ("till", Send("key-1", TEA))),
        "The program is started anew before the second try": (once, ("shop", Restart()), again),
        "What was refused at first is allowed later": (cancel, ("till", Send("key-1", PLACE_1)), cancel),
    }
    return tuple(played(_right, plan, title) for title, plan in plans.items())


_IMPORT = "from orderlab.workshop.exercises.writers.repeating import Entry, KeyReused\n\n\n"


@exercise(
    "4.2",
    title="Sent again",
    question="""\
The till sends a command and gets no answer. Did the shop not hear it, or was only the answer lost? The till cannot know, so
it sends the command again. It must not become a second order. So every click gets a key, and is sent again with the same one.

Write `handle(log, key, command, decide)`, which returns what the sender is told.

- `log` is a list of `Entry(key, command, events)`. All that is accepted is appended to it, and it outlives the program.
- `decide(command)` returns a tuple of events, or a rejection. A command that is refused leaves no entry.
- A key that is in the log, with the same command: return the same events again, and change nothing.
- A key that is in the log, with another command: return `KeyReused(key)`, and change nothing.

For example: `handle` with `"key-1"` twice, for the same mugs, returns the same `OrderPlaced` of `order-1` twice, and the log
has one entry.""",
    answer="handle",
    starter=f"""\
{_IMPORT}def handle(log, key, command, decide):
    return ...
""",
    hints=(
        "Before anything is decided, look whether the log has an entry with this key.",
        "There are three cases: no such entry, one with the same command, one with another command.",
        "Only in the first case call `decide`, and append an `Entry` if a tuple came of it. In the second return `entry.events`.",
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
    runs=_runs,
)
def repeating(answer: Any, trace: Trace) -> Problem | None:
    """Find a conversation in which a repetition does something, or a command that is none does nothing."""
    plan = [(step.writer, step.command) for step in trace.steps]
    found, wanted = played(answer, plan, trace.title), played(_right, plan, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if (is_so.failure, is_so.effects) != ("", should.effects):
            where = f"Step {number}, the {is_so.writer} sends {type(is_so.command.command).__name__} under {is_so.command.key}"
            what, seen = _told(is_so, should)
            return Problem(what, f"{where}: {seen}.", found, wanted)
    return None


def _told(is_so: Any, should: Any) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    [is_told, *entries], [be_told, *right] = is_so.effects, should.effects
    if is_so.failure:
        return "The log was changed where it was written already.", is_so.failure
    if len(entries) > len(right):
        twice = isinstance(be_told.answer, tuple)
        what = "A command that was sent twice has happened twice." if twice else "A command that is refused is in the log."
        return what, f"{len(entries)} new in the log, and it should be {len(right)}"
    if len(entries) < len(right):
        return "A command that should happen did not.", "there is nothing new in the log, and it should be one entry"
    if is_told != be_told:
        told, should_be = brief(is_told.answer), brief(be_told.answer)
        return "The sender is not told what came of the command.", f"`handle` returns {told}, and should return {should_be}"
    return "The entry in the log is not that of the command.", f"it is {entries[0]!r}, and should be {right[0]!r}"
