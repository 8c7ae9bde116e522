"""The rooms of several writers and of reading: that what they say of schedules, keys, plugs and snapshots is so."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from orderlab import OrderCancelled, OrderPlaced, OrderShipped
from orderlab.exploration.trace import Trace
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.reading import EXERCISES as READING
from orderlab.workshop.exercises.recording import Recording, as_value, brief, copies_of
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take, Taken
from orderlab.workshop.exercises.writers import EXERCISES as WRITERS
from orderlab.workshop.exercises.writers.guard import loses
from orderlab.workshop.exercises.writers.schedule import IN_THE_GAP

EXERCISES = {exercise.number: exercise for exercise in (*WRITERS, *READING)}


def problem_of(number: str, source: str) -> Problem:
    exercise = EXERCISES[number]
    problem = exercise.judge(exercise.answer_in(source)).problem
    assert problem is not None
    return problem


def mistaken(number: str, words: str) -> Problem:
    [source] = [wrong.source for wrong in EXERCISES[number].wrong if words in wrong.mistake]
    return problem_of(number, source)


def four_steps_each() -> Iterator[list[str]]:
    for turns in combinations(range(8), 4):
        yield ["packer" if turn in turns else "customer" for turn in range(8)]


def test_who_expects_nothing_is_shown_the_order_that_was_shipped_and_cancelled() -> None:
    problem = mistaken("4.1", "Nothing is expected")

    kinds = [type(event) for event in problem.trace.events]
    assert kinds == [OrderPlaced, OrderShipped, OrderCancelled]
    assert [type(event) for event in problem.wanted.events] == kinds[:2]
    assert [step.writer for step in problem.trace.steps[2:]] == ["packer", "customer", "packer", "customer"]


@pytest.mark.parametrize("call", ["return event_store", "event_store"])
def test_a_forgotten_await_is_asked_for(call: str) -> None:
    append = f"{call}.append_events(stream_id, events, expected_version=len(seen))"

    problem = problem_of("4.1", f"async def save(event_store, stream_id, seen, events):\n    {append}\n")

    assert "await" in problem.what


@pytest.mark.parametrize("looks", ["once", "twice", "through the log", "without anything to append"])
def test_somebody_comes_between_the_last_look_and_the_append(looks: str) -> None:
    look = (
        "    now = await event_store.load_events(stream_id)\n    if len(now) != len(seen):\n        raise ValueError\n"
    )
    if looks == "through the log":
        look = "    async for _ in event_store.read_all():\n        pass\n"
    append = "    return await event_store.append_events(stream_id, events)\n"
    if looks == "without anything to append":
        append = "    return len(seen) + 1 if len(seen) == 1 else await event_store.append_events(stream_id, events)\n"
    source = f"async def save(event_store, stream_id, seen, events):\n{look * (1 + (looks == 'twice'))}{append}"
    exercise, answer = EXERCISES["4.1"], EXERCISES["4.1"].answer_in(source)
    [gap] = [run for run in exercise.runs() if run.title == IN_THE_GAP]

    problem = exercise.examine(answer, gap)

    assert problem is not None
    assert [type(event) for event in problem.wanted.events] == [OrderPlaced, OrderCancelled]


def test_keys_in_a_programs_memory_do_not_reach_from_one_check_to_the_next() -> None:
    exercise = EXERCISES["4.2"]
    [source] = [wrong.source for wrong in exercise.wrong if "memory" in wrong.mistake]
    answer = exercise.answer_in(source)

    first, second = exercise.judge(answer), exercise.judge(answer)

    assert first == second
    assert len(first.trace) == 3


def test_an_entry_that_is_replaced_in_the_log_is_found() -> None:
    source = """\
from orderlab.workshop.exercises.writers.till import Entry, KeyReused


def handle(log, key, command, decide):
    said = decide(command)
    log[:] = [Entry(key, command, said)]
    return said
"""

    assert "changed where it was written already" in problem_of("4.2", source).what


def test_somebody_elses_order_is_told_to_be_somebody_elses() -> None:
    assert "another customer's" in mistaken("4.3", "What fits").what


def test_forty_of_seventy_schedules_get_past_the_guard_that_looks_again() -> None:
    lost = [loses(schedule) for schedule in four_steps_each()]

    assert (sum(lost), len(lost)) == (40, 70)
    assert "40 of the 70" in EXERCISES["4.4"].remember


def test_every_schedule_is_judged_as_it_turns_out() -> None:
    exercise = EXERCISES["4.4"]

    assert all(exercise.judge(schedule).is_correct is loses(schedule) for schedule in four_steps_each())


@pytest.mark.parametrize("schedule", [["packer"], "packer", ["packer"] * 8, [None] * 8])
def test_what_is_no_schedule_is_refused_in_a_sentence(schedule: Any) -> None:
    with pytest.raises(ValueError, match=r"schedule|steps"):
        loses(schedule)


def test_appending_again_sells_what_is_not_there() -> None:
    problem = mistaken("4.5", "appended again")

    assert problem.trace.state.entities["mugs"].pieces == -1
    assert problem.wanted.state.entities["mugs"].pieces == 1


def test_who_reads_for_ever_is_stopped() -> None:
    problem = problem_of("4.5", "def keep_trying(command, read, decide, append):\n    while True:\n        read()\n")

    assert "does not give up" in problem.what


@pytest.mark.parametrize(("words", "told"), [("model is saved first", "twice"), ("checkpoint is saved first", "not")])
def test_the_plug_finds_what_is_saved_in_two_pieces(words: str, told: str) -> None:
    problem = mistaken("5.2", words)

    assert told in problem.what
    assert any("PlugPulled" in step.failure for step in problem.trace.steps)


@pytest.mark.parametrize("words", ["with nothing each time", "saved once at the end"])
def test_what_the_disk_has_is_not_read_again(words: str) -> None:
    problem = mistaken("5.2", words)

    assert problem.what.startswith("What the disk has already is read again")
    assert "log.after(0), and the disk has checkpoint 1" in problem.where


def test_a_checkpoint_that_goes_back_is_found_though_the_figures_are_right() -> None:
    source = """\
