"""What Dockerfile, .dockerignore and compose.yaml say, for tests that hold them against the package."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

_LINE_GOES_ON = re.compile(r"\\\n(?:[ \t]*(?:#.*)?\n)*")
_VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of a Dockerfile.

    Args:
        word: What is to be done, such as `RUN`.
        flags: Its `--name=value`.
        value: What follows.
    """

    word: str
    flags: dict[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        """The value as words; that of the exec form, or of a list of paths or settings."""
        words: list[str] = json.loads(self.value) if self.is_exec_form else shlex.split(self.value)
        return words

    @property
    def is_exec_form(self) -> bool:
        """Whether a program is started as it is, and not by a shell."""
        return self.value.startswith("[")


@dataclass(slots=True)
class Stage:
    """A stage of a Dockerfile.

    Args:
        base: The image that it begins with.
        name: What other stages call it.
    """

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        """Return the instructions that begin with a word."""
        return [each for each in self.instructions if each.word == word]

    def only(self, word: str) -> Instruction:
        """Return the one instruction that begins with a word."""
        [found] = self.all(word)
        return found

    def environment(self, **before: str) -> dict[str, str]:
        """Return the variables that the stage sets, on top of those that were there before."""
        found = dict(before)
        for instruction in self.all("ENV"):
            pairs = [word.partition("=") for word in instruction.words]
            found |= {name: _VARIABLE.sub(lambda used: before.get(used[1], ""), value) for name, _, value in pairs}
        return found


def stages(dockerfile: Path = ROOT / "Dockerfile") -> list[Stage]:
    """Read a Dockerfile."""
    found: list[Stage] = []
    for instruction in _instructions(dockerfile.read_text(encoding="utf-8")):
        if instruction.word == "FROM":
            base, _, name = instruction.value.partition(" AS ")
            found.append(Stage(base, name))
        else:
            found[-1].instructions.append(instruction)
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    without_comments = "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))
    for line in _LINE_GOES_ON.sub(" ", without_comments).splitlines():
        if not line.strip():
            continue
        word, _, value = line.partition(" ")
        flags: dict[str, str] = {}
        while found := re.match(r"\s*--([\w-]+)=(\S+)", value):
            flags[found[1]] = found[2]
            value = value[found.end() :]
        yield Instruction(word, flags, value.strip())


def health_command(stage: Stage) -> list[str]:
    """Return the program, and its arguments, that asks whether a container is well."""
    command = stage.only("HEALTHCHECK").value
    assert command.startswith("CMD [")
    words: list[str] = json.loads(command.removeprefix("CMD "))
    return words


def packages_of(stage: Stage) -> list[Requirement]:
    """Return what a stage installs by name."""
    [line] = [each.value for each in stage.all("RUN") if "--constraint" in each.value]
    _, _, after = line.partition("--constraint constraints.txt")
    return [Requirement(word) for word in shlex.split(after)]


def with_what_they_need(requirements: Iterable[Requirement]) -> set[str]:
    """Return the names of the distributions that requirements bring here, and of those that these need, and so on."""
    found: set[tuple[str, str]] = set()
    waiting = [(requirement, extra) for requirement in requirements for extra in ("", *requirement.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for needed in map(Requirement, distribution(name).requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(needed, each) for each in ("", *needed.extras)]
    return {name for name, _ in found}


class LetIn:
    """Which files of a folder go to the builder, by the rules of .dockerignore: the last that matches decides."""

    def __init__(self, rules: Sequence[str]) -> None:
        stripped = [line.strip() for line in rules]
        self._rules = [
            (rule.startswith("!"), re.compile(f"{_pattern(rule.removeprefix('!'))}(?:/.*)?"))
            for rule in stripped
            if rule and not rule.startswith("#")
        ]

    @classmethod
    def read(cls, dockerignore: Path = ROOT / ".dockerignore") -> "LetIn":
        """Read a .dockerignore."""
        return cls(dockerignore.read_text(encoding="utf-8").splitlines())

    def __call__(self, path: str) -> bool:
        """Tell whether a file goes to the builder."""
        let_in = True
        for includes, pattern in self._rules:
            if pattern.fullmatch(path):
                let_in = includes
        return let_in


def _pattern(rule: str) -> str:
    parts = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda found: parts.get(found[0], re.escape(found[0])), rule)


def compose() -> dict[str, Any]:
    """Read compose.yaml, with no variable put in."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return read


def interpolated(text: str, **variables: str) -> str:
    """Put in variables as compose does, in the forms that are used here: `${NAME:-default}` and `${NAME:?reason}`.

    Raises:
        KeyError: One that is required is missing.
    """

    def put_in(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return variables[name] if kind == ":?" else variables.get(name) or rest

    return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", put_in, text)
