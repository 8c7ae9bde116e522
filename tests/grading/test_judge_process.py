"""The judge process itself: how it begins and ends, and that nothing is left of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from commandline import environment
from small_exercise import counting, right

from orderlab.grading import checking, judge
from orderlab.grading.asked import Reply
from orderlab.grading.judge import CheckFailed, JudgeProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it looks for processes as Linux and macOS have them")

TESTS = Path(__file__).parents[1]


def ask(own: JudgeProcess, source: str, seconds: float = 5) -> Reply:
    return own.ask(checking._request(counting, counting.answer_in(source), seconds), seconds)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # one that has ended, and nobody has asked for how, is not there any more
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    until = monotonic() + seconds
    while is_there(pid):
        assert monotonic() < until, f"process {pid} is still there"
        Event().wait(0.01)


def program(source: str) -> subprocess.CompletedProcess[str]:
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join((env["PYTHONPATH"], str(TESTS)))
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", source], env=env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgeProcess]:
    """Give a judge process that was started where the learner has a file called as a module of Python's."""
    folder, before = tmp_path_factory.mktemp("learner"), Path.cwd()
    (folder / "random.py").write_text("raise SystemExit('a file of the learner')")
    os.chdir(folder)
    try:
        judge = JudgeProcess()
        judge.start("orderlab.exploration.trace")
    finally:
        os.chdir(before)
    yield judge
    judge.stop()


def test_one_process_judges_all_answers(own: JudgeProcess) -> None:
    assert ask(own, counting.solution).verdict
    first = own.pid
    assert ask(own, right("import os\nos._exit(1)")).ended == 1
    assert ask(own, counting.solution).verdict
    assert own.pid == first


def test_where_there_is_no_fork_each_answer_has_a_process_of_its_own() -> None:
    own = JudgeProcess(once=True)
    assert ask(own, counting.solution).verdict
    assert own.pid is None
    assert b"does not come to an end" in (ask(own, right("while True: pass"), 0.1).verdict or b"")


def test_one_that_was_killed_while_nobody_asked_is_replaced(own: JudgeProcess) -> None:
    ask(own, counting.solution)
    killed = own.pid or 0
    os.kill(killed, signal.SIGKILL)
    assert ask(own, counting.solution).verdict
    assert own.pid not in (None, killed)


def test_one_that_is_stopped_is_gone(own: JudgeProcess) -> None:
    own.start()
    pid = own.pid or 0
    own.stop()
    assert own.pid is None
    wait_until_gone(pid)


def test_processes_that_an_answer_starts_are_ended_with_it(tmp_path: Path) -> None:
    pid = repr(str(tmp_path / "pid"))  # written once: the answer runs on several runs, and each would write it anew
    left = (
        f"import os, time\nif not os.path.exists({pid}) and not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        f"        open({pid}, 'w').write(str(os.getpid()))\n        time.sleep(1000)\n"
        "    os._exit(0)\n"
        f"while not os.path.exists({pid}) or not open({pid}).read(): pass"
    )
    assert counting.check(counting.answer_in(right(left))).is_correct
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_is_killed_while_it_checks_leaves_no_process_behind() -> None:
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join((env["PYTHONPATH"], str(TESTS)))
    source = (
        "from small_exercise import counting, right\n"
        "from orderlab.grading.judge import JUDGE\n"
        "JUDGE.start()\n"
        "print(JUDGE.pid, flush=True)\n"
        "body = 'import os\\nos.write(1, b\"x\")\\nwhile True: pass'\n"
        "counting.check(counting.answer_in(right(body)), seconds=60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source], env=env, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        judge = int(parent.stdout.readline())
        until = monotonic() + 10
        while not (forks := children_of(judge)):
            assert monotonic() < until
            Event().wait(0.01)
        parent.kill()
    for each in (judge, *forks):
        wait_until_gone(each)


def children_of(pid: int) -> list[int]:
    file = Path(f"/proc/{pid}/task/{pid}/children")
    if not file.exists():
        pytest.skip("this system does not tell whose child a process is")
    return [int(each) for each in file.read_text().split()]


def test_a_script_is_not_run_again_for_its_answers_and_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "print('once')\nfrom small_exercise import counting\n"
        "def helped(events):\n    return len(events)\n\n"
        "def mine(events):\n    return helped(events)\n\n"
        "print(counting.check(mine).result)\n"
        "def wrong(events):\n    return events[9]\n\n"
        "print(counting.check(wrong).problem.where)\n"
        "from orderlab.grading.judge import JUDGE\nprint(JUDGE.pid)\n"
    )
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join((env["PYTHONPATH"], str(TESTS)))
    ran = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    *said, pid = ran.stdout.splitlines()
    assert said == ["once", "correct", "in line 11 of mine.py: return events[9]"]
    wait_until_gone(int(pid))


def test_a_fork_of_the_program_has_a_judge_of_its_own() -> None:
    ran = program(
        "import os\nfrom small_exercise import counting\nfrom orderlab.grading.judge import JUDGE\n"
        "answer = counting.answer_in(counting.solution)\ncounting.check(answer)\nmine = JUDGE.pid\n"
        "child = os.fork()\nif not child:\n"
        "    right = JUDGE.pid is None and counting.check(answer).is_correct and JUDGE.pid != mine\n"
        "    JUDGE.stop()\n    os._exit(not right)\n"
        "assert os.waitpid(child, 0)[1] == 0\nassert counting.check(answer).is_correct and JUDGE.pid == mine\n"
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_ctrl_c_ends_a_check_and_not_the_next_one() -> None:
    ran = program(
        "import os\nfrom small_exercise import counting, right\nfrom orderlab.grading.judge import JUDGE\n"
        "JUDGE.start()\njudge = JUDGE.pid\n"
        "pressed = f'import os, signal\\nos.kill({os.getpid()}, signal.SIGINT)\\nwhile True: pass'\n"
        "try:\n    counting.check(counting.answer_in(right(pressed)), seconds=50)\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
        "print(counting.check(counting.answer_in(counting.solution)).result, JUDGE.pid != judge)\n"
    )
    assert (ran.stdout, ran.stderr) == ("interrupted\ncorrect True\n", "")


def test_no_interpreter_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(CheckFailed, match="the process that checks answers cannot be started: No such file"):
        ask(JudgeProcess(), counting.solution)


def test_a_process_that_ends_at_once_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_BOOT", "raise SystemExit('this Python is not well')")
    with pytest.raises(CheckFailed, match="ended while it started: this Python is not well"):
        ask(JudgeProcess(), counting.solution)


def test_an_exercise_of_the_package_is_sent_by_its_name() -> None:
    import pickle  # noqa: PLC0415 - to see what is sent

    from orderlab.workshop.contents import exercises  # noqa: PLC0415

    exercise = exercises()[0]
    sent = pickle.dumps(exercise)
    assert len(sent) < 200
    assert pickle.loads(sent) is exercise
