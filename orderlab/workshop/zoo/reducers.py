"""Reducers with a mistake: in the effects that they ask for, or in the state that they give.

Each lets the real one work first, and then spoils one thing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import Environment
from orderlab.exploration.playing import AT
from orderlab.orders.actions import EVENTS, OrderCancelled, OrderPlaced, PlaceOrder
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderReducer
from orderlab.workshop.zoo.orders_desk import COMMANDS, PLATE
from orderlab.workshop.zoo.specimen import Specimen

Orders = Step[OrderState]


def _moved(effects: Sequence[Effect], name: Callable[[str], str]) -> tuple[Effect, ...]:
    """Return effects with their appends going to other streams."""
    return tuple(
        replace(each, stream_id=name(each.stream_id)) if isinstance(each, AppendEvents) else each for each in effects
    )


class CountsRefusals(OrderReducer):
    """Raise the version of an order also when a command is refused."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, with the order of a refused command counted on."""
        step = super().reduce(state, action, env)
        order = state.orders.get(action.order_id)
        if order is None or step.state is not state or isinstance(action, EVENTS):
            return step
        return replace(step, state=self.with_entity(state, order.id, replace(order, version=order.version + 1), 0))


class AnnouncesFirst(OrderReducer):
    """Announce the events, and then append them."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, with its effects the wrong way round."""
        step = super().reduce(state, action, env)
        return replace(step, effects=step.effects[::-1])


class AnnouncesNothing(OrderReducer):
    """Append the events, and tell nobody."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, without announcing what it appends."""
        step = super().reduce(state, action, env)
        appends = tuple(effect for effect in step.effects if isinstance(effect, AppendEvents))
        return replace(step, effects=appends or step.effects)


class ExpectsNothing(OrderReducer):
    """Append without saying at which version the order was when it was decided on."""

    def __init__(self) -> None:
        super().__init__(check_versions=False)


class NamesTheStreamAfterTheId(OrderReducer):
    """Append to a stream that is called like the order, without what its kind is called."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, with its appends to the wrong stream."""
        step = super().reduce(state, action, env)
        return replace(step, effects=_moved(step.effects, self.decider.key_in))


class ChangesTheStateInPlace(OrderReducer):
    """Put the order into the state that was handed in."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, with the state that was handed in changed to the new one."""
        step = super().reduce(state, action, env)
        object.__setattr__(state, "orders", step.state.orders)  # it is frozen for a reason
        return replace(step, state=state)


class KnowsMoreThanItsEvents(OrderReducer):
    """Give the customer the money back in the live state, and write it down nowhere."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step, with the total of a cancelled order set to nothing."""
        step = super().reduce(state, action, env)
        for effect in step.effects:
            if isinstance(effect, AppendEvents) and isinstance(effect.events[0], OrderCancelled):
                order = step.state.orders[action.order_id]
                paid_back = self.with_entity(step.state, order.id, replace(order, total_cents=0), order.version)
                return replace(step, state=paid_back)
        return step


class DrawsTwice(OrderReducer):
    """Draw one id for the order, and another one for its stream."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step; a new order's stream is called after an id of its own."""
        step = super().reduce(state, action, env)
        if not isinstance(action, PlaceOrder) or action.order_id is not None or step.state is state:
            return step
        drawn = env.ids.new_id("order")
        return replace(step, effects=_moved(step.effects, lambda stream_id: self.decider.stream_id(drawn)))


class AnnouncesFactsAgain(OrderReducer):
    """Announce an event that is only being replayed."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Orders:
        """Return the step; also of an event, which happened long ago, it is told."""
        step = super().reduce(state, action, env)
        return replace(step, effects=(Emit(action),)) if isinstance(action, EVENTS) else step


_FACT = OrderPlaced("order-1", "ada", (PLATE,), PLATE.total_cents, AT)


def _reducer(name: str, mistake: str, faulty: type[OrderReducer]) -> Specimen:
    return Specimen(name, mistake, "reducer", faulty(), OrderReducer(), (faulty,), (*COMMANDS, _FACT))


SPECIMENS: tuple[Specimen, ...] = (
    _reducer(
        "changes-the-state-on-refusal",
        "It changes the state although it refuses, so the state shows what no event tells of.",
        CountsRefusals,
    ),
    _reducer(
        "announces-before-it-appends",
        "It asks for the announcement before the append, so others act on what may never be written.",
        AnnouncesFirst,
    ),
    _reducer(
        "forgets-to-announce",
        "It appends its events and announces none of them, so whoever follows hears nothing.",
        AnnouncesNothing,
    ),
    _reducer(
        "expects-no-version",
        "It appends without an expected version, so of two writers the later one overwrites the earlier one's doing.",
        ExpectsNothing,
    ),
    _reducer(
        "names-the-stream-wrongly",
        "It leaves the kind out of the stream's name, so the events are written where nobody looks for them.",
        NamesTheStreamAfterTheId,
    ),
    _reducer(
        "changes-the-state-in-place",
        "It changes the state that it is given, so every older state that somebody kept changes with it.",
        ChangesTheStateInPlace,
    ),
    _reducer(
        "knows-more-than-its-events",
        "It changes the live state in a way that no event carries, so after a restart it is gone.",
        KnowsMoreThanItsEvents,
    ),
    _reducer(
        "draws-an-id-twice",
        "It draws an id for the order and another for the stream, so the order cannot be found again.",
        DrawsTwice,
    ),
    _reducer(
        "announces-facts-again",
        "It asks for effects when it is given an event, so every replay announces the past once more.",
        AnnouncesFactsAgain,
    ),
)
