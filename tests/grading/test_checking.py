"""What an answer can do to the process that judges it, and that the next one is judged rightly all the same."""

import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from event_loop import in_event_loop
from small_exercise import counting, echoed, length, right, told_with_a_lock

from orderlab.core.decider import Decider
from orderlab.exploration.trace import Trace
from orderlab.grading.answer import Written
from orderlab.grading.judge import CheckFailed
from orderlab.grading.verdict import Problem, Result, Verdict

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


def checked(source: str, seconds: float = 5) -> Verdict:
    return counting.check(counting.answer_in(source), seconds=seconds)


def problem_of(source: str, seconds: float = 5) -> Problem:
    verdict = checked(source, seconds)
    assert verdict.result is Result.INCORRECT
    assert verdict.problem is not None
    assert checked(counting.solution).is_correct, "the next check must be right whatever this answer did"
    return verdict.problem


def test_the_three_results_are_those_of_judging_here() -> None:
    for source in (counting.starter, counting.solution, *[wrong.source for wrong in counting.wrong]):
        here, there = counting.judge(counting.answer_in(source)), checked(source)
        assert (there.result, there.said) == (here.result, here.said)
        assert (there.problem and there.problem.what) == (here.problem and here.problem.what)


def test_the_trace_comes_back_whole() -> None:
    trace = checked(counting.wrong[0].source).trace
    assert isinstance(trace, Trace)
    assert trace.outcomes == ("OrderPlaced", "OrderShipped")
    assert isinstance(trace.decider, Decider)


def test_a_line_is_named_with_its_text_as_here() -> None:
    assert problem_of("def counting(events):\n    return events[7]\n").where == "in line 2: return events[7]"


def test_an_endless_loop_ends_with_a_sentence_that_names_its_line() -> None:
    problem = problem_of(right("while True:\n    pass"), 0.2)
    assert problem.what == "counting does not come to an end: it was stopped after 0.2 s"
    assert problem.where.startswith("in line ")
    assert len(problem.trace) == 1


def test_a_loop_that_catches_everything_is_ended_all_the_same() -> None:
    problem = problem_of(
        right("while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"),
        0.1,
    )
    assert problem.what == "counting does not come to an end: it was stopped after 0.1 s"


def test_waiting_for_ever_is_no_end_either() -> None:
    assert "does not come to an end" in problem_of(right("import threading\nthreading.Event().wait()"), 0.2).what


def test_a_calculation_that_python_cannot_interrupt_is_ended() -> None:
    assert "does not come to an end" in problem_of(right("sum(range(10**12))"), 0.1).what


@posix
@pytest.mark.parametrize("body", ["list(range(10**12))", "bytearray(10**11)", "'x' * 10**11", "[0] * 10**10"])
def test_a_memory_bomb_ends_with_a_sentence(body: str) -> None:
    assert problem_of(right(body)).what == "counting uses more memory than an answer is given"


@posix
@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("import sys\nsys.exit()", "ends the program"),
        ("import os\nos._exit(0)", "ends the process that checks it (exit code 0)"),
        ("import os\nos._exit(3)", "ends the process that checks it (exit code 3)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "was ended by the system (signal 9)"),
        ("import ctypes\nctypes.string_at(0)", "was ended by the system (signal 11)"),
        ("raise KeyboardInterrupt", "raises KeyboardInterrupt, as if somebody had ended it"),
    ],
)
def test_an_answer_that_ends_its_process_is_told_so(body: str, what: str) -> None:
    assert what in problem_of(right(body)).what


def test_what_it_prints_is_shown_of_the_run_that_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    verdict = checked(
        "import sys\n\ndef counting(events):\n    print('I see', len(events))\n"
        "    print('!', file=sys.stderr)\n    return 1\n"
    )
    assert verdict.printed == "I see 2\n!"
    assert capfd.readouterr() == ("", "")


def test_a_flood_of_output_is_cut(capfd: pytest.CaptureFixture[str]) -> None:
    flood = (
        "import os\nfor _ in range(1000):\n    print('x' * 1000)\n"
        "    os.write(1, b'y' * 1000)\n    os.write(2, b'z' * 1000)\nreturn 0"
    )
    verdict = checked(right(flood))
    assert verdict.printed.endswith("…")
    assert len(verdict.printed) <= 2_010
    assert capfd.readouterr() == ("", "")
    assert checked(counting.solution).printed == ""


def test_nothing_can_be_read_from_the_keyboard() -> None:
    assert problem_of(right("input('How many? ')")).what == "counting raises EOFError: EOF when reading a line"


