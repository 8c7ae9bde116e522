from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional
from uuid import UUID

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw

from orderlab.core.decider import Decider
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.decider import ORDERS, decide
from orderlab.orders.model import OrderItem
from orderlab.timeline.machine.samples import NOON, CannotMake, values_of
from orderlab.timeline.machine.trying import commands_for


class Colour(Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Pair(NamedTuple):
    """Two things."""

    left: int
    right: str


@dataclass(frozen=True)
class Strict:
    """A value with a rule of its own."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 2:
            raise ValueError("too small")


@dataclass(frozen=True)
class Endless:
    """A value that needs one of its own kind."""

    inner: "Endless"


@dataclass(frozen=True)
class Defaulted:
    """A value with defaults, one of them of an unknown type."""

    reason: str = "because"
    other: Any = None
    many: list[int] = field(default_factory=list)


Name = NewType("Name", str)


@pytest.mark.parametrize(
    ("annotation", "first", "kind"),
    [
        (int, 1, int),
        (bool, True, bool),
        (float, 1.0, float),
        (str, "a1", str),
        (bytes, b"a1", bytes),
        (Decimal, Decimal(1), Decimal),
        (datetime, NOON + timedelta(days=1), datetime),
        (date, date(2025, 1, 2), date),
        (timedelta, timedelta(hours=1), timedelta),
        (UUID, UUID(int=1), UUID),
        (Name, "a1", str),
        (Annotated[int, "small"], 1, int),
        (Literal["x", "y"], "x", str),
        (Colour, Colour.RED, Colour),
        (Pair, Pair(1, "a1"), Pair),
        (Strict, Strict(2), Strict),
        (OrderItem, OrderItem("a1", "a1", 1, 1), OrderItem),
        (Sequence[int], (1,), tuple),
        (tuple[int, ...], (1,), tuple),
        (tuple[int, str], (1, "a1"), tuple),
        (list[OrderItem], [OrderItem("a1", "a1", 1, 1)], list),
        (frozenset[int], frozenset([1]), frozenset),
        (Mapping[str, int], {"a1": 1}, dict),
        (dict[str, int], {"a1": 1}, dict),
    ],
)
def test_there_are_values_of_a_type_the_most_ordinary_first(annotation: Any, first: Any, kind: type) -> None:
    values = values_of(annotation)
    assert values[0] == first
    assert {type(value) for value in values} == {kind}
    assert len(values) > 1


@pytest.mark.parametrize("annotation", [int | None, Optional[int], None | int])  # noqa: UP045 - as people write it
def test_a_value_that_may_be_missing_is_missing_at_last(annotation: Any) -> None:
    assert values_of(annotation)[0] == 1
    assert values_of(annotation)[-1] is None


def test_numbers_meet_the_guards_that_domains_have() -> None:
    assert {0, -1} < set(values_of(int))
    assert "" in values_of(str)
    assert () in values_of(Sequence[int])


def test_times_know_their_zone() -> None:
    assert {value.tzinfo for value in values_of(datetime)} == {UTC}


def test_a_default_comes_before_all_others() -> None:
    assert values_of(Defaulted)[0] == Defaulted("because", None, [1])


class Unannotated:
    """A value whose constructor does not say what it takes."""

    def __init__(self, number) -> None:  # type: ignore[no-untyped-def] # that is the point
        self.number = number


def test_a_parameter_without_an_annotation_cannot_be_filled() -> None:
    with pytest.raises(CannotMake, match="its field number cannot be filled, for nothing is known of what has no anno"):
        values_of(Unannotated)


@pytest.mark.parametrize("annotation", [Any, object, list, Endless, Sequence["Nowhere"], type, "x"])  # type: ignore[name-defined]  # noqa: F821
def test_of_an_unknown_type_nothing_is_made_up(annotation: Any) -> None:
    with pytest.raises(CannotMake, match="nothing is known of"):
        values_of(annotation)


def test_all_made_commands_are_about_the_same_key_or_ask_for_a_new_one() -> None:
    assert {ORDERS.key_of(each) for each in commands_for(ORDERS, ORDERS.commands, ["order-1"])} == {"order-1", None}
    assert {each.account_id for each in commands_for(ACCOUNTS, [Withdraw], ["ada"])} == {"ada"}
    assert {each.account_id for each in commands_for(ACCOUNTS, [Deposit], ["ada", "bea"])} == {"ada", "bea", None}


def test_the_first_made_command_is_one_that_is_accepted() -> None:
    first = commands_for(ORDERS, [PlaceOrder], ["order-1"])[0]
    assert isinstance(decide(first, None, order_id="order-1", at=NOON), tuple)


@dataclass(frozen=True)
class Book:
    """A command whose key is made of two fields."""

    hall: str
    seat: int
    guest: str


def test_a_key_that_is_made_of_several_fields_stays_the_same() -> None:
    seats: Decider[Any] = Decider(
        "seat", lambda *_, **__: (), lambda *_: 1, lambda each: f"{each.hall}-{each.seat}", (Book,), (), ()
    )
    made = commands_for(seats, seats.commands, ["seat-1"])
    assert {seats.key_of(each) for each in made} == {"a1-1"}
    assert len({each.guest for each in made}) > 1


@dataclass(frozen=True)
class Never:
    """A command that cannot be."""

    key: str

    def __post_init__(self) -> None:
        raise ValueError("never")


def test_a_command_type_that_refuses_every_value_is_asked_for() -> None:
    domain: Decider[Any] = Decider("x", lambda *_, **__: (), lambda *_: 1, lambda each: each.key, (Never,), (), ())
    with pytest.raises(CannotMake, match="Never refuses all values that were tried for its fields; hand over some"):
        commands_for(domain, domain.commands, ["x-1"])


def test_the_members_of_an_enumeration_are_commands_too() -> None:
    domain: Decider[Any] = Decider("x", lambda *_, **__: (), lambda *_: 1, lambda each: "x", (Colour,), (), ())
    assert commands_for(domain, domain.commands, ["x"]) == (Colour.RED, Colour.BLUE)
