import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from event_loop import in_event_loop

from orderlab.core.decider import Decider
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.orders.actions import CancelOrder, InvalidOrderState, OrderCancelled, OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem
from orderlab.orders.reducer import OrderEnvironment
from orderlab.workshop import zoo

AT = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 750)
PLACED = OrderPlaced("order-1", "ada", (MUG,), 1_500, AT)


def a_cancelled_order_is_not_shipped(decider: Decider[Any]) -> None:
    order = decider.evolve(decider.evolve(None, PLACED), OrderCancelled("order-1", "Changed my mind", AT))
    answer = decider.decide(ShipOrder("order-1", "T-1"), order, key="order-1", at=AT)
    assert answer == InvalidOrderState("order-1", "cancelled")


def names(specimens: tuple[zoo.Specimen, ...]) -> list[str]:
    return [each.name for each in specimens]


def test_what_a_test_catches_is_counted() -> None:
    hunt = zoo.hunt(a_cancelled_order_is_not_shipped)
    assert names(hunt.caught) == ["ships-a-cancelled-order"]
    assert (hunt.score, len(hunt.survivors)) == (1, 13)
    assert hunt.sentence == "caught 1 of 14; each of the others shows a run on which it goes wrong"


def test_survivors_show_the_run_that_tells_them_apart() -> None:
    text = str(zoo.hunt(a_cancelled_order_is_not_shipped))
    assert "survivor 2: they differ in step 3, CancelOrder: the faulty one answers OrderCancelled" in text
    assert "survivor 1:" not in text


def test_the_mistake_of_a_survivor_is_hidden_until_somebody_asks() -> None:
    hunt = zoo.hunt(a_cancelled_order_is_not_shipped)
    html = hunt._repr_html_()
    assert html.count("<details>") == len(hunt.survivors)
    before, _, asked = html.partition("<details>")
    assert hunt.survivors[0].mistake not in before
    assert hunt.survivors[0].mistake in asked


def test_a_test_that_fails_on_the_healthy_one_says_nothing() -> None:
    def nothing_is_right(decider: Decider[Any]) -> None:
        raise AssertionError("it must not be there")

    hunt = zoo.hunt(nothing_is_right)
    assert hunt.score == 0
    assert hunt.sentence == (
        "caught none: the test fails on the healthy decider too, so it does not tell right from wrong "
        "(AssertionError: it must not be there)"
    )
    assert "survivor" not in str(hunt) + hunt._repr_html_()


def test_a_full_score_does_not_say_that_all_is_well() -> None:
    def tell_by_itself(decider: Decider[Any]) -> None:
        assert decider is zoo.ZOO[0].healthy

    hunt = zoo.hunt(tell_by_itself)
    assert hunt.survivors == ()
    assert hunt.sentence == (
        "caught 14 of 14; no test shows that there is no mistake left, and these are only those that we thought of"
    )
    assert "passed" not in str(hunt) + hunt._repr_html_()


def test_any_error_catches() -> None:
    def place_nothing(decider: Decider[Any]) -> None:
        decider.decide(PlaceOrder("ada", (), "order-1"), None, key="order-1", at=AT)

    assert names(zoo.hunt(place_nothing).caught) == ["refuses-by-raising"]


def test_what_pytest_raises_catches_too() -> None:
    def nothing_is_raised(decider: Decider[Any]) -> None:
        try:
            decider.decide(PlaceOrder("ada", (), "order-1"), None, key="order-1", at=AT)
        except ValueError:
            pytest.fail("a refusal is a value")

    assert names(zoo.hunt(nothing_is_raised).caught) == ["refuses-by-raising"]


def test_a_test_that_is_skipped_catches_nothing() -> None:
    assert zoo.hunt(lambda decider: pytest.skip("not now")).score == 0


def test_a_test_that_returns_what_it_thinks_is_told_to_assert() -> None:
    hunt = zoo.hunt(lambda decider: False)
    assert hunt.score == 0
    assert "The test returned bool, which nobody looks at: only an assert that fails, or an error, catches." in str(
        hunt
    )


def test_a_loop_without_end_is_ended_and_catches_nothing() -> None:
    def wait_for_the_version(decider: Decider[Any]) -> None:
        order = decider.evolve(decider.evolve(None, PLACED), OrderCancelled("order-1", "Changed my mind", AT))
        while order.version < 2:
            pass

    hunt = zoo.hunt(wait_for_the_version, seconds=0.1)
    assert names(hunt.endless) == ["does-not-count-versions"]
    assert "On 1 of them the test did not come to an end, which catches nothing." in str(hunt)


def test_a_loop_without_end_on_the_healthy_one_ends_the_hunt() -> None:
    async def wait(decider: Decider[Any]) -> None:
        await asyncio.Event().wait()

    assert "it did not come to an end within 0.1 s" in zoo.hunt(wait, seconds=0.1).sentence


def test_reducers_are_hunted_by_what_they_give() -> None:
    def appends_come_first(reducer: Any) -> None:
        env = OrderEnvironment(TestClock(), SequentialIds())
        step = reducer.reduce(reducer.initial_state(), PlaceOrder("ada", (MUG,)), env)
        assert step.effects[0].expected_version == 0
        assert len(step.effects) == 2

    assert names(zoo.hunt(appends_come_first, "reducer").caught) == [
        "announces-before-it-appends",
        "forgets-to-announce",
        "expects-no-version",
    ]


async def a_conflict_is_noticed(open_event_store: Any) -> None:
    async with open_event_store() as event_store:
        await event_store.append_events("order-1", [PLACED])
        with pytest.raises(VersionConflict):
            await event_store.append_events("order-1", [PLACED], expected_version=0)


def test_event_stores_are_hunted_by_what_opens_them() -> None:
    assert names(zoo.hunt(a_conflict_is_noticed, "event store").caught) == ["never-conflicts"]


@in_event_loop
async def test_a_hunt_goes_on_where_an_event_loop_runs() -> None:
    assert zoo.hunt(a_conflict_is_noticed, "event store").score == 1


def test_an_event_store_of_the_zoo_can_be_opened_again() -> None:
    async def times_are_kept(open_event_store: Any) -> None:
        event_store = open_event_store(clock=TestClock(datetime(2024, 1, 1, tzinfo=UTC)))
        await event_store.append_events("order-1", [PLACED])
        await event_store.close()
        [recorded] = [each async for each in open_event_store.reopen(event_store).read_all()]
        assert recorded.recorded_at.year == 2024

    assert names(zoo.hunt(times_are_kept, "event store").caught) == ["loses-times-when-opened-again"]


def test_a_hunt_is_one_line_as_text() -> None:
    assert repr(zoo.hunt(a_cancelled_order_is_not_shipped)).startswith("<Hunt: caught 1 of 14; each of the others")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((3,), TypeError, "test must be a function of one argument, the decider that it tests, not 3"),
        ((len, "lion"), ValueError, "kind must be one of decider, reducer, event store, not 'lion'"),
    ],
)
def test_a_hunt_that_cannot_be_meant_is_refused(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        zoo.hunt(*arguments)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds must be a number above 0, not 0"):
        zoo.hunt(a_cancelled_order_is_not_shipped, seconds=0)


def test_a_time_that_is_compared_catches_a_clock_that_was_read() -> None:
    def cancelling_gives_one_event(decider: Decider[Any]) -> None:
        [event] = decider.decide(CancelOrder("order-1"), decider.evolve(None, PLACED), key="order-1", at=AT)
        assert event == OrderCancelled("order-1", "Cancelled by customer", AT)

    assert names(zoo.hunt(cancelling_gives_one_event).caught) == ["reads-the-clock-in-decide"]
