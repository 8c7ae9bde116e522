"""`orderlab import` and `orderlab simulate`: fill a log with real or simulated orders."""

import asyncio
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from orderlab.cli.console import AsJson, perform, progress_of, show_counts, show_json, show_text
from orderlab.core.script import TimedCommand
from orderlab.eventstore.urls import open_event_store
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.system import RandomIds, SystemClock

To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="URL",
        help="The log to fill, made if it is not there: duckdb:///file.duckdb or postgresql://user@host/database.",
    ),
]


class Cancellations(StrEnum):
    """Which credit notes of the file become cancellations."""

    none = "none"
    exact = "exact"
    any = "any"


def load(
    file: Annotated[
        Path, typer.Argument(help="Online Retail as CSV or Parquet, or a log exported as JSON lines (.jsonl).")
    ],
    to: To,
    cancellations: Annotated[
        Cancellations,
        typer.Option(
            help="Credit notes that cancel: none; those that return exactly an order; any that an order holds."
        ),
    ] = Cancellations.none,
    shipping_seed: Annotated[
        int | None, typer.Option(help="Also ship the orders, by a made-up rule drawn with this seed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fill a log from a file; run again after an interruption, it adds what is missing."""
    if file.suffix.lower() in (".jsonl", ".ndjson"):
        if cancellations is not Cancellations.none or shipping_seed is not None:
            raise typer.BadParameter("--cancellations and --shipping-seed are for order data, not for an exported log")
        perform(_import_lines(file, to, as_json), resumable=True)
        return
    from orderlab.datasets.online_retail import script_of  # noqa: PLC0415 - pandas is slow to load
    from orderlab.datasets.retail_file import read_online_retail  # noqa: PLC0415 - as above

    with progress_of(f"Reading {file.name}", None):
        script = script_of(read_online_retail(file), cancellations=cancellations.value, shipping_seed=shipping_seed)
    played, state = perform(_play(script, to), resumable=True)
    if as_json:
        show_json({"file": _described(script.report), "log": played.counted(), "orders": state.counts()})
        return
    show_counts(f"{file.name}, row by row", script.report.counted())
    for note in script.report.notes:
        show_text(note)
    show_text("")
    show_counts(f"Into {to}", {**played.counted(), **_totals(state)})


def simulated(
    to: To,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same log, byte for byte.", min=-(2**63), max=2**63 - 1)
    ] = 1,
    orders: Annotated[int, typer.Option(help="How many orders customers place.", min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """Fill a log from a simulated order desk: customers, packers, carriers, and cancellations that race them."""
    from orderlab.datasets.desk import simulate  # noqa: PLC0415 - simpy is needed here alone

    with progress_of("Simulating", None):
        script = simulate(seed=seed, orders=orders)
    played, state = perform(_play(script, to), resumable=True)
    if as_json:
        show_json({"log": played.counted(), "orders": state.counts()})
    else:
        show_counts(f"Into {to}", {**played.counted(), **_totals(state)})


async def _play(script: Collection[TimedCommand], to: str) -> Any:
    from orderlab.datasets.play import play  # noqa: PLC0415 - keeps `orderlab --help` quick
    from orderlab.runtime import Store  # noqa: PLC0415 - as above

    env = OrderEnvironment(SystemClock(), RandomIds())
    async with (
        open_event_store(to) as event_store,
        Store(OrderReducer(), OrderState(), env, event_store) as store,
    ):
        with progress_of("Playing", len(script)) as progress:
            return await play(script, store, progress=progress), store.state


async def _import_lines(file: Path, to: str, as_json: bool) -> None:
    from orderlab.logfile import import_lines, require_lines  # noqa: PLC0415 - as above

    await asyncio.to_thread(require_lines, file)
    async with open_event_store(to) as event_store:
        with progress_of(f"Reading {file.name}", None) as progress:
            added = await import_lines(file, event_store, progress=progress)
        counts = {"events added": added, "events in the log": await event_store.head()}
    if as_json:
        show_json(counts)
    else:
        show_counts(f"Into {to}", counts)


def _totals(state: OrderState) -> dict[str, int]:
    cents = sum(order.total_cents for order in state.orders.values())
    return {
        **{f"in the log now: {name}": count for name, count in state.counts().items()},
        "in the log now: cents": cents,
    }


def _described(report: Any) -> dict[str, Any]:
    return {"counts": report.counted(), "notes": list(report.notes)}
