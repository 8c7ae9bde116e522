"""A run of which only the log is known, with nobody who asked for anything."""

from dataclasses import replace

import pytest
from traces import life

from orderlab.exploration.trace import Trace


def only_the_log(run: Trace, *, of_events: bool) -> Trace:
    """Return a run without its commands, in place of which there is the event, or None."""
    steps = (replace(step, command=step.events[0] if of_events else None) for step in run if step.events)
    return replace(run, steps=tuple(steps))


@pytest.mark.parametrize("of_events", [True, False])
def test_a_log_is_told_as_what_it_says(of_events: bool) -> None:
    run = only_the_log(life(), of_events=of_events)

    assert run.story().splitlines() == [
        "A run of 2 events",
        "At first: no order yet.",
        "1. The log says: OrderPlaced order-1, ada, 1 × OrderItem, 500. order-1: draft → placed.",
        "2. The log says: OrderCancelled order-1, Cancelled by customer. order-1: placed → cancelled.",
    ]
    assert repr(run) == "<Trace of 2 events: OrderPlaced → OrderCancelled>"


@pytest.mark.parametrize("of_events", [True, False])
def test_in_its_picture_and_its_table_nobody_decides(of_events: bool) -> None:
    run = only_the_log(life(), of_events=of_events)

    assert "says: OrderPlaced" in run.to_svg()
    assert "order decider" not in run.to_svg()
    assert "the log says" in run._repr_html_()


def test_a_log_that_goes_on_with_commands_says_both() -> None:
    run, whole = only_the_log(life(), of_events=True), life()
    both = replace(run, steps=(run[0], *whole.steps[1:]))

    assert "The log says: OrderPlaced" in both.story()
    assert "You ask: CancelOrder" in both.story()
    assert "order decider" in both.to_svg()
