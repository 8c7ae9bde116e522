import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab.core.effects import Emit
from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.core.script import TimedCommand
from orderlab.datasets.desk import simulate
from orderlab.datasets.desk_parameters import Carrier, DeskParameters, Product
from orderlab.orders.actions import CancelOrder, InvalidOrderState, OrderNotFound, PlaceOrder, Rejection, ShipOrder
from orderlab.orders.decider import problem_with
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

SMALL = 60
# Orders one a minute, at night, and nobody regrets: all are there when the packers come.
NIGHT_WATCH = DeskParameters(arrivals_per_hour=(60,) * 6 + (0,) * 18, cancel_share=0, closing_hours=71)
HOURLY = (Carrier("HERON", tuple(range(24))),)


def of(script: list[TimedCommand], kind: type) -> list[TimedCommand]:
    return [each for each in script if isinstance(each.command, kind)]


def fold(script: list[TimedCommand]) -> tuple[OrderState, list[tuple[Any, Rejection]]]:
    reducer, state = OrderReducer(), OrderState()
    refused: list[tuple[Any, Rejection]] = []
    for each in script:
        step = reducer.reduce(state, each.command, OrderEnvironment(FixedClock(each.at), SequentialIds()))
        state = step.state
        answers = [effect.action for effect in step.effects if isinstance(effect, Emit)]
        refused += [(each.command, answer) for answer in answers if isinstance(answer, Rejection)]
    return state, refused


@pytest.fixture(scope="module")
def thousand() -> list[TimedCommand]:
    return simulate(seed=7, orders=1_000)


# The script.


@settings(deadline=None)
@given(seed=st.integers(-(2**63), 2**63 - 1), orders=st.integers(1, 30))
def test_the_same_seed_gives_the_same_script(seed: int, orders: int) -> None:
    assert simulate(seed=seed, orders=orders) == simulate(seed=seed, orders=orders)


@settings(deadline=None)
@given(seed=st.integers(-(2**63), 2**63 - 1), orders=st.integers(1, 30))
def test_every_script_is_in_time_order_with_unique_keys_and_commands_that_keep_the_rules(
    seed: int, orders: int
) -> None:
    script = simulate(seed=seed, orders=orders)

    assert [each.at for each in script] == sorted(each.at for each in script)
    assert len({each.key for each in script}) == len(script)
    assert all(each.at.tzinfo is UTC and each.at.microsecond % 1_000 == 0 for each in script)
    assert [problem_with(each.command) for each in script] == [None] * len(script)


def test_another_seed_gives_another_script() -> None:
    first, second = simulate(seed=1, orders=1), simulate(seed=2, orders=1)
    assert first[0].at != second[0].at


def test_the_seed_of_pythons_hashes_changes_nothing(pytestconfig: pytest.Config) -> None:
    program = (
        "import hashlib; from orderlab.datasets.desk import simulate; "
        "print(hashlib.sha256(repr(simulate(seed=7, orders=200)).encode()).hexdigest())"
    )

    def digest(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, cwd=pytestconfig.rootpath, check=True, capture_output=True)
        return done.stdout.decode().strip()

    here = hashlib.sha256(repr(simulate(seed=7, orders=200)).encode()).hexdigest()
    assert [digest("1"), digest("2")] == [here, here]


def test_as_many_orders_are_placed_as_are_asked_for_and_numbered_as_they_come(thousand: list[TimedCommand]) -> None:
    placed = of(thousand, PlaceOrder)
    assert [each.command.order_id for each in placed] == [f"order-7-{number:06}" for number in range(1, 1_001)]
    assert placed[122].key == "desk/place/order-7-000123"


def test_asking_for_more_orders_leaves_the_first_ones_alone() -> None:
    fewer, more = simulate(seed=7, orders=SMALL), simulate(seed=7, orders=2 * SMALL)
    assert of(fewer, PlaceOrder) == of(more, PlaceOrder)[:SMALL]


def test_fewer_than_one_order_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^orders must be at least 1, not 0"):
        simulate(seed=7, orders=0)


