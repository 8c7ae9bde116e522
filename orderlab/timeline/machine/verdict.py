"""What a computed state machine says of its domain: one line, sentences, and a table of what is refused where."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderlab.drawing import tables
from orderlab.drawing.tables import ROWS
from orderlab.timeline.unknown import counted, listed

if TYPE_CHECKING:
    from orderlab.timeline.machine.exploring import Answer
    from orderlab.timeline.machine.statemachine import StateMachine

ANY = "in every state"
NOTHING = "nothing happens"

_MOST_STATES, _MOST_ARROWS = 24, 60
"""Of a machine with more there is no picture unless somebody asks for one: nobody could read it."""

_NONE_AND_ONE = 2

_MOST_LISTED = 12
"""How many names a sentence lists, and a cell of the table."""


def told(machine: "StateMachine") -> str:
    """Return a machine in one line."""
    parts = [counted(len(machine.states), "state"), counted(len(machine.transitions), "transition")]
    if machine.unreachable:
        parts.append(f"{len(machine.unreachable)} unreachable")
    if machine.idle_commands:
        parts.append(counted(len(machine.idle_commands), "idle command"))
    if machine.taken is not None:
        parts.append(counted(sum(machine.taken.values()), "event"))
    return f"<StateMachine of {machine.name}: {', '.join(parts)}>"


def sentences(machine: "StateMachine") -> list[str]:
    """Say what is to be known of a machine that its picture does not say."""
    said = [hint] if (hint := naming_hint(machine)) else []
    if machine.unreachable:
        said.append(f"Nothing was found that leads to {_some(machine.unreachable, 'or')}.")
    if machine.idle_commands:
        does = "does" if len(machine.idle_commands) == 1 else "do"
        said.append(f"{_some(machine.idle_commands, 'and')} {does} nothing in any state.")
    passed: dict[str, dict[str, None]] = {}
    for way in machine.transitions:
        answer = machine.answers.get((way.source, way.command))
        if not way.unexpected and (answer is None or not answer.targets):
            passed.setdefault(way.command, {}).setdefault(way.source)
    for command, states in passed.items():
        said.append(f"{command} causes several events, and passes through {_some(list(states), 'and')} on the way.")
    unexpected = [each for each in machine.transitions if each.unexpected]
    if unexpected:
        ways = [f"from {each.source} to {each.target} by {each.command}" for each in unexpected]
        # What a bounded search did not find may be there all the same.
        where = "no command leads" if machine.exhaustive else "no command was found to lead"
        said.append(f"The log went where {where}: {_some(ways, 'and')}.")
    if not machine.exhaustive:
        said.append("The search ended at its bounds: there can be more than was found.")
    return said


def table(machine: "StateMachine") -> str:
    """Return an HTML table of states and commands: where each command leads, or why it is refused."""
    asked = [
        state for state in machine.states if any((state, command) in machine.answers for command in machine.commands)
    ]
    always = {command: _always(machine, asked, command) for command in machine.commands}
    body = []
    for state in asked:
        row = [state]
        for command in machine.commands:
            answer = machine.answers.get((state, command))
            row.append("" if answer is None else _said(answer, always[command]))
        body.append(row)
    left_out = 0
    if len(body) > _MOST_STATES:
        left_out = len(body) - ROWS
        del body[ROWS:]
    if any(always.values()):
        body.append([ANY, *(", ".join(always[command]) for command in machine.commands)])
    return tables.rows(["state", *machine.commands], body, left_out=left_out)


def naming_hint(machine: "StateMachine") -> str | None:
    """Say what to do about a machine whose decider does not tell one entity from another; None if it does."""
    if machine.is_named or len(machine.states) > _NONE_AND_ONE:
        return None
    return (
        f"{machine.name} names no states, so the type of its entities stands for them: "
        "Decider(state_name=…) says which state an entity is in."
    )


def is_readable(machine: "StateMachine") -> bool:
    """Tell whether somebody could read a picture of a machine."""
    arrows = {(each.source, each.target, each.unexpected) for each in machine.transitions}
    return len(machine.states) <= _MOST_STATES and len(arrows) <= _MOST_ARROWS


def arrows_table(machine: "StateMachine") -> str:
    """Return what stands for the picture of a machine that nobody could read: why, and its first ways in a table."""
    taken = machine.taken
    ways = sorted(machine.transitions, key=lambda way: -taken[way]) if taken else list(machine.transitions)
    body = [
        [way.source, f"{way.command} (unexpected)" if way.unexpected else way.command, way.target]
        + ([taken[way]] if taken else [])
        for way in ways[:ROWS]
    ]
    header = ["from", "command", "to", *(["times"] if taken else [])]
    least = "" if machine.exhaustive else "at least "
    what = f"{least}{counted(len(machine.states), 'state')} and {counted(len(ways), 'transition')}"
    why = f"A picture of {what} could not be read: a state_name that gives fewer names makes one that can."
    return f"<p>{why}</p>{tables.rows(header, body, left_out=len(ways) - len(body))}"


def _some(names: Sequence[str], last: str) -> str:
    """Return names as a sentence has them, the first of many and how many more there are."""
    more = len(names) - _MOST_LISTED
    rest = f"{'any of ' if last == 'or' else ''}{more:,} more"
    return listed([*names[:_MOST_LISTED], rest] if more > 1 else names, last)


def _always(machine: "StateMachine", states: Sequence[str], command: str) -> list[str]:
    """Return the rejections that a command gets in every state beside something else: they are not about the state."""
    answers = [machine.answers[state, command] for state in states if (state, command) in machine.answers]
    if len(answers) <= 1:
        return []
    return [
        name
        for name in answers[0].rejections
        if all(name in each.rejections and (each.targets or len(each.rejections) > 1) for each in answers)
    ]


def _said(answer: "Answer", always: Sequence[str]) -> str:
    parts = [f"→ {target}" for target in answer.targets[:_MOST_LISTED]]
    if len(answer.targets) > _MOST_LISTED:
        parts.append(f"→ {len(answer.targets) - _MOST_LISTED} more")
    parts += [each for each in answer.rejections if each not in always]
    if answer.is_quiet:
        parts.append(NOTHING)
    return ", ".join(parts)
