"""`orderlab serve`: the live server, until it is told to stop."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer
from rich.text import Text

from orderlab.cli.console import OUT, show_text
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.urls import open_event_store, path_of
from orderlab.masking import masked
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.system import RandomIds, SystemClock

if TYPE_CHECKING:
    from orderlab.server.backend import Backend
    from orderlab.server.running import Server
    from orderlab.server.settings import ServerSettings

MEMORY = "memory://"

_SAMPLE_SEED, _SAMPLE_ORDERS = 1, 200


def serve(
    url: Annotated[
        str | None,
        typer.Argument(
            help="The log: duckdb:///file.duckdb or postgresql://user@host/database, made if it is not there. "
            "By default DATABASE_URL, or else a file in your data folder.",
            show_default=False,
        ),
    ] = None,
    *,
    host: Annotated[str | None, typer.Option(help="Where to listen (HOST; 127.0.0.1).", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option(help="The port (PORT; 3000); 0 for any that is free.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes that share the port (ORDERLAB_WORKERS; 1); more than one need a log in PostgreSQL.",
            show_default=False,
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty log in memory, gone at the end.")] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="Begin with simulated orders, in memory, gone at the end.")
    ] = False,
) -> None:
    """Serve orders over HTTP and WebSocket, with a live page.

    More settings come from the environment: ORDERLAB_TOKEN (what visitors must know), ORDERLAB_OPEN=1 (let in all the
    network without one), ORDERLAB_ALLOWED_HOSTS, ORDERLAB_ORIGINS (sites whose pages may use the server), ORDERLAB_LOG
    (debug shows every request).
    """
    if (url is not None) + fresh + sample > 1:
        raise typer.BadParameter("--fresh and --sample are logs of their own: name no other beside them")
    if url is not None and "://" not in url:
        if "@" in url:  # and perhaps a password, which is not repeated
            raise typer.BadParameter("an address in PostgreSQL begins with postgresql://", param_hint="URL")
        raise typer.BadParameter(f"{url!r} is no address of a log: did you mean duckdb:///{url}?", param_hint="URL")
    from orderlab.server.logs import configure_logging, parse_levels  # noqa: PLC0415 - keeps `orderlab --help` quick
    from orderlab.server.running import listen, new_event_loop  # noqa: PLC0415 - as above
    from orderlab.server.settings import load_settings  # noqa: PLC0415 - as above

    settings = load_settings(database_url=MEMORY if fresh or sample else url, host=host, port=port, workers=workers)
    configure_logging(parse_levels(settings.log))
    listening = listen(settings.host, settings.port, workers=settings.workers > 1)
    with listening, asyncio.Runner(loop_factory=new_event_loop) as runner:
        if settings.workers == 1:
            runner.run(_serve(settings, listening, sample=sample))
        else:
            runner.run(_make_log(settings.database_url))
            _serve_by_several(settings, listening)
    OUT.print("Stopped.")


async def _serve(settings: "ServerSettings", listening: socket.socket, *, sample: bool) -> None:
    from orderlab.server.running import collecting_seldom, serve_orders  # noqa: PLC0415 - as above
    from orderlab.server.settings import default_database_url  # noqa: PLC0415 - as above

    with ExitStack() as while_serving:

        def started(server: "Server", backend: "Backend") -> None:
            while_serving.enter_context(collecting_seldom())
            _tell(settings, listening, backend.store.position, _called(settings, sample=sample))

        if settings.database_url == default_database_url():
            _make_folder(path_of(settings.database_url.removeprefix("duckdb://"), settings.database_url).parent)
        async with open_event_store(settings.database_url) as event_store:
            if sample:
                await _play_sample(event_store)
            await serve_orders(event_store, settings, listening, started)


async def _make_log(database_url: str) -> None:
    """Make a log if it is not there, so that what is wrong with it is told once, and not by every worker."""
    async with open_event_store(database_url) as event_store:
        await event_store.head()


def _serve_by_several(settings: "ServerSettings", listening: socket.socket) -> None:
    from orderlab.server.workers import Workers  # noqa: PLC0415 - as above

    def started(position: int) -> None:
        _tell(settings, listening, position, _called(settings, sample=False))

    Workers(settings, listening).run(started)


def _make_folder(folder: Path) -> None:
    """Make the folder of the log that is used where no other is named."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder {folder} cannot be made: {error.strerror}; name a log, such as duckdb:///orders.duckdb"
        raise EventStoreError(what) from error


def _tell(settings: "ServerSettings", listening: socket.socket, events: int, log: str) -> None:
    """Say where the server is, and what it serves."""
    from orderlab.server.running import addresses_of  # noqa: PLC0415 - as above

    address, *others = addresses_of(listening, settings.host)
    token = "" if settings.token is None else f"?token={quote(settings.token.get_secret_value(), safe='')}"
    OUT.print(Text(f"orderlab is at {address}/{token}", style="bold"), soft_wrap=True)
    show_text(f"Log: {log}; {events:,} event{'s' * (events != 1)} replayed.")
    for other in others:
        OUT.print(Text(f"For other machines: {other}/{token}"), soft_wrap=True)
    if token:
        show_text("The link lets in whoever opens it.")
    show_text("Ctrl-C stops it.")


def _called(settings: "ServerSettings", *, sample: bool) -> str:
    if sample:
        return "simulated orders in memory, gone at the end"
    if settings.database_url == MEMORY:
        return "in memory, gone at the end"
    return masked(settings.database_url)


async def _play_sample(event_store: EventStore) -> None:
    """Fill a log with the first part of what happens at a simulated order desk: some orders are open still."""
    from orderlab.datasets.desk import simulate  # noqa: PLC0415 - as above
    from orderlab.datasets.play import play  # noqa: PLC0415 - as above
    from orderlab.runtime import Store  # noqa: PLC0415 - as above

    script = simulate(seed=_SAMPLE_SEED, orders=_SAMPLE_ORDERS)
    env = OrderEnvironment(SystemClock(), RandomIds())
    async with Store(OrderReducer(), OrderState(), env, event_store) as store:
        await play(script[: len(script) * 3 // 4], store)
