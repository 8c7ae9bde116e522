"""What a computed state machine says of its domain: one line, sentences, and a table of what is refused where."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderlab.drawing import tables
from orderlab.timeline.unknown import counted, listed

if TYPE_CHECKING:
    from orderlab.timeline.machine.exploring import Answer
    from orderlab.timeline.machine.statemachine import StateMachine

ANY = "in every state"
NOTHING = "nothing happens"


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
    said = []
    if machine.unreachable:
        said.append(f"Nothing was found that leads to {listed(machine.unreachable, 'or')}.")
    if machine.idle_commands:
        does = "does" if len(machine.idle_commands) == 1 else "do"
        said.append(f"{listed(machine.idle_commands, 'and')} {does} nothing in any state.")
    passed: dict[str, dict[str, None]] = {}
    for way in machine.transitions:
        answer = machine.answers.get((way.source, way.command))
        if not way.unexpected and (answer is None or not answer.targets):
            passed.setdefault(way.command, {}).setdefault(way.source)
    for command, states in passed.items():
        said.append(f"{command} causes several events, and passes through {listed(list(states), 'and')} on the way.")
    unexpected = [each for each in machine.transitions if each.unexpected]
    if unexpected:
        ways = [f"from {each.source} to {each.target} by {each.command}" for each in unexpected]
        said.append(f"The log went where no command leads: {listed(ways, 'and')}.")
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
    if any(always.values()):
        body.append([ANY, *(", ".join(always[command]) for command in machine.commands)])
    return tables.rows(["state", *machine.commands], body)


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
    parts = [f"→ {target}" for target in answer.targets]
    parts += [each for each in answer.rejections if each not in always]
    if answer.is_quiet:
        parts.append(NOTHING)
    return ", ".join(parts)