def catch_up(log, disk, fold):
    before, model = disk.checkpoint, disk.model
    if before:
        disk.save(checkpoint=0)
    for recorded in log.after(before):
        model, before = fold(model, recorded.event), recorded.position
    disk.save(model=model, checkpoint=before)
"""

    assert "checkpoint goes back from 1 to 0" in problem_of("5.2", source).what


def test_what_is_done_beside_the_commands_is_told_as_it_is() -> None:
    told = mistaken("5.2", "model is saved first").trace.story()

    assert "projection saves model 1900.\n" in told
    assert "projection stops with model 1900, checkpoint 0 on the disk. PlugPulled: the program ends" in told
    assert "nothing comes of it" not in told


def test_saving_once_at_the_end_is_as_good() -> None:
    source = """\
def catch_up(log, disk, fold):
    model, position = disk.model, disk.checkpoint
    for recorded in log.after(position):
        model, position = fold(model, recorded.event), recorded.position
    disk.save(model=model, checkpoint=position)
"""

    assert EXERCISES["5.2"].judge(EXERCISES["5.2"].answer_in(source)).is_correct


def test_a_clock_in_an_upcaster_is_told_the_same_at_every_check() -> None:
    assert mistaken("5.4", "time of reading") == mistaken("5.4", "time of reading")


def test_two_takings_are_equal_and_both_count() -> None:
    assert "taken is 2, and should be 4" in mistaken("5.5", "Equal events").where


def test_a_recording_goes_on_after_an_event_that_cannot_follow() -> None:
    trace: Trace = mistaken("4.1", "Nothing is expected").trace

    assert trace.state.entities["order-1"].status.name == "cancelled"
    assert trace.state.entities["order-1"].version == 3


def test_a_recording_tells_whose_a_step_was() -> None:
    recording = Recording(SHELF, "A shelf")
    recording.tell("shop", Fill("mugs", 3), SHELF.decide(Fill("mugs", 3), None, key="mugs", at=recording.at))
    recording.tell("ada", Take("mugs", 1), [Taken("mugs", 1)])

    trace = recording.trace()
    assert [(step.writer, step.key) for step in trace.steps] == [("shop", "mugs"), ("ada", "mugs")]
    assert trace.state.entities["mugs"].pieces == 2


def test_a_copy_of_a_program_begins_with_the_values_it_had() -> None:
    drawn: list[int] = []

    def draw() -> int:
        drawn.append(len(drawn) + 1)
        return drawn[-1]

    copies = copies_of(draw)
    first, second = next(copies), next(copies)
    assert (first(), first(), second()) == (1, 2, 1)


def test_what_a_trace_cannot_keep_is_kept_as_text() -> None:
    assert as_value(Taken("mugs", 1)) == Taken("mugs", 1)
    assert as_value(len) == as_value(len)
    assert isinstance(as_value(iter(())), str)
    assert brief((Taken("mugs", 1), None)) == "(Taken of mugs, None)"


def test_a_schedule_that_loses_nothing_is_marked_where_the_second_writer_stops() -> None:
    problem = problem_of("4.4", 'schedule = ["packer"] * 4 + ["customer"] * 4\n')

    assert problem.where.startswith("Step 7, the customer's decide")
    lines = problem.trace.story().splitlines()
    marked = next(number for number, line in enumerate(lines) if "here it shows" in line)
    assert lines[marked - 1].startswith("7. customer asks")
    assert lines[marked].endswith("Nothing is lost: the customer has read what the other has written, and is refused.")


def test_counting_the_pieces_of_every_event_is_shown_by_the_first_that_is_brought() -> None:
    source = """\
def count(model, recorded):
    return {"taken": model["taken"] + recorded.event.pieces, "position": recorded.position}
"""
    problem = problem_of("5.5", source)

    assert (len(problem.trace), problem.trace.mark.step) == (2, 2)
    assert problem.where.startswith("Step 2, position 1 is brought")


def test_a_run_goes_no_further_than_to_the_mistake() -> None:
    assert len(mistaken("4.2", "how they begin").trace) == 2
