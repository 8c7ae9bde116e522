"""A state machine as the text of a Mermaid diagram."""

from collections.abc import Collection, Iterable, Mapping


def diagram(states: Mapping[str, str], ways: Iterable[tuple[str, str, str]], *, final: Collection[str] = ()) -> str:
    """Return a `stateDiagram-v2`.

    Args:
        states: The states with what is written on each, the first of them the initial one.
        ways: The arrows: source, target and label.
        final: The states from which an arrow leads to the end.

    >>> print(diagram({"off": "off", "on": "on"}, [("off", "on", "Press")], final=["on"]))
    stateDiagram-v2
        direction LR
        state "off" as s0
        state "on" as s1
        [*] --> s0
        s0 --> s1 : Press
        s1 --> [*]
    """
    # Names of our own: a state may be called "end" or "state", or have a space in it.
    alias = {state: f"s{number}" for number, state in enumerate(states)}
    return "\n    ".join(
        [
            "stateDiagram-v2",
            "direction LR",
            *(f'state "{_escaped(states[state])}" as {name}' for state, name in alias.items()),
            *(f"[*] --> {name}" for name in list(alias.values())[:1]),
            *(f"{alias[source]} --> {alias[target]} : {_escaped(label)}" for source, target, label in ways),
            *(f"{alias[state]} --> [*]" for state in final),
        ]
    )


def _escaped(text: str) -> str:
    """Return text with every character that means something to Mermaid or to HTML as its number."""
    return "".join(each if each.isalnum() or each in " _-.,()" else f"#{ord(each)};" for each in text) or "#32;"
