"""Given what has happened, when a command comes, then this follows: tests of one decision that read as sentences.

    given(events).when(command).then(events)

The words are those of Emmett. A command is decided as the runtime decides it, by the reducer that a decider is lifted
to; what a test states is compared exactly, and whatever differs is an `AssertionError` with a minus/plus diff.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer, EntityState
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.core.errors import CorruptStream
from orderlab.drawing import tables
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderEnvironment
from orderlab.testing.difference import failure
from orderlab.testing.expectation import meets, worded
from orderlab.testing.writing import Wording, brief

AT = datetime(2025, 1, 1, tzinfo=UTC)
"""The instant that commands are decided at unless a test says another; a `TestClock` starts at it too."""


def given(events: Any = (), *, decider: Decider[Any] = ORDERS) -> "Given":
    """Begin a test with what has happened so far, in one entity or in several.

    Args:
        events: The events in their order, or a single one; none if left out.
        decider: The domain; orders by default.

    Raises:
        ValueError: An event cannot follow those before it; the test itself is wrong then.
        TypeError: Something given is no event of the decider.

    >>> from orderlab.orders.actions import InvalidOrderState, OrderPlaced, OrderShipped, PlaceOrder, ShipOrder
    >>> from orderlab.orders.model import OrderItem
    >>> mug = OrderItem("p-1", "Mug", 2, 250)
    >>> placed, shipped = OrderPlaced("order-1", "ada", (mug,), 500, AT), OrderShipped("order-1", "TRACK-1", AT)
    >>> given([]).when(PlaceOrder("ada", [mug])).then(placed)
    <When PlaceOrder: OrderPlaced>
    >>> given([placed, shipped]).when(ShipOrder("order-1", "TRACK-2")).then_rejected(InvalidOrderState)
    <When ShipOrder: InvalidOrderState>
    >>> given(placed).when(ShipOrder("order-1", "TRACK-2")).then(shipped)
    Traceback (most recent call last):
        ...
    AssertionError: ShipOrder(order_id='order-1', tracking_number='TRACK-2') led to OrderShipped, which is not what \
