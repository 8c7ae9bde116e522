"""`/ws`: committed events to every client, in order and once; commands from any; refusals to their sender alone."""

import asyncio
import logging
from dataclasses import dataclass
from typing import NoReturn

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from orderlab.core.errors import VersionConflict
from orderlab.eventstore.base import EventStoreError
from orderlab.server.backend import Backend, backend_of, refusal
from orderlab.server.messages import PONG, BadMessage, Ping, SentCommand, error_message, message_from
from orderlab.server.problems import Problem, problem_response
from orderlab.server.reading import query_of
from orderlab.server.schemas import FollowQuery

logger = logging.getLogger(__name__)

TRY_AGAIN_LATER, POLICY_VIOLATION, INTERNAL_ERROR = 1013, 1008, 1011
_ABNORMAL = 1006

MOST_CLIENTS = 2_000
"""Clients at a time; one more is told to come back later."""

_UNDER_WAY = 64
"""Commands of one client that are under way; while there are so many, no more is read from it."""

_AT_ONCE = 4
"""Events that are sent to a waiting client within the commit; more are left to the client's task."""

_MESSAGES_A_SECOND, _BURST = 500, 1_000
"""How fast one client's messages are read in the long run, and how many at once."""


async def follow(websocket: WebSocket) -> None:
    """Serve one client until it goes, or cannot keep up."""
    backend = backend_of(websocket)
    try:
        query = query_of(websocket, FollowQuery)
        if query.after is None or query.after > backend.hub.position:  # another server may have told of what is there
            await backend.catch_up()
        if len(backend.hub.followers) >= MOST_CLIENTS:
            raise Problem("overloaded", f"{MOST_CLIENTS} clients follow already: try again in a moment")
    except Problem as problem:
        await websocket.send_denial_response(problem_response(problem))
        return
    await Client(websocket, backend, query.after).run()


async def no_websocket(request: Request) -> Response:
    """Say what the address is for to whoever comes with plain HTTP."""
    raise Problem("upgrade_required", f"open a WebSocket here, such as ws://{request.url.netloc}/ws?after=0")


async def nowhere(websocket: WebSocket) -> None:
    """Refuse a WebSocket at any other address."""
    problem = Problem("not_found", f"there is no WebSocket at {websocket.url.path}, but at /ws")
    await websocket.send_denial_response(problem_response(problem))


