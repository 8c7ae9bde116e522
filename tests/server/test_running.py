import gc
import socket
from contextlib import suppress
from typing import Any

import pytest

from orderlab.server.running import CannotListen, addresses_of, collecting_seldom, for_worker, listen, new_event_loop


def failing_with(error: OSError) -> Any:
    def fail(*args: Any, **options: Any) -> Any:
        raise error

    return fail


def sentence_of(host: str, port: int) -> str:
    with pytest.raises(CannotListen) as caught:
        listen(host, port)
    return str(caught.value)


def test_it_listens_at_a_free_port_where_that_is_wanted() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]

        assert addresses_of(listening, "127.0.0.1") == [f"http://127.0.0.1:{port}"]
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_workers_share_a_port_that_nobody_else_is_given(host: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with listen(host, 0, workers=True) as place:
        port = place.getsockname()[1]
        with for_worker(place) as one, for_worker(place) as another:
            one.listen()
            another.listen()
            accepted = 0
            for _ in range(20):
                with socket.create_connection((host, port)):
                    for listening in (one, another):
                        listening.settimeout(0)
                        with suppress(BlockingIOError):
                            listening.accept()[0].close()
                            accepted += 1

            assert accepted == 20
            assert sentence_of(host, port).startswith(f"port {port} of {host} is taken")
            with pytest.raises(CannotListen):
                listen(host, port, workers=True)


def _has_ipv6() -> bool:
    try:
        listen("::1", 0).close()
    except CannotListen:
        return False
    return True


def test_an_ipv6_address_stands_in_brackets() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert addresses_of(listening, "fe80::1")[0] == f"http://[fe80::1]:{listening.getsockname()[1]}"


@pytest.mark.parametrize(("host", "here"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_of_all_addresses_the_first_is_that_for_this_machine(host: str, here: str) -> None:
    with listen("127.0.0.1", 0) as listening:
        assert addresses_of(listening, host)[0] == f"http://{here}:{listening.getsockname()[1]}"


def test_a_port_that_is_taken_is_told() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]

        assert sentence_of("127.0.0.1", port) == (
            f"port {port} of 127.0.0.1 is taken: stop the program that has it, or choose another port (0: any)"
        )


def test_an_address_that_is_not_this_machines_is_told() -> None:
    assert sentence_of("192.0.2.1", 0).startswith("192.0.2.1 port 0 cannot be listened at: ")


def test_a_host_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", failing_with(socket.gaierror(-2, "Name or service not known")))

    assert sentence_of("lab.example", 0) == "there is no host 'lab.example': Name or service not known"


def test_a_port_that_is_not_for_everyone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_server", failing_with(PermissionError(13, "Permission denied")))

    assert sentence_of("127.0.0.1", 80) == "port 80 needs more rights than you have: choose one from 1024 on"


def test_a_loop_that_is_made_runs() -> None:
    loop = new_event_loop()
    try:
        assert loop.run_until_complete(loop.run_in_executor(None, lambda: 7)) == 7
    finally:
        loop.close()


def test_the_collector_is_as_it_was_when_serving_ends_and_keeps_nothing_set_aside() -> None:
    thresholds, aside = gc.get_threshold(), gc.get_freeze_count()
    with collecting_seldom():
        assert gc.get_threshold() != thresholds
        assert gc.get_freeze_count() > aside

    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() <= aside  # from Python 3.12 on, some things are set aside from the start