# The races.


def test_orders_are_cancelled_too_late_and_shipped_too_late(thousand: list[TimedCommand]) -> None:
    state, refused = fold(thousand)
    outcomes = Counter((type(command), getattr(answer, "current_status", None)) for command, answer in refused)

    assert set(outcomes) == {(CancelOrder, "shipped"), (ShipOrder, "cancelled"), (CancelOrder, None)}
    assert outcomes[CancelOrder, "shipped"] > 10
    assert outcomes[ShipOrder, "cancelled"] > 10
    assert 1 <= outcomes[CancelOrder, None] < 10
    assert min(state.counts().values()) > 10


def test_the_packer_leaves_what_was_called_off_before_packing_began() -> None:
    script = simulate(seed=7, orders=SMALL, parameters=replace(NIGHT_WATCH, cancel_share=1, cancel_minutes=1))
    state, refused = fold(script)

    assert state.counts() == {"placed": 0, "shipped": 0, "cancelled": SMALL}
    assert [type(answer) for _, answer in refused] == [OrderNotFound] * len(refused)


def test_the_carrier_takes_what_was_called_off_after_packing_began() -> None:
    # Packed from 8 to 9, called off between 9 and the evening, collected at 23.
    late = replace(
        NIGHT_WATCH, cancel_share=1, packers=SMALL, packing_minutes=(60, 60), carriers=(Carrier("OWL", (23,)),)
    )
    script = simulate(seed=7, orders=SMALL, parameters=replace(late, mistype_share=0, cancel_minutes=600))
    _, refused = fold(script)
    packed = {each.command.order_id for each in of(script, ShipOrder)}
    cancelled = {
        each.command.order_id for each in of(script, CancelOrder) if 9 <= each.at.hour < 23 and each.at.day == 1
    }

    assert cancelled
    assert cancelled <= packed
    assert {c.order_id for c, answer in refused if answer == InvalidOrderState(c.order_id, "cancelled")} >= cancelled


def test_who_mistypes_the_id_meets_no_order_and_tries_again() -> None:
    clumsy = replace(NIGHT_WATCH, cancel_share=1, mistype_share=1, retry_seconds=40)
    script = simulate(seed=7, orders=SMALL, parameters=clumsy)
    _, refused = fold(script)
    said = {each.key: each.at for each in script}

    assert sum(isinstance(answer, OrderNotFound) for _, answer in refused) == SMALL
    for number in range(1, SMALL + 1):
        first, second = (said[f"desk/{deed}/order-7-{number:06}"] for deed in ("mistype", "cancel"))
        assert second - first == timedelta(seconds=40)


def test_an_order_that_is_not_collected_in_time_stays_placed() -> None:
    script = simulate(seed=7, orders=1, parameters=replace(NIGHT_WATCH, closing_hours=1))
    assert fold(script)[0].counts() == {"placed": 1, "shipped": 0, "cancelled": 0}


# The people.


def test_customers_come_in_the_hours_they_keep_whenever_the_simulation_starts() -> None:
    rhythm = tuple(30 if hour in {9, 20} else 0 for hour in range(24))
    start = datetime(2025, 3, 1, 15, 30, tzinfo=timezone(timedelta(hours=2)))
    placed = of(simulate(seed=7, orders=SMALL, parameters=DeskParameters(start, rhythm)), PlaceOrder)

    assert {each.at.hour for each in placed} == {9, 20}
    assert placed[0].at.replace(minute=0, second=0, microsecond=0) == datetime(2025, 3, 1, 20, tzinfo=UTC)


def test_nights_are_quiet(thousand: list[TimedCommand]) -> None:
    hours = Counter(each.at.hour for each in of(thousand, PlaceOrder))
    assert sum(hours[hour] for hour in range(5)) * 10 < sum(hours[hour] for hour in range(10, 15))


