"""A store for tests: synchronous, and exhaustive in the manner of The Composable Architecture.

Whatever a test does not state fails it: a state that changed, an action that was announced and not received, a delay
that nobody waited for.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, overload

from orderlab.core.decider import Decider, DeciderReducer, Fact, Reducer
from orderlab.core.environment import Environment, SequentialIds, TestClock
from orderlab.drawing import tables
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.testing.difference import failure
from orderlab.testing.expectation import meets, worded
from orderlab.testing.interpreter import Interpreter
from orderlab.testing.writing import Wording, brief, shown

StateT = TypeVar("StateT")


class _Unsaid(Enum):
    """The default of an argument for which None is a value like any other."""

    UNSAID = "unsaid"


_UNSAID = _Unsaid.UNSAID
_NotSaid = Literal[_Unsaid.UNSAID]


class TestStore(Generic[StateT]):
    """Run a reducer and its effects in a test, which states everything that comes of each action.

    It works as a `Store` does, but nothing is awaited: the log is a list, and time is moved by `advance`. After each
    action it also checks that live equals replayed. Used with `with`, it checks at the end that nothing is left over.

    Args:
        reducer: What decides; orders by default.
        initial_state: The state before the first command; a `DeciderReducer` knows its own.
        env: A `TestClock`, ids, and whatever else the reducer reads; ids are counted by default.
        exhaustive: False checks the state only where one is stated, and lets anything be left over.

    >>> from orderlab.orders.actions import OrderPlaced, PlaceOrder
    >>> from orderlab.orders.model import Order, OrderItem, Placed
    >>> from orderlab.testing import AT
    >>> mug = OrderItem("p-1", "Mug", 2, 250)
    >>> with TestStore() as test_store:
    ...     order = Order("order-1", "ada", (mug,), Placed(), 500, created_at=AT, updated_at=AT, version=1)
    ...     test_store.send(PlaceOrder("ada", [mug]), state=OrderState({"order-1": order}))
    ...     _ = test_store.receive(OrderPlaced("order-1", "ada", (mug,), 500, AT))
    >>> test_store
    <TestStore at position 1: <OrderState 1 orders: 1 placed>>
    """

    __test__ = False  # pytest collects classes named Test…

    @overload
    def __init__(
        self: "TestStore[OrderState]",
        reducer: None = None,
        initial_state: OrderState | _NotSaid = _UNSAID,
        env: Environment | None = None,
        *,
        exhaustive: bool = True,
    ) -> None: ...

    @overload
    def __init__(
        self,
        reducer: Reducer[StateT],
        initial_state: StateT | _NotSaid = _UNSAID,
        env: Environment | None = None,
        *,
        exhaustive: bool = True,
    ) -> None: ...

    def __init__(
        self,
        reducer: Any = None,
        initial_state: Any = _UNSAID,
        env: Environment | None = None,
        *,
        exhaustive: bool = True,
    ) -> None:
        reducer = OrderReducer() if reducer is None else reducer
        if not callable(getattr(reducer, "reduce", None)):
            hint = "; lift it: DeciderReducer(decider)" if isinstance(reducer, Decider) else ""
            raise TypeError(f"reducer must have a method `reduce`, and {brief(reducer)} has none{hint}")
        if initial_state is _UNSAID:
            if not isinstance(reducer, DeciderReducer):
                raise TypeError(f"initial_state must be said: only a DeciderReducer has one, and not {brief(reducer)}")
            initial_state = reducer.initial_state()
        env = OrderEnvironment(TestClock(), SequentialIds()) if env is None else env
        clock = getattr(env, "clock", None)
        if not isinstance(clock, TestClock):
            raise TypeError(f"env.clock must be a TestClock, which `advance` can move, not {brief(clock)}")
        self._interpreter: Interpreter[StateT] = Interpreter(reducer, initial_state, env, clock)
        self._exhaustive = exhaustive

    @property
    def state(self) -> StateT:
        """The state after everything that was sent and came due."""
        return self._interpreter.state

    @property
    def position(self) -> int:
        """How many events were appended."""
        return len(self._interpreter.facts)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What was appended, in order: each event with its stream and its version there, as `replay` takes them."""
        return tuple(self._interpreter.facts)

    @property
    def events(self) -> tuple[Any, ...]:
        """The events that were appended, in order."""
        return tuple(event for _, _, event in self._interpreter.facts)

    def send(self, command: Any, *, state: StateT | Callable[[StateT], StateT] | _NotSaid = _UNSAID) -> None:
        """Send a command, and state what the state is after it.

        Args:
            command: The command.
            state: The state after it, or a function that makes it from the one before; left out, the state must not
                change.

        Raises:
            AssertionError: The state is different, or is not what replay makes of the events.
            VersionConflict: The reducer expects a stream at a version that it is not at.
        """
        __tracebackhide__ = True
        before = self.state
        self._interpreter.feed(command)
        self._require_state(before, state, f"After {brief(command)}")

    def advance(
        self, by: float | timedelta, *, state: StateT | Callable[[StateT], StateT] | _NotSaid = _UNSAID
    ) -> None:
        """Let time pass, and state what the state is after all that comes due meanwhile.

        Each delayed action is decided as of the instant at which it is due. One that asks for a further delay may see
        that end in the same stretch of time.

        Args:
            by: Seconds, or a timedelta.
            state: As for `send`.

        Raises:
            AssertionError: The state is different, or is not what replay makes of the events.
            ValueError: `by` is negative, or no number.
        """
        __tracebackhide__ = True
        before = self.state
        self._interpreter.advance(by.total_seconds() if isinstance(by, timedelta) else by)
        self._require_state(before, state, f"After advancing by {by}")

    def receive(self, expected: Any) -> Any:
        """State the next action that was announced, and return it.

        Args:
            expected: The action exactly; or its type; or a function that tells whether it is the one.

        Raises:
            AssertionError: It is another one, or there is none.
        """
        __tracebackhide__ = True
        announced = self._interpreter.announced
        if not announced:
            hint = ", but there are delays to advance past" if self._interpreter.waiting else ""
            raise failure(f"No further action was announced{hint}", worded(expected), Wording("nothing"))
        if not meets(announced[0], expected):
            raise failure("The next action is not the one stated", worded(expected), announced[0])
        return announced.pop(0)

    def finish(self) -> None:
        """State that this is all: every action was received, and no delay is pending. `with` does it by itself.

        Raises:
            AssertionError: Something is left over; all of it is listed.
        """
        __tracebackhide__ = True
        unreceived = [f"not received: {brief(action)}" for action in self._interpreter.announced]
        waiting = [
            f"still pending, due at {shown(each.due)}: {brief(each.action)}" for each in self._interpreter.waiting
        ]
        if self._exhaustive and (unreceived or waiting):
            listed = "\n".join(f"  {line}" for line in (*unreceived, *waiting))
            raise AssertionError(
                f"The test ends too early: receive each action, and advance past each delay.\n\n{listed}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if kind is None:
            self.finish()

    def __repr__(self) -> str:
        left = {"to receive": len(self._interpreter.announced), "pending": len(self._interpreter.waiting)}
        counted = "".join(f"; {count} {what}" for what, count in left.items() if count)
        return f"<TestStore at position {self.position}: {shown(self.state)}{counted}>"

    def _repr_html_(self) -> str:
        announced, waiting = self._interpreter.announced, list(self._interpreter.waiting)
        left = {
            "to receive": ", ".join(type(action).__name__ for action in announced) or None,
            "pending": ", ".join(f"{type(each.action).__name__} at {shown(each.due)}" for each in waiting) or None,
        }
        try:
            state: Any = self.state._repr_html_()  # type: ignore[attr-defined] # or else it has none
        except Exception:  # noqa: BLE001 - a notebook shows this instead of the user's result
            state = None
        table = tables.fields({"test store at position": self.position, **left})
        return table + (state if isinstance(state, str) else "")

    def _require_state(self, before: StateT, stated: StateT | Callable[[StateT], StateT] | _NotSaid, when: str) -> None:
        __tracebackhide__ = True
        if stated is _UNSAID:
            if self._exhaustive and self.state != before:
                sentence = f"{when} the state has changed, and the test states no change: pass the new one as `state=`"
                raise failure(sentence, before, self.state, minus="before")
            return
        wanted = stated(before) if callable(stated) else stated
        if self.state != wanted:
            raise failure(f"{when} the state is not the one stated", wanted, self.state)