@pytest.mark.parametrize(
    "body",
    [
        "import orderlab.orders.decider as it\nit.decide = it.evolve = None",
        "from orderlab import ORDERS\nobject.__setattr__(ORDERS, 'decide', None)",
        "import builtins\nbuiltins.sorted = None",
        "import small_exercise\nsmall_exercise.runs = small_exercise.PLACE = None",
        "import sys\nsys.modules.pop('json', None)",
        "import os\nos.environ.clear()\nos.chdir('/')",
        "import random, locale\nrandom.seed(1)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()",
        "import sys\nsys.setrecursionlimit(100)\nsys.stdout.close()",
        "import warnings, logging\nlogging.disable()\nwarnings.simplefilter('error')",
        "import gc\ngc.disable()",
        "import os\nos.closerange(0, 100)",
        "import os, contextlib as c\nfor n in range(3, 20):\n    with c.suppress(OSError): os.write(n, b'junk')",
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)",
    ],
)
def test_what_an_answer_changes_or_leaves_running_is_gone_for_the_next_one(body: str) -> None:
    checked(right(body))
    assert checked(counting.solution).is_correct
    assert problem_of(counting.wrong[0].source).what == "counting gives 1, not 2"


def test_the_world_there_is_the_same_each_time() -> None:
    where = "import os, time\nreturn (os.environ['TZ'], time.tzname[0], hash('orderlab'), id(events) and os.getcwd())"
    first, second = (problem_of(right(where)).what for _ in range(2))
    assert first == second
    assert "('UTC', 'UTC', " in first
    assert str(Path.cwd()) in first


def test_an_answer_that_cannot_be_sent_is_told_so() -> None:
    problem = problem_of(
        "import threading\nlock = threading.Lock()\ndef counting(events):\n    with lock:\n        return 1\n"
    )
    assert problem.what.startswith("counting cannot be sent to the process that checks it")
    assert problem.where == "make what it uses inside it, or do without"


def test_an_answer_that_cannot_be_made_again_is_told_so() -> None:
    class Spiteful:
        def __reduce__(self) -> Any:
            return int, ("no number",)

    with pytest.raises(CheckFailed, match="could not be made again in the judge process: invalid literal"):
        counting.check(Spiteful())


def test_a_run_that_cannot_be_sent_back_leaves_the_sentence() -> None:
    telling = replace(counting, examine=told_with_a_lock)
    verdict = telling.check(telling.answer_in(counting.wrong[0].source))
    assert verdict.problem is not None
    assert verdict.problem.what == "it is locked"
    assert verdict.trace is None
    assert "cannot be sent" in verdict.note


def test_a_mistake_in_the_exercise_itself_is_no_answers() -> None:
    with pytest.raises(CheckFailed, match=r"the check itself failed: TypeError: .* must return a Problem or None"):
        replace(counting, examine=length).check(counting.answer_in(counting.solution))


def test_an_exercise_made_here_is_sent_as_it_is() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__", "Problem": Problem}
    exec(
        "def examine(answer, run):\n    return None if answer(run) == 2 * run else Problem('not twice', str(run), run)",
        namespace,
    )
    exec("def runs():\n    return [1, 2, 3]", namespace)
    doubling = replace(counting, number="9.1", **{name: namespace[name] for name in ("examine", "runs")})
    assert doubling.check(doubling.answer_in("def counting(n): return n + n")).is_correct
    assert doubling.check(doubling.answer_in("def counting(n): return n + 1")).trace == 2


def test_a_class_of_the_learner_comes_back_as_the_same_class() -> None:
    namespace: dict[str, Any] = {}
    exec(
        "class Own:\n    n = 1\nown = Own()\ndef counting(events): return own",
        {"__name__": "__main__"} | namespace,
        namespace,
    )
    answer = counting.answer_in("class Own:\n    pass\ndef counting(events): return Own\n")
    kind = answer(())
    echo = replace(counting, examine=echoed)
    verdict = echo.check(answer)
    assert verdict.trace is kind


def test_a_source_runs_there_and_not_here() -> None:
    verdict = counting.check(Written("while True: pass", "mine.py"), seconds=0.2)
    assert verdict.problem is not None
    assert verdict.problem.what == "it does not come to an end: it was stopped after 0.2 s"
    assert verdict.problem.where == "In line 1:\n    while True: pass"


def test_an_answer_that_breaks_python_itself_ends_with_a_sentence() -> None:
    with pytest.raises(CheckFailed, match="the check itself failed"):
        checked(right("import sys\nsys.modules.clear()"))
    assert checked(counting.solution).is_correct


def test_no_time_at_all_is_no_time_limit() -> None:
    with pytest.raises(ValueError, match="seconds must be more than 0, not 0"):
        checked(counting.solution, seconds=0)


@in_event_loop
async def test_it_works_inside_a_running_event_loop() -> None:
    assert checked(counting.solution).is_correct


def test_threads_may_check_at_once() -> None:
    said: dict[int, bool] = {}

    def run(number: int) -> None:
        said[number] = checked(counting.solution if number % 2 else counting.wrong[0].source).is_correct

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert said == {number: bool(number % 2) for number in range(8)}