the test states (- stated, + actual):
    <BLANKLINE>
      OrderShipped(
          order_id='order-1',
    -     tracking_number='TRACK-1',
    +     tracking_number='TRACK-2',
          timestamp=2025-01-01T00:00:00Z,
      )
    """
    if not isinstance(decider, Decider):
        hint = ": a reducer has its own in `.decider`" if isinstance(decider, DeciderReducer) else ""
        raise TypeError(f"decider must be a Decider, not {brief(decider)}{hint}")
    reducer: DeciderReducer[Any, EntityState[Any]] = DeciderReducer(decider)
    state, happened = reducer.initial_state(), _events("given", events, decider)
    for number, event in enumerate(happened, start=1):
        key = decider.key_of(event)
        if not isinstance(key, str):
            raise TypeError(f"given: event {number} must say which {decider.name} it is about: {brief(event)}")
        fact = (decider.stream_id(key), reducer.entity(state, key)[1] + 1, event)
        try:
            state = reducer.replay(state, [fact])
        except CorruptStream as error:
            cannot = "be the first event" if number == 1 else "follow the events before it"
            raise ValueError(f"given: {brief(event)} cannot {cannot}: {error}") from error
    return Given(decider, happened, state)


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """What has happened before a command. A value: any number of tests may begin from one."""

    decider: Decider[Any]
    events: tuple[Any, ...]
    state: EntityState[Any]

    def when(self, command: Any, *, at: datetime = AT, key: str | None = None) -> "When":
        """Have a command decided on what has happened.

        Args:
            command: The command.
            at: The instant it is decided at, aware.
            key: The id that is drawn, for a command that leaves it to be drawn. Otherwise ids are counted, `order-1`,
                `order-2`, past those that are in use.

        Raises:
            TypeError: It is no command of the decider.
            ValueError: It names its own entity, and a `key` is said too.
        """
        __tracebackhide__ = True
        if not isinstance(command, self.decider.commands):
            raise TypeError(f"when takes a command of {self.decider.name}, not {brief(command)}")
        if key is not None and self.decider.key_of(command) is not None:
            raise ValueError(f"key is for a command whose id is drawn, and {brief(command)} brings its own")
        env = OrderEnvironment(FixedClock(at), _Ids(self.state.entities, key))
        reducer: DeciderReducer[Any, EntityState[Any]] = DeciderReducer(self.decider)
        step = reducer.reduce(self.state, command, env)
        events = tuple(each for effect in step.effects if isinstance(effect, AppendEvents) for each in effect.events)
        said = next((effect.action for effect in step.effects if isinstance(effect, Emit)), None)
        after = Given(self.decider, (*self.events, *events), step.state)
        return When(command, events, None if events else said, after)

    def __repr__(self) -> str:
        return f"<Given {_kinds(self.events)}>"

    def _repr_html_(self) -> str:
        return tables.fields({"given": _kinds(self.events)})


@dataclass(frozen=True, slots=True, repr=False)
class When:
    """A command that was decided: the events it caused, or its rejection; and what has happened after it."""

    command: Any
    events: tuple[Any, ...]
    rejection: Any
    after: Given
    refusal_is_stated: bool = False

    def then(self, events: Any) -> "When":
        """State the events that the command causes: all of them in their order, or a single one.

        Raises:
            AssertionError: It causes others, or is refused.
        """
        __tracebackhide__ = True
        stated = _events("then", events, self.after.decider)
        if stated != self._answer():
            raise self._other_than(stated)
        return self

    def then_nothing(self) -> "When":
        """State that the command is accepted and causes no event.

        Raises:
            AssertionError: It causes one, or is refused.
        """
        __tracebackhide__ = True
        return self.then(())

    def then_rejected(self, rejection: Any) -> "When":
        """State that the command is refused; a further command may follow then.

        Args:
            rejection: The rejection exactly, or just its type.

        Raises:
            AssertionError: It is accepted, or refused for another reason.
        """
        __tracebackhide__ = True
        kind = rejection if isinstance(rejection, type) else type(rejection)
        if not issubclass(kind, self.after.decider.rejections):
            raise TypeError(f"then_rejected takes a rejection of {self.after.decider.name}, not {brief(rejection)}")
        if not meets(self.rejection, rejection):
            raise self._other_than((worded(rejection),))
        return replace(self, refusal_is_stated=True)

    def then_state(self, entity: Any) -> "When":
        """State what the command's entity is like afterwards; None if there is none.

        Raises:
            AssertionError: It is different.
        """
        __tracebackhide__ = True
        key = self.after.decider.key_of((*self.events, self.command)[0])
        actual = self.after.state.entities.get(key) if isinstance(key, str) else None
        if actual != entity:
            sentence = f"After {brief(self.command)} the {self.after.decider.name} is not what the test states"
            raise failure(sentence, entity, actual)
        return self

    def when(self, command: Any, *, at: datetime = AT, key: str | None = None) -> "When":
        """Have a further command decided, with the events of this one among what has happened.

        Raises:
            AssertionError: This one was refused, and no `then_rejected` says so.
        """
        __tracebackhide__ = True
        if self.rejection is not None and not self.refusal_is_stated:
            raise AssertionError(
                f"{brief(self.command)} was refused, so {brief(command)} has nothing to follow: "
                f"{brief(self.rejection)}; if that is as it should be, state it with then_rejected in between"
            )
        return self.after.when(command, at=at, key=key)

    def _answer(self) -> tuple[Any, ...]:
        return self.events if self.rejection is None else (self.rejection,)

    def _other_than(self, stated: tuple[Any, ...]) -> AssertionError:
        sentence = f"{brief(self.command)} led to {_kinds(self._answer())}, which is not what the test states"
        if max(len(stated), len(self._answer())) > 1:
            return failure(sentence, stated, self._answer())
        return failure(sentence, *(each[0] if each else Wording("nothing") for each in (stated, self._answer())))

    def __repr__(self) -> str:
        return f"<When {type(self.command).__name__}: {_kinds(self._answer())}>"

    def _repr_html_(self) -> str:
        return tables.fields({"when": brief(self.command), "then": "; ".join(map(brief, self._answer())) or "nothing"})


class _Ids(SequentialIds):
    """Draw what the test says, or count past what is in use: an id that is drawn was never drawn before."""

    def __init__(self, used: Container[str], key: str | None) -> None:
        super().__init__()
        self._used = used
        self._key = key

    def new_id(self, kind: str) -> str:
        if self._key is not None:
            return self._key
        while (drawn := super().new_id(kind)) in self._used:
            pass
        return drawn


def _events(word: str, events: Any, decider: Decider[Any]) -> tuple[Any, ...]:
    """Return one event or several as a tuple, if they are events."""
    if isinstance(events, decider.events):
        return (events,)
    several = tuple(events) if isinstance(events, Iterable) and not isinstance(events, str) else (events,)
    for event in several:
        if isinstance(event, decider.commands):
            raise TypeError(f"{word} takes events, and {brief(event)} is a command: hand it to when")
        if isinstance(event, decider.rejections):
            raise TypeError(f"{word} takes events, and {brief(event)} is a rejection: state it with then_rejected")
        if not isinstance(event, decider.events):
            raise TypeError(f"{word} takes events of {decider.name}, one or a list of them, not {brief(event)}")
    return several


def _kinds(events: tuple[Any, ...]) -> str:
    return ", ".join(type(event).__name__ for event in events) or "nothing"
