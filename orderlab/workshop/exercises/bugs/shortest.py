"""6.4: the shortest run to a bad state, by going through all states: what `explore` does, in fifteen lines."""

from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

from orderlab.exploration.playing import play
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.bugs.counter import COMMANDS, COUNTER, REDUCER, ROOM, Pair, in_words, pair_of, state_of
from orderlab.workshop.exercises.runs import runs_of
from orderlab.workshop.exercises.telling import shown

LONG = 6
"""So many commands of an answer are shown; of a longer one their number."""

PATIENCE = 50_000
"""So many steps an answer may ask for; it needs a few dozen, and thousands if it forgets what it has seen."""

QUESTION = """\
The shelf at the counter tips over at certain numbers of mugs and cups, and then all is in pieces. How does it come to
that? You try this and that by hand, and a customer finds it first. There are not many states, so let the machine go
through *all* of them, the near ones first. Then what it finds is the **shortest** run that ends badly, and if it finds
none, there is none.

Write `shortest_run(start, commands, step, is_bad)`.

- A state is a pair, the mugs and the cups on the shelf. `start` is the first.
- `step(state, command)` gives the state after a command. It is the same state if the command was refused, for there is
  room for five of each, and nobody can take what is not there.
- `commands` is a tuple of all commands that there are. Each may be given in every state, as often as one likes.
- `is_bad(state)` tells whether a state is bad.

Return a list of as few commands as possible that lead from `start` to a bad state. It is `[]` if `start` itself is bad,
and `None` if no commands lead to a bad state at all.

For example: it is bad if there are 4 mugs. One may add 3 and then 1, and the answer is
`[Fill("mugs", 3), Fill("mugs", 1)]`. To add 1 four times leads there, too, but it is longer.
"""

STARTER = """\
def shortest_run(start, commands, step, is_bad) -> list | None:
    return ...
"""

HINTS = (
    "Go level by level: the states after no command, then all after one, then all after two. The first bad one that "
    "you meet is a nearest. What you have seen before need not be looked at again, and without that it never ends.",
    "Keep a queue of pairs, a state and the list of commands that led to it, and a set of the states that you have "
    "seen. Take from the *front* of the queue, and put what is new at its *end*; `deque` of `collections` does both.",
    "`queue, seen = deque([(start, [])]), {start}`. While there is something in the queue: `state, run = "
    "queue.popleft()`; if it is bad, return the run. For each command, `after = step(state, command)`; if it is not in "
    "`seen`, add it, and append `(after, [*run, command])`. After the loop return None.",
)

SOLUTION = """\
from collections import deque


def shortest_run(start, commands, step, is_bad):
    queue, seen = deque([(start, [])]), {start}
    while queue:
        state, run = queue.popleft()
        if is_bad(state):
            return run
        for command in commands:
            after = step(state, command)
            if after not in seen:
                seen.add(after)
                queue.append((after, [*run, command]))
    return None
"""

WRONG = (
    Wrong(
        "What was found last is looked at first, so it finds a run, but not a shortest.",
        SOLUTION.replace("queue.popleft()", "queue.pop()"),
    ),
    Wrong(
        "It does not note what it has seen, and goes round in circles for ever.",
        SOLUTION.replace("if after not in seen:", "if True:"),
    ),
    Wrong(
        "It tries all runs of up to three commands, and takes that for all there is.",
        """\
from itertools import product


def shortest_run(start, commands, step, is_bad):
    for length in range(4):
        for run in product(commands, repeat=length):
            state = start
            for command in run:
                state = step(state, command)
            if is_bad(state):
                return list(run)
    return None
""",
    ),
    Wrong(
        "It looks only at what comes of a command, and never at the state that it begins with.",
        """\
from collections import deque


def shortest_run(start, commands, step, is_bad):
    queue, seen = deque([(start, [])]), {start}
    while queue:
        state, run = queue.popleft()
        for command in commands:
            after = step(state, command)
            if is_bad(after):
                return [*run, command]
            if after not in seen:
                seen.add(after)
                queue.append((after, [*run, command]))
    return None
""",
    ),
    Wrong(
        "It begins with an empty shelf, whatever there is at the start.",
        SOLUTION.replace("    queue, seen", "    start = (0, 0)\n    queue, seen"),
    ),
    Wrong(
        "It notes each command as seen, not each state, so every command is tried once in all.",
        SOLUTION.replace("{start}", "set()")
        .replace("if after not in seen", "if command not in seen")
        .replace("seen.add(after)", "seen.add(command)"),
    ),
    Wrong(
        "It gives the states on the way, not the commands.",
        SOLUTION.replace("[*run, command]", "[*run, after]"),
    ),
    Wrong(
        "When there is no way, it gives an empty one, which says that the beginning is bad.",
        SOLUTION.replace("return None", "return []"),
    ),
)


