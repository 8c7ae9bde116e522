"""What one send caused so far, and whether more can come: how an answer finds the one who asked.

Waiting by predicate alone can hand one client another's order; here only actions that the send itself caused are
looked at, and when nothing more can come the waiting ends at once instead of running into its timeout.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from orderlab.core.errors import OrderlabError


class NoMatchingAction(OrderlabError):
    """Nothing that a command caused is what its sender waited for, and nothing more can come.

    Args:
        actions: All that it did cause, in order.

    >>> print(NoMatchingAction(()))
    the command caused nothing
    """

    def __init__(self, actions: tuple[Any, ...]) -> None:
        caused = ", ".join(map(repr, actions))
        super().__init__(
            f"nothing that the command caused matches: {caused}" if actions else "the command caused nothing"
        )
        self.actions = actions

    def __reduce__(self) -> tuple[type["NoMatchingAction"], tuple[tuple[Any, ...]]]:
        return NoMatchingAction, (self.actions,)


class Conversation:
    """Everything that follows from one send: the actions announced, and the steps still under way.

    A step is the command itself, or an action that waits for its time. Each is begun before the one that asked for
    it has ended, so the count of those under way comes to nothing only when nothing more can come.
    """

    def __init__(self) -> None:
        self._actions: list[Any] = []
        self._under_way = 0
        self._failure: BaseException | None = None
        self._changed = asyncio.Event()

    def begin(self) -> None:
        """Know of one more step from which actions can come."""
        self._under_way += 1

    def end(self, actions: Sequence[Any] = (), failure: BaseException | None = None) -> None:
        """Know that a step is over, and what it announced, or how it failed."""
        self._actions.extend(actions)
        self._failure = self._failure or failure
        self._under_way -= 1
        self._changed.set()

    async def first(self, matches: Callable[[Any], bool]) -> Any:
        """Wait for the first action that matches.

        Raises:
            NoMatchingAction: None did, and nothing more can come.
            Exception: None did, and a step failed: what it failed with.
        """
        heard = 0
        while True:
            for action in self._actions[heard:]:
                heard += 1
                if matches(action):
                    return action
            if self._under_way == 0:
                raise self._failure or NoMatchingAction(tuple(self._actions))
            self._changed.clear()
            await self._changed.wait()
