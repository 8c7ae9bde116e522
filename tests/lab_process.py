"""`orderlab lab` as its users have it: a process of its own, started without a browser, and stopped."""

import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from commandline import COMMAND, environment

PATIENCE_SECONDS = 60.0


class Lab:
    """A running `orderlab lab`.

    Args:
        process: The process, which may have only just been started.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []
        while not (self.said and self.said[-1].startswith("Ctrl-C")):  # the last line of those that tell it is ready
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"it ended before it was ready: {self.said}"
            self.said.append(line.rstrip("\n"))
        [link] = re.findall(r"http://\S+", self.said[-2])
        self.link = httpx.URL(link)

    def get(self, path: str) -> httpx.Response:
        """Ask it for something, as one who may."""
        token = {"Authorization": f"token {self.link.params['token']}"}
        return httpx.get(self.link.copy_with(path=path, query=None), headers=token, trust_env=False, timeout=30)

    def stop(self, by: int = signal.SIGTERM) -> tuple[str, str]:
        """Tell it to stop, make sure that it ends as it should, and return what it still said, and logged."""
        self.process.send_signal(by)
        said = self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode == 0
        return said


@contextmanager
def lab(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """Run `orderlab lab` until the end of the context, and stop it then, unless that was done.

    Args:
        arguments: Those of `orderlab lab`.
        cwd: The folder it runs in. JupyterLab has its settings there too, so that nobody's own are used.
        env: Environment variables.
    """
    with subprocess.Popen(
        [*COMMAND, "lab", "--no-browser", "--port", "0", *arguments],
        cwd=cwd,
        env=environment(columns=200, JUPYTER_CONFIG_DIR=str(cwd / "config"), **(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Lab(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
