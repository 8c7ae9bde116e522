"""Do what a Dockerfile says in a folder, and start what came of it, where there is no engine to do so.

The folder stands for `/` of the image: paths in instructions are taken to be in it. The base image is an environment of
the Python that runs the tests. The user is not made, only its number used, if root runs the tests.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from container_files import ROOT, LetIn, Stage
from serving import Serving, free_port

_ABSOLUTE = re.compile(r"(?<![\w./])/(?=(?:opt|build|var)\b)")
_ALWAYS = ("TMPDIR", "LANG", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Image:
    """What came of a Dockerfile.

    Args:
        folder: What stands for `/`.
        stage: The last stage.
        base: The folder of the base image's programs.
    """

    folder: Path
    stage: Stage
    base: Path

    @property
    def user(self) -> int:
        """Who runs it."""
        return int(self.stage.only("USER").value.partition(":")[0]) if os.geteuid() == 0 else os.geteuid()

    @property
    def volume(self) -> Path:
        """The only place that may be written to."""
        return Path(self.at(self.stage.only("VOLUME").value))

    def at(self, text: str) -> str:
        """Return a text with its absolute paths in the folder."""
        return _ABSOLUTE.sub(f"{self.folder}/", text)

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a container would have, and nothing of this process's own."""
        set_there = self.stage.environment(PATH=f"{self.base}:/usr/bin:/bin")
        kept = {name: os.environ[name] for name in _ALWAYS if name in os.environ}
        return {**kept, **{name: self.at(value) for name, value in set_there.items()}, "HOME": str(self.volume), **more}

    def as_user(self, *command: str) -> list[str]:
        """Return a command that runs as the image's user: it may read this machine's Python, wherever that is."""
        if os.geteuid() != 0:
            return list(command)
        ids = [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        reading = [
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=+dac_read_search",
            "--bounding-set=-all,+dac_read_search",
        ]
        return ["setpriv", *ids, *reading, *command]

    def run(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in it to its end."""
        env = self.environment(**more)
        program = shutil.which(command[0], path=env["PATH"]) or command[0]
        return subprocess.run(
            self.as_user(program, *command[1:]), cwd=self.volume, env=env, capture_output=True, text=True, check=False
        )

    def megabytes(self) -> float:
        """Return the size of what it adds to the base image."""
        installed = self.folder / "opt"
        return sum(path.lstat().st_size for path in installed.rglob("*") if not path.is_dir()) / 1e6


def files_let_in() -> list[str]:
    """Return the files of the checkout that go to the builder."""
    let_in = LetIn.read()
    at_top = [
        path for path in ROOT.iterdir() if let_in(path.name)
    ]  # which no rule makes an exception from further down
    found = [each for path in at_top for each in (path, *path.rglob("*")) if each.is_file()]
    return [name for name in (path.relative_to(ROOT).as_posix() for path in found) if let_in(name)]


@contextmanager
def build(building: Stage, final: Stage) -> Iterator[Image]:
    """Do what the stages say, in a folder that is gone at the end."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "image"
        folder.mkdir()
        Path(temporary).chmod(0o755)
        subprocess.run([sys.executable, "-m", "venv", Path(temporary) / "base"], check=True)
        image = Image(folder, final, Path(temporary) / "base" / "bin")
        _perform(building, image)
        image.volume.mkdir(parents=True)
        os.chown(image.volume, image.user, -1)
        yield image


def _perform(building: Stage, image: Image) -> None:
    """Do what a stage says that installs."""
    env = {**os.environ, **building.environment(), "PATH": f"{image.base}:{os.environ['PATH']}"}
    cwd = image.folder
    for instruction in building.instructions:
        if instruction.word == "WORKDIR":
            cwd = Path(image.at(instruction.value))
            cwd.mkdir(parents=True)
        elif instruction.word == "RUN":
            subprocess.run(["sh", "-c", image.at(instruction.value)], cwd=cwd, env=env, check=True)
        elif instruction.word == "COPY":
            *sources, target = instruction.words
            _copy(sources, cwd / target)


def _copy(sources: list[str], target: Path) -> None:
    """Copy files that go to the builder: of folders what is in them, as COPY does."""
    for path in files_let_in():
        for source in sources:
            if path == source:
                to = target / path if target.is_dir() else target
            elif path.startswith(f"{source}/"):
                to = target / path.removeprefix(f"{source}/")
            else:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, to)


@contextmanager
def served_in(image: Image, **more: str) -> Iterator[Serving]:
    """Start what the image starts, at a port that is free, and stop it by SIGTERM, after which it must exit with 0."""
    entrypoint, command = image.stage.only("ENTRYPOINT").words, image.stage.only("CMD").words
    env = image.environment(PORT=str(free_port()), **more)
    log = image.volume.parent / "stderr"
    with log.open("wb") as file:
        program = shutil.which(entrypoint[0], path=env["PATH"])
        assert program is not None
        process = subprocess.Popen(
            image.as_user(program, *entrypoint[1:], *command),
            cwd=image.volume,
            env=env,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            encoding="utf-8",
        )
    with process:
        try:
            server = Serving(process, log)
            yield server
            server.stop()
        finally:
            if process.poll() is None:
                process.kill()