class Client:
    """One client: a place in the log, what it has asked for, and the connection.

    Args:
        websocket: The connection, not accepted yet.
        backend: What stands behind.
        after: The position that the client has seen; None to begin with what comes.
    """

    def __init__(self, websocket: WebSocket, backend: Backend, after: int | None) -> None:
        self._websocket = websocket
        self._backend = backend
        self._hub = backend.hub
        self._position = backend.hub.position if after is None else after
        self._sending = False
        self._lagging = False
        self._waiting = False
        self._woken = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._commands: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_UNDER_WAY)
        self._allowance = Allowance(_MESSAGES_A_SECOND, _BURST)

    def wake(self) -> None:
        """Know that events were committed, and send them at once if nothing is in the way.

        One who is stuck in sending what is kept no more is called out of it.
        """
        if self._waiting and self._send_at_once():
            return
        self._woken.set()
        if self._sending and not self._lagging and self._position + 1 < self._hub.first:
            self._lagging = True
            assert self._writer is not None
            self._writer.cancel()

    def _send_at_once(self) -> bool:
        """Send what is new without waking the task, which takes as long again as sending; tell whether it was all."""
        frames = self._hub.after(self._position)
        if frames is None or len(frames) > _AT_ONCE:
            return False
        for frame in frames:
            sending = self._websocket.send_text(frame)
            try:
                sending.send(None)
            except StopIteration:
                self._position += 1
            except Exception:  # noqa: BLE001 - the task comes upon it as well, and tells of it
                return False
            else:
                sending.close()  # it waits for room, which uvicorn does before it writes anything
                return False
        return True

    async def run(self) -> None:
        """Accept the client, and serve it to its end."""
        self._hub.followers.add(self)
        try:
            await self._websocket.accept()
            self._writer = asyncio.create_task(self._write())
            await self._read()
        except WebSocketDisconnect:
            logger.debug("a client has gone")
        finally:
            self._hub.followers.discard(self)
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.wait([self._writer])  # its commands go on: what was accepted is done

    # To the client.

    async def _write(self) -> None:
        try:
            if self._position > self._hub.position:
                await self._close(POLICY_VIOLATION, f"after is beyond the log, which ends at {self._hub.position}")
                return
            await self._send_events()
        except asyncio.CancelledError:
            if not self._lagging:
                raise
            await self._close(TRY_AGAIN_LATER, f"too slow: come back with after={self._position}")
        except WebSocketDisconnect:
            logger.debug("a client went while it was sent events")
        except Exception as error:
            unexpected = not isinstance(error, EventStoreError)
            logger.warning("a client cannot be sent events: %s", error, exc_info=unexpected)
            await self._close(INTERNAL_ERROR, f"the log cannot be read now: come back with after={self._position}")

    async def _send_events(self) -> NoReturn:
        """Send events from the log, and then live, until called off.

        More may be committed at once than is kept. One who was waiting for it is not slow, and reads it from the log.
        """
        while True:
            async for frame in self._hub.history(self._position):
                await self._send(frame)
                self._position += 1
                if self._position % _UNDER_WAY == 0:
                    await asyncio.sleep(0)  # sending waits for nothing while there is room; others have their turn too
            while (frames := self._hub.after(self._position)) is not None:
                self._sending = True
                for frame in frames:
                    await self._send(frame)
                    self._position += 1
                self._sending = False
                if self._position < self._hub.position:
                    await asyncio.sleep(0)
                else:
                    self._woken.clear()
                    self._waiting = True
                    await self._woken.wait()
                    self._waiting = False

    async def _reply(self, text: str) -> None:
        """Send to this client alone. Whoever has much to be told and does not read it, waits here."""
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._send(text)

    async def _send(self, text: str) -> None:
        """Send.

        Raises:
            WebSocketDisconnect: The client has gone, or is about to.
        """
        try:
            await self._websocket.send_text(text)
        except RuntimeError as error:  # what uvicorn and Starlette say of a connection that is being closed already
            raise WebSocketDisconnect(_ABNORMAL) from error

    async def _close(self, code: int, reason: str) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            try:
                await self._websocket.close(code, reason)
            except (WebSocketDisconnect, RuntimeError):
                logger.debug("a client went before it was told why: %s", reason)

    # From the client.

    async def _read(self) -> None:
        while True:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                return
            await self._allowance.take()
            try:
                text = received.get("text")
                if text is None:
                    raise BadMessage("invalid_request", "a message is text, and this one is binary")
                message = message_from(text)
            except BadMessage as bad:
                await self._reply(error_message(bad.code, str(bad), bad.message_id))
                continue
            if isinstance(message, Ping):
                await self._reply(PONG)
            else:
                await self._begin(message)

    async def _begin(self, message: SentCommand) -> None:
        """Have a command done while the next message is read; commands reach the store in the order of their coming."""
        await self._room.acquire()
        task = asyncio.create_task(self._perform(message))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _perform(self, message: SentCommand) -> None:
        try:
            refused = await self._refused(message)
            if refused is not None:
                await self._reply(error_message(*refused, message.message_id))
        except WebSocketDisconnect:
            logger.debug("a client went before it was told of its command")
        finally:
            self._room.release()

    async def _refused(self, message: SentCommand) -> tuple[str, str] | None:
        """Have a command done; return the code and the words for its sender if it was not."""
        try:
            outcome = await self._backend.perform(message.command, message.message_id)
        except Problem as problem:
            return problem.code, problem.detail
        except VersionConflict as conflict:
            return "version_conflict", f"others kept writing first: {conflict}; try again"
        except Exception:
            logger.exception("a command of a WebSocket client failed")
            return "internal_error", "something went wrong here"
        if outcome.rejection is None:
            return None
        refused = refusal(outcome.rejection)
        return refused.code, refused.detail


@dataclass(slots=True)
class Allowance:
    """How many messages may be read now: so many a second, and some at once after a pause (a token bucket)."""

    a_second: float
    most: float
    _left: float = 0.0
    _since: float | None = None

    async def take(self) -> None:
        """Use one up, waiting for it if there is none."""
        now = asyncio.get_running_loop().time()
        since = now - self.most / self.a_second if self._since is None else self._since
        self._left = min(self.most, self._left + (now - since) * self.a_second) - 1
        self._since = now
        if self._left < 0:
            await asyncio.sleep(-self._left / self.a_second)
