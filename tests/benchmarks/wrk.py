"""Load by wrk: so many connections, each of which asks again as soon as it is answered."""

import math
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import msgspec

from benchmarks.live import Figures
from benchmarks.servers import LOAD, Served, on_core
from benchmarks.timing import LeftOut

_SCRIPT = """\
wrk.method = "{method}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[{body}]==]

done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\\n{{"microseconds": %d, "requests": %d, "failed": %d, "p50": %d, "p99": %d}}\\n',
    summary.duration, summary.requests, failed, latency:percentile(50), latency:percentile(99)))
end
"""


class _Summary(TypedDict):
    microseconds: int
    requests: int
    failed: int
    p50: int
    p99: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, which is sent again and again."""

    method: str
    path: str
    body: str = ""


def require_wrk() -> None:
    """Do nothing if there is wrk.

    Raises:
        LeftOut: There is none.
    """
    if shutil.which("wrk") is None:
        raise LeftOut("needs wrk: `apt install wrk` on Debian and Ubuntu, `brew install wrk` on macOS")


def load(served: Served, asked: Asked, *, connections: int, seconds: float, folder: Path) -> Figures:
    """Ask a server for some time, and return how it answered; all requests must succeed."""
    script = folder / "request.lua"
    script.write_text(_SCRIPT.format(method=asked.method, body=asked.body), "utf-8")
    # It counts whole seconds; an interrupt ends it earlier, with its figures.
    sizes = ["--threads", "1", "--connections", str(connections), "--duration", f"{math.ceil(seconds)}s"]
    command = ["wrk", *sizes, "--script", str(script), served.address(asked.path)]
    with on_core(LOAD), subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate()
    summary = msgspec.json.decode(told.splitlines()[-1], type=_Summary)
    if summary["failed"] or not summary["requests"]:
        raise RuntimeError(f"{asked.method} {asked.path} failed under load: {summary}")
    rate = summary["requests"] / summary["microseconds"] * 1e6
    return Figures(p50=summary["p50"] / 1e6, p99=summary["p99"] / 1e6, rate=rate)
