"""`orderlab serve`: what it says, what it refuses, and how it ends."""

import json
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from commandline import done, orderlab
from serving import Serving, order_of, serving

from orderlab.server.hosts import addresses_of_machine

TOKEN = "sesame&open=%2F"


def get(server: Serving, path: str) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", trust_env=False, verify=False)


def position(server: Serving) -> int:
    found = get(server, "/api/v1/summary").json()["position"]
    assert isinstance(found, int)
    return found


def refused(*arguments: str, cwd: Path, code: int = 1, env: Mapping[str, str] | None = None) -> str:
    """Try to serve, make sure that the refusal is one sentence, and return that."""
    ran = orderlab("serve", *arguments, cwd=cwd, env=env, columns=200)
    assert (ran.returncode, ran.stdout) == (code, ""), ran
    if code == 1:
        assert ran.stderr.startswith("orderlab: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr.removeprefix("orderlab: ").rstrip()


# What it says


def test_it_says_where_it_is_what_it_serves_and_how_to_stop_it(tmp_path: Path) -> None:
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        assert server.said == [
            f"orderlab is at http://127.0.0.1:{server.port}/",
            "Log: duckdb:///orders.duckdb; 0 events replayed.",
            "Ctrl-C stops it.",
        ]
        assert get(server, "/health").json() == {"status": "ok"}

        assert server.stop() == "Stopped.\n"
        assert server.logged() == ""


def test_it_says_how_many_events_were_replayed(tmp_path: Path) -> None:
    made = json.loads(
        done("simulate", "--seed", "1", "--orders", "900", "--to", "duckdb:///desk.duckdb", "--json", cwd=tmp_path)
    )
    events = sum(count for name, count in made["log"].items() if name.startswith("events: "))
    with serving("duckdb:///desk.duckdb", cwd=tmp_path) as server:
        assert server.said[1] == f"Log: duckdb:///desk.duckdb; {events:,} events replayed."
        assert events > 1_000
        assert position(server) == events


def test_with_a_token_it_gives_the_link_that_lets_in(tmp_path: Path) -> None:
    with serving("--fresh", cwd=tmp_path, env={"ORDERLAB_TOKEN": TOKEN}) as server:
        assert server.said == [
            f"orderlab is at http://127.0.0.1:{server.port}/?token=sesame%26open%3D%252F",
            "Log: in memory, gone at the end; 0 events replayed.",
            "The link lets in whoever opens it.",
            "Ctrl-C stops it.",
        ]
        assert get(server, "/").status_code == 401
        with httpx.Client(trust_env=False, verify=False, follow_redirects=True) as client:
            assert client.get(server.link).status_code == 200


def test_a_fresh_log_is_empty_and_leaves_no_file(tmp_path: Path) -> None:
    with serving("--fresh", cwd=tmp_path, env={"DATABASE_URL": "duckdb:///orders.duckdb"}) as server:
        assert position(server) == 0
        assert get(server, "/").headers["content-type"] == "text/html; charset=utf-8"
    assert [*tmp_path.iterdir()] == []


def test_a_sample_has_orders_in_every_status_and_leaves_no_file(tmp_path: Path) -> None:
    with serving("--sample", cwd=tmp_path) as server:
        assert server.said[1].startswith("Log: simulated orders in memory, gone at the end; ")
        summary = get(server, "/api/v1/summary").json()
        assert all(count > 0 for count in summary["orders"].values())
        assert sum(summary["orders"].values()) > 100
    assert [*tmp_path.iterdir()] == []


def test_by_default_the_log_is_a_file_in_the_users_data_folder(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only on Linux does a variable say where the data folder is")
    with serving(cwd=tmp_path, env={"XDG_DATA_HOME": str(tmp_path / "my data")}) as server:
        path = tmp_path / "my data" / "orderlab" / "orders.duckdb"
        assert path.exists()
        assert server.said[1] == f"Log: duckdb:///{str(path).replace(' ', '%20')}; 0 events replayed."


# Settings


def test_settings_come_from_the_environment_and_the_command_line_wins(tmp_path: Path) -> None:
    env = {"DATABASE_URL": "duckdb:///one.duckdb", "HOST": "localhost", "PORT": "1"}
    with serving("duckdb:///two.duckdb", cwd=tmp_path, env=env) as server:
        assert server.said[:2] == [
            f"orderlab is at http://localhost:{server.port}/",
            "Log: duckdb:///two.duckdb; 0 events replayed.",
        ]
        assert [path.name for path in tmp_path.glob("*.duckdb")] == ["two.duckdb"]


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"PORT": "many"}, "PORT must be a number"),
        ({"HOST": "0.0.0.0"}, "HOST 0.0.0.0 lets in everyone who can reach this machine: set ORDERLAB_TOKEN"),
        ({"ORDERLAB_TOKEN": "short"}, "ORDERLAB_TOKEN must be at least 8"),
        ({"DATABASE_URL": "mysql://lab:sesame-open@db/orders"}, "DATABASE_URL must be an address"),
        (
            {"DATABASE_URL": "postgresql://lab:sesame-open@127.0.0.1:1/orders"},
            "orders at 127.0.0.1:1 cannot be reached",
        ),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/orders?user=lab&password=sesame-open"}, "cannot be reached"),
        ({"DATABASE_URL": "duckdb:///no/such/folder/orders.duckdb"}, "no/such/folder"),
        ({"XDG_DATA_HOME": "/dev/null/nowhere"}, "the folder /dev/null/nowhere/orderlab cannot be made"),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_it_and_no_secret(
    env: dict[str, str], words: str, tmp_path: Path
) -> None:
    said = refused(cwd=tmp_path, env={"DATABASE_URL": "", "PORT": "0", **env})

    assert words in said
    assert "sesame" not in said
    assert "short" not in said