@pytest.mark.parametrize(("skew", "least", "most"), [(0, 30, 70), (1, 140, 220)])
def test_the_skew_says_how_much_more_often_the_first_customer_orders(skew: float, least: int, most: int) -> None:
    script = simulate(seed=7, orders=500, parameters=DeskParameters(customers=10, customer_skew=skew))
    orders = Counter(each.command.customer_id for each in of(script, PlaceOrder))

    assert set(orders) == {f"customer-{number}" for number in range(1, 11)}
    assert least < orders["customer-1"] < most


def test_a_basket_holds_different_products_at_the_catalogues_prices(thousand: list[TimedCommand]) -> None:
    prices = {product.product_id: product.unit_price_cents for product in DeskParameters().catalogue}
    baskets = [each.command.items for each in of(thousand, PlaceOrder)]

    assert {len(basket) for basket in baskets} == {1, 2, 3, 4, 5}
    assert all(len({item.product_id for item in basket}) == len(basket) for basket in baskets)
    assert all(prices[item.product_id] == item.unit_price_cents for basket in baskets for item in basket)
    assert {item.quantity for basket in baskets for item in basket} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("packers", "packing_hours", "minutes", "a_day"),
    [(1, (8, 12), 60, 4), (2, (8, 12), 60, 8), (2, (8, 10), 50, 4)],
)
def test_packers_pack_as_many_as_their_number_and_hours_allow(
    packers: int, packing_hours: tuple[int, int], minutes: int, a_day: int
) -> None:
    busy = replace(NIGHT_WATCH, packers=packers, packing_hours=packing_hours, packing_minutes=(minutes, minutes))
    shipped = of(simulate(seed=7, orders=SMALL, parameters=replace(busy, carriers=HOURLY)), ShipOrder)
    opens, closes = packing_hours

    # The last parcel of a day is ready at closing time: collected on the stroke, or an hour later.
    assert {each.at.hour for each in shipped} <= set(range(opens + 1, closes + 2))
    assert Counter(each.at.day for each in shipped) == {1: a_day, 2: a_day, 3: a_day}


def test_carriers_come_at_their_hours_and_count_their_own_tracking_numbers() -> None:
    carriers = {"HERON": (9, 14), "OWL": (23,)}
    known = tuple(Carrier(prefix, hours) for prefix, hours in carriers.items())
    script = simulate(seed=7, orders=SMALL, parameters=replace(NIGHT_WATCH, carriers=known, scan_seconds=0))

    for prefix, hours in carriers.items():
        taken = [each for each in of(script, ShipOrder) if each.command.tracking_number.startswith(prefix)]
        assert [each.command.tracking_number for each in taken] == [
            f"{prefix}-{n:06}" for n in range(1, len(taken) + 1)
        ]
        assert {each.at.time().isoformat() for each in taken} <= {f"{hour:02}:00:00" for hour in hours}
        assert taken


def test_a_carrier_scans_one_parcel_after_another() -> None:
    slow = replace(NIGHT_WATCH, carriers=(Carrier("HERON", (18,)),), scan_seconds=30)
    times = [each.at for each in of(simulate(seed=7, orders=SMALL, parameters=slow), ShipOrder)]

    assert times[0].time().isoformat() == "18:00:30"
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=30)}


# The parameters.


@pytest.mark.parametrize(
    "change",
    [
        {"packers": 1, "packing_hours": (6, 9), "packing_minutes": (1, 100)},
        {"carriers": HOURLY, "scan_seconds": 0},
        {"cancel_share": 0.5, "cancel_minutes": 1, "cancel_reasons": ("No",)},
        {"mistype_share": 1, "retry_seconds": 1, "closing_hours": 1},
    ],
)
def test_what_happens_later_does_not_change_what_is_ordered(change: dict[str, Any]) -> None:
    usual, other = (
        simulate(seed=7, orders=SMALL, parameters=each) for each in (DeskParameters(), DeskParameters(**change))
    )
    assert of(usual, PlaceOrder) == of(other, PlaceOrder)


