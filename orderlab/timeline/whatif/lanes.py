"""A lane of a what-if: one step after the other, each with what became of it now and in the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orderlab.drawing import tables
from orderlab.timeline.fields import own_fields, shown

FOLLOWS, CANNOT_FOLLOW = "follows", "cannot follow"
ACCEPTED, REFUSED, NO_EVENT, FAILS = "accepted", "refused", "no event", "fails"
DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class LaneStep:
    """One fact, or one command, in a changed past.

    Args:
        position: Where it is in the unchanged log; None for what is not there, being put in or refused.
        key: The entity that it is about.
        what: Its type.
        action: The event or command itself.
        outcome: A fact `follows` or `cannot follow`; a command is `accepted`, `refused`, has `no event`, or `fails`
            where deciding it raises an error; either may be `dropped`.
        reason: Why, in words; empty where nothing is to be said.
        before: The name of the entity's state before it.
        after: And after it.
        change: What was changed about the step itself: `dropped`, `inserted`, `edited`, `moved`, or nothing.
        was: The outcome in the log; empty for what is put in.
        events: The events that it brings about.
        differs: Whether it turns out otherwise than in the log; never of what is dropped or put in.
    """

    position: int | None
    key: str
    what: str
    action: Any = field(hash=False)
    outcome: str
    reason: str
    before: str
    after: str
    change: str = ""
    was: str = ""
    events: tuple[Any, ...] = field(default=(), hash=False)
    differs: bool = False

    def __repr__(self) -> str:
        place = "" if self.position is None else f"#{self.position} "
        why = f": {self.reason}" if self.reason else ""
        return f"<{place}{self.what} {self.key} {self.outcome}, {self.before} → {self.after}{why}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the step as short texts, for a page."""
        return {
            "position": self.position,
            "key": self.key,
            "what": self.what,
            "outcome": self.outcome,
            "reason": self.reason,
            "before": self.before,
            "after": self.after,
            "change": self.change,
            "was": self.was,
            "differs": self.differs,
        }


@dataclass(frozen=True, slots=True)
class Lane:
    """A changed past, step by step, of the entities that the change touches.

    Args:
        name: `facts` or `commands`.
        steps: The steps, in their order.
        entities: The entities in the end, by key; None for one that is not there.
        notes: What else there is to say of the lane, each one sentence.
    """

    name: str
    steps: tuple[LaneStep, ...]
    entities: Mapping[str, Any] = field(hash=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def different(self) -> tuple[LaneStep, ...]:
        """The steps that turn out otherwise than in the log, without those that are dropped or put in."""
        return tuple(step for step in self.steps if step.differs)

    def __repr__(self) -> str:
        return f"<Lane of {self.name}: {len(self.steps)} steps, {len(self.different)} otherwise than in the log>"

    def __str__(self) -> str:
        several = len({step.key for step in self.steps}) > 1
        lines = [" ".join(" ".join(_cells(step, several)).split()) for step in self.steps]
        return "\n".join([f"{self.name}:", *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        several = len({step.key for step in self.steps}) > 1
        steps = self.shown(tables.ROWS)
        body = [_cells(step, several) for step in steps]
        return tables.rows(["", self.name, "outcome", "state", "why"], body, left_out=len(self.steps) - len(steps))

    def shown(self, most: int) -> tuple[LaneStep, ...]:
        """Return so many steps at the most: those that were changed or turn out otherwise first of all."""
        if len(self.steps) <= most:
            return self.steps
        telling = [index for index, step in enumerate(self.steps) if step.change or step.differs]
        others = [index for index, step in enumerate(self.steps) if not (step.change or step.differs)]
        return tuple(self.steps[index] for index in sorted([*telling, *others][:most]))

    def as_dict(self, most: int) -> dict[str, Any]:
        """Return the lane as short texts, with so many steps at the most."""
        steps = self.shown(most)
        return {
            "steps": [step.as_dict() for step in steps],
            "left_out": len(self.steps) - len(steps),
            "notes": list(self.notes),
        }


def _cells(step: LaneStep, several: bool) -> list[str]:
    return [
        "" if step.position is None else f"{step.position}",
        f"{step.what} {step.key}" if several else step.what,
        step.outcome if step.change in ("", step.outcome) else f"{step.change}, {step.outcome}",
        step.before if step.before == step.after else f"{step.before} → {step.after}",
        step.reason,
    ]


def in_words(rejection: Any, key: str) -> str:
    """Return a rejection as a few words, without repeating which entity it is about.

    >>> from orderlab.orders.actions import InvalidOrderState, OrderNotFound
    >>> in_words(InvalidOrderState("order-1", "shipped"), "order-1"), in_words(OrderNotFound("order-1"), "order-1")
    ('InvalidOrderState, current status shipped', 'OrderNotFound')
    """
    told = [
        f"{name.replace('_', ' ')} {shown(value)}"
        for name, value in (own_fields(rejection) or {}).items()
        if value is not None and value != key
    ]
    return ", ".join([type(rejection).__name__, *told])