STOCKED = (2, 2)
"""Another state to begin in than that of an empty counter."""

NOWHERE = "there are more mugs than there is room for"


class _TooManySteps(Exception):
    """An answer has asked for more steps than anybody needs."""


def _runs() -> tuple[Trace, ...]:
    """Return a shortest run to every state of the counter, to one that is nowhere, and some that begin elsewhere."""
    first, *others = _shortest_from(None, 7)
    return (first, replace(first, title=NOWHERE), *sorted([*others, *_shortest_from(state_of(STOCKED), 2)], key=len))


def _shortest_from(start: Any, depth: int) -> list[Trace]:
    """Return a shortest run from a state to every state that so many commands lead to."""
    shortest_of: dict[Any, Trace] = {}
    for run in runs_of(COUNTER, COMMANDS, depth=depth, accepted=True, alike=pair_of, start=start):
        shortest_of.setdefault(pair_of(run.state), run)
    return list(shortest_of.values())


@cache
def _after(state: Pair, command: Any) -> Pair:
    """Return the state after a command: there are few of both, and an answer asks often."""
    return pair_of(play(REDUCER, state_of(state), command).state)


def _as_list(found: Any) -> Any:
    """Return a tuple as a list: in what the commands come does not matter."""
    return list(found) if isinstance(found, tuple) else found


def _many(number: int) -> str:
    return "1 command" if number == 1 else f"{number} commands"


def _told(found: Any) -> str:
    """Tell an answer: commands as they are written."""
    if not isinstance(found, list | tuple):
        return shown(found)
    if len(found) > LONG:
        return f"a run of {len(found)} commands"
    each_told = (
        f'{type(each).__name__}("{each.shelf}", {each.pieces})' if each in COMMANDS else shown(each) for each in found
    )
    return f"[{', '.join(each_told)}]"


@exercise(
    "6.4",
    title="The shortest way to trouble",
    question=QUESTION,
    answer="shortest_run",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Near states first, each only once: then what is found is the shortest run, and nothing found is a proof.",
    runs=_runs,
)
def shortest(answer: Any, trace: Trace) -> Problem | None:
    """Have a way found to the last state of a run that is a shortest one, or to a state that does not exist."""
    is_nowhere = trace.title == NOWHERE
    goal, taken = (ROOM + 1, 0) if is_nowhere else pair_of(trace.state), count(1)
    begins = "" if pair_of(trace.start) == (0, 0) else f", and start is {pair_of(trace.start)}"
    where = f"That is if it is bad that {NOWHERE if is_nowhere else in_words(goal)}{begins}."

    def step(state: Any, command: Any) -> Any:
        if next(taken) > PATIENCE:
            raise _TooManySteps
        return _after(state, command)

    try:
        found = _as_list(answer(pair_of(trace.start), COMMANDS, step, lambda state: state == goal))
    except _TooManySteps:
        what = f"shortest_run asks for more than {PATIENCE:,} steps among 36 states: does it note what it has seen?"
        return Problem(what, where, trace)
    if is_nowhere or found is None:
        wanted = None if is_nowhere else list(trace.commands)
        told = "" if found is wanted else f"shortest_run(…) is {_told(found)}, and should be {_told(wanted)}."
        return Problem(told, where, trace) if told else None
    if not isinstance(found, list) or any(each not in COMMANDS for each in found):
        return Problem(f"shortest_run(…) is {_told(found)}, and should be {_told(trace.commands)}.", where, trace)
    return _longer(trace, Trace.of(COUNTER, found, start=trace.start), where)


def _longer(trace: Trace, went: Trace, where: str) -> Problem | None:
    """Tell of a way that leads elsewhere, or is longer than the run that is a shortest."""
    told = f"shortest_run(…) is {_told(went.commands)}"
    if pair_of(went.state) != pair_of(trace.state):
        return Problem(f"{told}, which leads elsewhere: {in_words(pair_of(went.state))} then.", where, trace)
    if len(went) == len(trace):
        return None
    return Problem(f"{told}, and {_many(len(trace))} would do: {_told(trace.commands)}.", where, trace)