def test_a_larger_cancel_share_adds_cancellations_and_moves_none() -> None:
    few, many = (
        of(simulate(seed=7, orders=SMALL, parameters=DeskParameters(cancel_share=share)), CancelOrder)
        for share in (0.2, 0.6)
    )
    assert len(few) < len(many)
    assert [each for each in many if each in few] == few


def aspects(**changes: Any) -> dict[str, list[Any]]:
    placed = of(simulate(seed=7, orders=SMALL, parameters=DeskParameters(**changes)), PlaceOrder)
    baskets = [each.command.items for each in placed]
    return {
        "when": [each.at for each in placed],
        "who": [each.command.customer_id for each in placed],
        "how many products": [len(basket) for basket in baskets],
        "which": [basket[0].product_id for basket in baskets],
        "how many of it": [basket[0].quantity for basket in baskets],
    }


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"arrivals_per_hour": (5,) * 24}, "when"),
        ({"customers": 3}, "who"),
        ({"basket_weights": (1, 1, 1, 1, 1)}, "how many products"),
        ({"catalogue": DeskParameters().catalogue[:5]}, "which"),
        ({"quantity_weights": (1,) * 9}, "how many of it"),
    ],
)
def test_a_parameter_changes_what_it_is_about_and_nothing_else(change: dict[str, Any], changed: str) -> None:
    usual, other = aspects(), aspects(**change)
    assert [aspect for aspect in usual if usual[aspect] != other[aspect]] == [changed]


MUG = Product("p-1", "Mug", 250)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", datetime(2025, 1, 1)),  # noqa: DTZ001 - a naive time is what is refused
        ("start", datetime(2025, 1, 1, microsecond=1, tzinfo=UTC)),
        ("start", datetime(9999, 1, 1, tzinfo=UTC)),
        ("start", "2025-01-01"),
        ("arrivals_per_hour", (1.0,) * 23),
        ("arrivals_per_hour", (0.0,) * 24),
        ("arrivals_per_hour", (-1.0, *(1.0,) * 23)),
        ("arrivals_per_hour", (float("inf"),) * 24),
        ("customers", 0),
        ("customers", True),
        ("customer_skew", -0.1),
        ("customer_skew", float("nan")),
        ("catalogue", ()),
        ("catalogue", (MUG, MUG)),
        ("catalogue", tuple(Product(f"p-{number}", " ", 250) for number in range(5))),
        ("catalogue", tuple(Product(f"p-{number}", "Mug", 0) for number in range(5))),
        ("basket_weights", ()),
        ("basket_weights", (0, 0)),
        ("basket_weights", (1,) * 11),
        ("quantity_weights", (-1, 2)),
        ("packers", 0),
        ("packers", 1.5),
        ("packing_hours", (18, 8)),
        ("packing_hours", (8, 25)),
        ("packing_minutes", (9, 3)),
        ("packing_minutes", (0, 3)),
        ("packing_minutes", (3, 601)),
        ("carriers", ()),
        ("carriers", HOURLY * 2),
        ("carriers", (Carrier("HERON", (12,), weight=0),)),
        ("scan_seconds", -1),
        ("cancel_share", 1.1),
        ("cancel_minutes", -1),
        ("cancel_reasons", ()),
        ("cancel_reasons", ("",)),
        ("mistype_share", "all"),
        ("retry_seconds", -1),
        ("closing_hours", 0),
    ],
)
def test_a_bad_value_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be "):
        DeskParameters(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tracking_prefix", ""),
        ("tracking_prefix", "no spaces"),
        ("collection_hours", ()),
        ("collection_hours", (24,)),
        ("collection_hours", (18, 12)),
        ("weight", -1),
    ],
)
def test_a_bad_value_of_a_carrier_is_refused_by_its_name(name: str, value: Any) -> None:
    values = {"tracking_prefix": "HERON", "collection_hours": (12,), name: value}
    with pytest.raises(ValueError, match=f"^{name} must be "):
        Carrier(**values)


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1])
def test_a_seed_too_long_for_an_order_id_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number of 64 bits"):
        simulate(seed=seed, orders=1)
