"""The edge of a program, played: it does what an answer has it do, and keeps count of it."""

from typing import Any

from orderlab.core.errors import VersionConflict


class Edge:
    """The edge of a program: keeps the state that all can see, and what was done in which order.

    Args:
        state: The state that all can see at first.
        conflict: What an append raises; None if it goes well.
    """

    def __init__(self, state: Any, conflict: VersionConflict | None) -> None:
        self._state = state
        self._conflict = conflict
        self.done: list[tuple[str, Any]] = []

    @property
    def state(self) -> Any:
        """The state that all can see."""
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        if state is not self._state:  # a refused command may set it, or not
            self._state = state
            self.done.append(("the new state is set", None))

    def append(self, effect: Any) -> None:
        """Write an effect's events, unless somebody else came first."""
        if self._conflict is not None:
            raise self._conflict
        self.done.append(("the events are appended", effect))

    def announce(self, action: Any) -> None:
        """Tell everybody of an action."""
        self.done.append((f"{type(action).__name__} is announced", action))
