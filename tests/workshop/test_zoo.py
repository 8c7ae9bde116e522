"""Every specimen of the zoo: that its mistake is found, is really there, and shows on no shorter run."""

from itertools import product
from typing import Any

import cloudpickle
import pytest

from orderlab.core.script import TimedCommand
from orderlab.drawing.svg import escape
from orderlab.exploration.differing.operations import APPENDS, Operation
from orderlab.exploration.differing.scripts import EventStoreReducer, Session, run_apart
from orderlab.exploration.differing.storeanswers import StoreAnswer
from orderlab.exploration.differing.tries import LOOKS, writes_after
from orderlab.exploration.distinction import Distinction
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.workshop import zoo
from orderlab.workshop.zoo.specimen import KINDS, Specimen

DOMAINS = [each for each in zoo.ZOO if each.kind != "event store"]
EVENT_STORES = [each for each in zoo.ZOO if each.kind == "event store"]
every = pytest.mark.parametrize("specimen", zoo.ZOO, ids=lambda each: each.name)
every_domain = pytest.mark.parametrize("specimen", DOMAINS, ids=lambda each: each.name)
every_event_store = pytest.mark.parametrize("specimen", EVENT_STORES, ids=lambda each: each.name)


def runs_of(distinction: Distinction) -> tuple[Trace, Trace]:
    assert distinction.trace is not None
    assert distinction.other is not None
    return distinction.trace, distinction.other


def what_came(trace: Trace, *, effects: bool) -> list[Any]:
    """Return what a test could look at: what came of each command, and what it left behind."""
    return [
        (step.events, step.rejection, step.failure, entities(step.state), step.effects if effects else None)
        for step in trace.steps
    ]


def entities(state: Any) -> dict[str, Any]:
    return dict(getattr(state, "orders", None) or getattr(state, "entities", {}))


# That it is found.


@every
def test_the_mistake_is_found(specimen: Specimen) -> None:
    distinction = specimen.distinction()
    assert distinction.differs
    assert distinction.what


@every
def test_it_is_found_in_little_work(specimen: Specimen) -> None:
    assert specimen.distinction().compared < 2_000


@every
def test_it_is_shown_as_text_and_as_html(specimen: Specimen) -> None:
    assert str(specimen.distinction()).startswith("they differ in step ")
    assert escape(specimen.mistake) in specimen._repr_html_()
    assert "\n" not in repr(specimen)


# That it is really there.


@every_domain
def test_both_give_different_answers_when_they_are_run_again(specimen: Specimen) -> None:
    commands = [TimedCommand(step.at, step.command, "") for step in runs_of(specimen.distinction())[0].steps]
    faulty, healthy = Trace.of(specimen.faulty, commands), Trace.of(specimen.healthy, commands)
    if specimen.name == "changes-the-state-in-place":
        assert faulty.states[0] is faulty.states[1]
        assert healthy.states[0] is not healthy.states[1]
    else:
        effects = specimen.kind == "reducer"
        assert what_came(faulty, effects=effects) != what_came(healthy, effects=effects)


@every_event_store
def test_both_answer_differently_when_the_script_is_done_again(specimen: Specimen) -> None:
    script = runs_of(specimen.distinction())[0].commands
    assert answers(specimen.faulty, script) != answers(specimen.healthy, script)


def answers(open_event_store: Any, script: tuple[Operation, ...]) -> list[StoreAnswer]:
    async def done() -> list[StoreAnswer]:
        async with Session.on(open_event_store) as session:
            return [await session.do(operation) for operation in script]

    return run_apart(done())


@every_event_store
def test_a_script_is_a_trace_of_the_event_store(specimen: Specimen) -> None:
    trace, _ = runs_of(specimen.distinction())
    assert Trace.of(EventStoreReducer(specimen.faulty), trace.commands).outcomes == trace.outcomes


# That there is no shorter run.


@every_domain
def test_no_shorter_run_tells_it_apart(specimen: Specimen) -> None:
    assert specimen.commands is not None
    effects = specimen.kind == "reducer"
    for length in range(1, len(runs_of(specimen.distinction())[0])):
        for commands in product(specimen.commands, repeat=length):
            faulty, healthy = Trace.of(specimen.faulty, commands, at=AT), Trace.of(specimen.healthy, commands, at=AT)
            assert what_came(faulty, effects=effects) == what_came(healthy, effects=effects)


@every_event_store
def test_no_shorter_script_tells_it_apart(specimen: Specimen) -> None:
    for script in scripts_shorter_than(len(runs_of(specimen.distinction())[0])):
        assert answers(specimen.faulty, script) == answers(specimen.healthy, script)


def scripts_shorter_than(length: int) -> list[tuple[Operation, ...]]:
    """Return all scripts of fewer operations, of which any may be a look."""
    scripts: list[tuple[Operation, ...]] = [()]
    for _ in range(length - 1):
        scripts += [
            (*script, operation)
            for script in scripts
            for operation in (
                *writes_after([each for each in script if isinstance(each, APPENDS)], reopen=True),
                *LOOKS,
            )
        ]
    return list(dict.fromkeys(scripts))


# The zoo as a whole.


def test_there_are_specimens_of_every_kind() -> None:
    assert {each.kind for each in zoo.ZOO} == set(KINDS)
    assert len({each.name for each in zoo.ZOO}) == len(zoo.ZOO)


@every
def test_a_mistake_is_told_in_one_sentence(specimen: Specimen) -> None:
    assert specimen.mistake.endswith(".")
    assert specimen.mistake.count(". ") == 0
    assert str(specimen) == f"{specimen.name}: {specimen.mistake}"


@every
def test_the_source_can_be_read_and_is_short(specimen: Specimen) -> None:
    assert 3 <= len(specimen.source.splitlines()) <= 40


@every
def test_a_specimen_can_be_handed_to_another_process(specimen: Specimen) -> None:
    assert cloudpickle.loads(cloudpickle.dumps(specimen)).name == specimen.name


def test_a_specimen_is_found_by_its_name() -> None:
    assert zoo.specimen("forgets-quantities").kind == "decider"


def test_a_name_that_is_none_is_answered_with_those_that_are() -> None:
    with pytest.raises(KeyError, match="there is no specimen 'lion'; there are ships-a-cancelled-order, "):
        zoo.specimen("lion")
