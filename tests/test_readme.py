"""The README is run: its Python prints what it says, and its commands are tried in order in an empty folder."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from postgres_servers import PostgresServer
from serving import needs_curl, serving

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
SERVE = "orderlab serve --sample"
POSTGRES = "postgresql://ada@localhost/lab"
COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


NAMES = ["orders", "timeline", "client", "given", "everything", "frame", "accounts"]


@pytest.mark.parametrize(("code", "printed"), EXAMPLES, ids=NAMES)
def test_an_example_prints_what_the_readme_says(code: str, printed: str) -> None:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})

    assert output.getvalue() == printed


def test_every_python_block_has_its_output_beside_it() -> None:
    assert len(EXAMPLES) == len(blocks("python"))


def test_the_commands_work_in_the_order_in_which_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERLAB_WORKSHOP", str(tmp_path / "progress.duckdb"))  # not that of whoever runs the tests
    for line in COMMANDS:
        if line.startswith("orderlab ") and line != SERVE and POSTGRES not in line:
            require_done(line, tmp_path)


def require_done(line: str, folder: Path) -> None:
    """Run a command of orderlab, which must succeed and say so."""
    _, *arguments = line.split()
    done = subprocess.run(
        [sys.executable, "-m", "orderlab", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), arguments
    assert done.stdout


def test_a_log_moves_to_postgresql_and_is_served_from_there(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    [copy, serve] = [line.replace(POSTGRES, url) for line in COMMANDS if POSTGRES in line]
    [simulate] = [line for line in COMMANDS if line.startswith("orderlab simulate ") and "desk.duckdb" in line]
    require_done(simulate, tmp_path)
    require_done(copy, tmp_path)
    with serving(*shlex.split(serve)[2:], cwd=tmp_path) as server:
        assert server.said[1].endswith(" events replayed.")
        assert "; 0 events" not in server.said[1]
    postgres.drop(url)


@needs_curl
def test_the_server_answers_what_is_asked_with_curl(tmp_path: Path) -> None:
    asked = [shlex.split(line) for line in COMMANDS if line.startswith("curl ")]
    assert SERVE in COMMANDS
    with serving(*shlex.split(SERVE)[2:], cwd=tmp_path) as server:
        for command in asked:
            here = [part.replace("http://127.0.0.1:3000", server.url) for part in command]
            answer = subprocess.run([*here, "--fail", "--silent"], capture_output=True, check=True)
            assert answer.stdout

    assert len(asked) == 3


def test_the_commands_that_set_up_and_check_are_those_that_ci_runs() -> None:
    ci = (Path(__file__).parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    others = [line for line in COMMANDS if not line.startswith(("orderlab ", "curl "))]
    parts = {part.strip() for line in others for part in line.split("&&")}

    assert parts == {
        "pip install .",
        'pip install ".[postgres]"',
        "orderlab lab",
        'pip install ".[test]"',
        "pytest",
        "ruff check .",
        "mypy",
        "lint-imports",
        "pytest -m soak",
        "python tests/benchmarks",
    }
    not_run_as_they_stand = {'pip install ".[test]"', 'pip install ".[postgres]"'}  # which is a part of [test]
    for part in parts - not_run_as_they_stand - {"pip install .", "pytest -m soak", "python tests/benchmarks"}:
        assert re.search(rf"^\W*(\(cd .* && )?{re.escape(part)}", ci, re.MULTILINE), part