def test_on_every_address_of_the_machine_it_listens_when_that_is_wanted(tmp_path: Path) -> None:
    with serving("--fresh", "--host", "0.0.0.0", cwd=tmp_path, env={"ORDERLAB_OPEN": "1"}) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert get(server, "/health").status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [["--port", "many"], ["duckdb:///a.duckdb", "--fresh"], ["memory://", "--sample"], ["--fresh", "--sample"]],
)
def test_what_is_not_asked_rightly_is_answered_with_the_usage(arguments: list[str], tmp_path: Path) -> None:
    assert "Usage: " in refused(*arguments, cwd=tmp_path, code=2)


def test_a_file_that_is_no_address_is_told_as_the_address_that_was_meant(tmp_path: Path) -> None:
    assert "did you mean duckdb:///orders.duckdb?" in refused("orders.duckdb", cwd=tmp_path, code=2)


def test_an_address_without_its_scheme_is_not_repeated_for_a_password_may_be_in_it(tmp_path: Path) -> None:
    said = refused("lab:sesame@db/orders", cwd=tmp_path, code=2)

    assert "begins with postgresql://" in said
    assert "sesame" not in said


def test_a_class_is_given_the_links_that_work_on_other_machines(tmp_path: Path) -> None:
    with serving("--fresh", "--host", "0.0.0.0", cwd=tmp_path, env={"ORDERLAB_TOKEN": TOKEN}) as server:
        for_others = [line for line in server.said if line.startswith("For other machines: ")]

        assert for_others == [
            f"For other machines: http://{address}:{server.port}/?token={quote(TOKEN, safe='')}"
            for address in addresses_of_machine()
        ]


def test_a_port_that_cannot_be_is_told_by_its_option(tmp_path: Path) -> None:
    assert refused("--fresh", "--port", "70000", cwd=tmp_path).startswith("port must be a number from 0")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = refused("--fresh", "--port", str(port), cwd=tmp_path)

    assert said.startswith(f"port {port} of 127.0.0.1 is taken: ")


def test_a_log_that_another_process_has_is_told(tmp_path: Path) -> None:
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        said = refused("duckdb:///orders.duckdb", "--port", "0", cwd=tmp_path)

        assert "orders.duckdb" in said
        assert str(server.process.pid) in said
        assert get(server, "/health").status_code == 200


def test_a_file_that_is_no_log_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "words.duckdb").write_text("this is no database")

    said = refused("duckdb:///words.duckdb", "--port", "0", cwd=tmp_path)

    assert "words.duckdb" in said
    assert (tmp_path / "words.duckdb").read_text() == "this is no database"


# Its log


def test_it_logs_requests_where_that_is_wanted_and_no_secret(tmp_path: Path) -> None:
    env = {"ORDERLAB_TOKEN": TOKEN, "ORDERLAB_LOG": "debug"}
    with serving("--fresh", cwd=tmp_path, env=env) as server:
        with httpx.Client(trust_env=False, verify=False, follow_redirects=True) as client:
            client.get(server.link)
        httpx.get(f"{server.url}/nowhere?token=sesame-but-wrong", trust_env=False, verify=False)
        server.stop()

        lines = [line for line in server.logged().splitlines() if "orderlab.server.access" in line]
        assert [line.split(" ", 2)[2].partition(" ms=")[0] for line in lines] == [
            'orderlab.server.access "GET /" status=303',
            'orderlab.server.access "GET /" status=200',
            'orderlab.server.access "GET /nowhere" status=401',
        ]
        assert "sesame" not in server.logged()


# How it ends


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_answers_what_is_under_way_and_ends_well(by: int, tmp_path: Path) -> None:
    body = json.dumps(order_of("ada")).encode()
    head = "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
            get(server, "/health")  # what came before has been taken in when this is answered
            server.process.send_signal(by)
            with suppress(ConnectionError):
                while True:  # until it takes nobody new any more
                    socket.create_connection(("127.0.0.1", server.port)).close()

            sock.sendall(body[20:])
            answer = b""
            while piece := sock.recv(65_536):
                answer += piece

        assert server.process.wait(30) == 0
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert server.process.stdout is not None
        assert server.process.stdout.read() == "Stopped.\n"
        assert server.logged() == ""
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        assert server.said[1] == "Log: duckdb:///orders.duckdb; 1 event replayed."
        assert position(server) == 1


def test_who_never_ends_a_request_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with serving("--fresh", cwd=tmp_path) as server, socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\n")
        get(server, "/health")

        assert server.stop() == "Stopped.\n"


def test_its_help_names_the_variables_and_has_an_example(tmp_path: Path) -> None:
    said = done("serve", "--help", cwd=tmp_path)

    assert "Example: orderlab serve --sample" in said
    assert all(name in said for name in ("DATABASE_URL", "HOST", "PORT", "ORDERLAB_WORKERS", "postgresql://"))
