"""A PostgreSQL of a test process's own: made in a temporary folder from given programs, and gone with the process."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 32MB
timezone = 'Asia/Kathmandu' # a server's clock is where it is: nothing read from it may depend on that
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %a '
"""  # without fsync all survives what tests do, which is to kill clients and servers, not the machine
_LEAVE = 'read -r _; "$1/pg_ctl" -D "$2/data" -m immediate -s stop; rm -rf "$2"'
_LONGEST_FOLDER = 60  # what a Unix socket's whole path may be long is little more than a hundred

Mode = Literal["smart", "fast", "immediate"]


class PostgresCluster:
    """A running PostgreSQL in a folder of its own.

    A shell waits for this process to end, by whatever cause, then stops the server and removes the folder.

    Args:
        programs: The folder of `initdb`, `pg_ctl` and `postgres`.
        copied: What to copy, with the folders in between, if root's substitute cannot read it where it is.
        tcp: Listen on a port of 127.0.0.1, with a password; else on a Unix socket, which only the folder's owner and
            root can reach.
    """

    def __init__(self, programs: Path, *, copied: tuple[Path, ...] = (), tcp: bool) -> None:
        user = "" if os.geteuid() else _substitute()
        self._as_user: dict[str, Any] = {"user": user, "group": _group_of(user), "extra_groups": []} if user else {}
        self.folder = Path(tempfile.mkdtemp(prefix="orderlab-pg-", dir=_parent_folder()))
        if user:
            shutil.chown(self.folder, user)
        if user and copied and not _open_to_all(programs):
            programs = _copy(programs, copied, self.folder / "programs", user)
        self.programs = programs
        self._keeper = subprocess.Popen(
            ["sh", "-c", _LEAVE, "sh", str(programs), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for pytest
            **self._as_user,
        )
        try:
            self._create(tcp)
        except BaseException:
            self.remove()
            raise

    def _create(self, tcp: bool) -> None:
        password = f"{secrets.token_hex(8)}@:/%"  # says by its end what must be quoted in a URL
        (self.folder / "password").write_text(password)
        (self.folder / "password").chmod(0o644)  # in a folder that is only its owner's
        access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={self.folder}/password"]
        self._run("initdb", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", *access)
        port = _free_port() if tcp else 5432
        listen = "127.0.0.1" if tcp else ""
        where = f"port = {port}\nlisten_addresses = '{listen}'\nunix_socket_directories = '{self.folder}'\n"
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(SETTINGS + where)
        self.start()
        self.url = (
            f"postgresql://postgres:{quote(password, safe='')}@127.0.0.1:{port}/postgres"
            if tcp
            else f"postgresql://postgres@/postgres?host={quote(str(self.folder))}&port={port}"
        )

    def start(self) -> None:
        """Start the server, and return when it takes connections."""
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"))

    def stop(self, mode: Mode = "fast") -> None:
        """Stop the server; connections are cut, and with "immediate" it crashes and recovers at the next start."""
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def restart(self, mode: Mode = "fast") -> None:
        """Stop the server, start it, and return when it takes connections."""
        self._run("pg_ctl", "restart", "-w", "-m", mode, "-l", str(self.folder / "log"))

    def remove(self) -> None:
        """Stop the server and remove the folder, and return when both are gone."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()

    def _run(self, program: str, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with tempfile.TemporaryFile("w+") as said:  # not a pipe, which the server would keep open
            ended = subprocess.run(
                [self.programs / program, "-D", self.folder / "data", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.folder,
                env=environment | {"TZ": "UTC"},
                start_new_session=True,
                check=False,
                **self._as_user,
            )
            if ended.returncode:
                said.seek(0)
                log = self.folder / "log"
                raise RuntimeError(f"{program} failed: {said.read()}{log.read_text() if log.exists() else ''}")


def _substitute() -> str:
    """Return whom to run PostgreSQL as, which refuses root; `initdb` wants a user that the machine knows."""
    import pwd  # noqa: PLC0415 - not on Windows, where tests that need no server import this module too

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415 - as above

    return pwd.getpwnam(user).pw_gid


def _open_to_all(path: Path) -> bool:
    """Tell whether every user can pass through all folders on the way to one, and into it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path.resolve(), *path.resolve().parents))


def _parent_folder() -> Path:
    """Return the temporary folder, or /tmp where a socket's path there is too long, or root's substitute kept out."""
    usual = Path(tempfile.gettempdir()).resolve()
    fits = len(str(usual)) <= _LONGEST_FOLDER and (os.geteuid() != 0 or _open_to_all(usual))
    return usual if fits else Path("/tmp")


def _copy(programs: Path, copied: tuple[Path, ...], to: Path, owner: str) -> Path:
    """Copy folders, keeping where they are to one another, and return where the programs are then."""
    common = Path(os.path.commonpath([programs, *copied]))
    for folder in copied:
        shutil.copytree(folder, to / folder.relative_to(common))
    for made, _, _ in os.walk(to):
        shutil.chown(made, owner)  # who removes them in the end
    return to / programs.relative_to(common)


def _free_port() -> int:
    """Return a port that nobody listens on, of those that no connection is given: it stays free over a restart."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as taken:
            if taken.connect_ex(("127.0.0.1", port)):
                return port
