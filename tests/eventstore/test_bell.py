import asyncio
import threading

import pytest
from event_loop import in_event_loop

from orderlab.eventstore.bell import Bell


@in_event_loop
async def test_a_ring_wakes_a_listener() -> None:
    bell = Bell()
    with bell.listening() as rung:
        assert not rung.is_set()
        bell.ring()
        await rung.wait()


@in_event_loop
async def test_a_ring_wakes_every_listener() -> None:
    bell = Bell()
    with bell.listening() as one, bell.listening() as other:
        bell.ring()
        await one.wait()
        await other.wait()


@in_event_loop
async def test_a_ring_between_two_looks_is_not_lost() -> None:
    bell = Bell()
    with bell.listening() as rung:
        bell.ring()
        bell.ring()
        await rung.wait()
        rung.clear()
        bell.ring()
        await rung.wait()


@in_event_loop
async def test_a_ring_before_listening_is_not_heard() -> None:
    bell = Bell()
    bell.ring()
    with bell.listening() as rung:
        await asyncio.sleep(0)
        assert not rung.is_set()


@in_event_loop
async def test_a_ring_from_another_thread_wakes_a_listener() -> None:
    bell = Bell()
    with bell.listening() as rung:
        await asyncio.to_thread(bell.ring)
        await rung.wait()


@in_event_loop
async def test_who_has_stopped_listening_hears_nothing() -> None:
    bell = Bell()
    with bell.listening() as rung:
        pass
    bell.ring()
    await asyncio.sleep(0)
    assert not rung.is_set()


def test_a_bell_nobody_listens_to_may_be_rung() -> None:
    Bell().ring()


def test_a_listener_whose_event_loop_was_closed_is_forgotten_and_harms_no_other() -> None:
    bell = Bell()

    async def vanish() -> None:
        bell.listening().__enter__()

    asyncio.run(vanish())
    heard = threading.Event()

    async def listen() -> None:
        with bell.listening() as rung:
            bell.ring()
            await rung.wait()
            heard.set()

    asyncio.run(listen())
    assert heard.is_set()


@in_event_loop
async def test_listeners_in_two_event_loops_both_wake() -> None:
    bell, listening = Bell(), threading.Event()

    async def listen_elsewhere() -> str:
        with bell.listening() as rung:
            listening.set()
            await rung.wait()
            return "woken"

    elsewhere = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(listen_elsewhere())))
    with bell.listening() as rung:
        assert await asyncio.to_thread(listening.wait, 10)
        bell.ring()
        await rung.wait()
    assert await elsewhere == "woken"


def test_only_an_event_loop_can_listen() -> None:
    with pytest.raises(RuntimeError), Bell().listening():
        pass
