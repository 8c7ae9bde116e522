"""Put the same questions to an answer and to the shop's own rules, and tell where the two part."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orderlab.exploration.domain import reducer_of
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order
from orderlab.workshop.exercises.telling import at_step, differs, unless_alike
from orderlab.workshop.exercises.world import handed_on

Ask = Callable[..., Any]
"""Asks an answer: `ask(command, order, key=…, at=…)`, like `decide`."""


def first_difference(trace: Trace, asked: tuple[type, ...], name: str, ask: Ask) -> Problem | None:
    """Return the first decision of a run in which an answer differs from the shop's own rules; None if there is none.

    Every question is put to it on the order that is right, so an early mistake does not hide in a later one.

    Args:
        trace: The run.
        asked: The kinds of command that the answer decides; the rules decide the others.
        name: What the answer is called.
        ask: Asks it.
    """
    right = trace.replayed(ORDERS)
    for number, step in enumerate(right.steps, start=1):
        if not isinstance(step.command, asked):
            continue
        order = order_before(step)
        wanted = ORDERS.decide(step.command, order, key=step.key or "", at=step.at)
        given = copy_of(order)
        answered, handed = handed_on(ask, step.command, given, key=step.key, at=step.at)
        told = differs(answered, wanted, f"{name}(…)")
        told = told or differs(given, order, f"{name} changes the order that it was given: order") or handed
        if told:
            found = of_answer(trace, asked, ask)
            return Problem(told, f"At {at_step(right, number)}: {met(order)}.", found, unless_alike(right, found))
    return None


def order_before(step: TraceStep) -> Order | None:
    """Return the order that a step's command meets."""
    order: Order | None = step.before.entities.get(step.key)
    return order


def asked_of(ask: Ask, command: Any, order: Order | None, **named: Any) -> Any:
    """Ask an answer about a copy of the order, so that nothing it does to it is seen elsewhere."""
    return ask(command, copy_of(order), **named)


def copy_of(order: Order | None) -> Order | None:
    """Return an order of its own that is equal, which an answer may change by force without hurting anybody."""
    return None if order is None else replace(order)


def met(order: Order | None) -> str:
    """Tell which order a command meets.

    >>> met(None)
    'there is no such order yet'
    """
    return "there is no such order yet" if order is None else f"the order is {order.status.name}"


def of_answer(trace: Trace, asked: tuple[type, ...], ask: Ask) -> Trace:
    """Return the run as it goes when an answer decides the commands of its kinds.

    It is kept as a run of the shop's own domain, so that whoever plays it runs nothing of the answer again.
    """

    def decided(command: Any, order: Order | None, /, *, key: str, at: Any) -> Any:
        if isinstance(command, asked):
            return asked_of(ask, command, order, key=key, at=at)
        return ORDERS.decide(command, order, key=key, at=at)

    return replace(trace.replayed(replace(ORDERS, decide=decided)), reducer=reducer_of(ORDERS))
