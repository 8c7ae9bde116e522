"""The command line: `orderlab lab`, `demo`, `serve`, `import`, `simulate`, `replay`, `export`, `copy`, `workshop`.

A module for each thing that can be done; `console` holds how they all speak. This one only lists them.
"""

from typing import Annotated

import typer

from orderlab.cli import copying, demo, filling, lab, replaying, serving, workshop
from orderlab.cli.console import run, show_version

app = typer.Typer(
    name="orderlab",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


Version = Annotated[bool, typer.Option("--version", help="Show the version.", callback=show_version, is_eager=True)]


@app.callback()
def orderlab(version: Version = False) -> None:
    """Learn event sourcing by running it: a log of orders, and everything that follows from it."""


app.command("lab", epilog="Example: orderlab lab")(lab.lab)
app.command("demo", epilog="Example: orderlab demo")(demo.demo)
app.command("serve", epilog="Example: orderlab serve --sample")(serving.serve)
app.command("import", epilog="Example: orderlab import online_retail.csv --to duckdb:///retail.duckdb")(filling.load)
app.command("simulate", epilog="Example: orderlab simulate --seed 7 --orders 1000 --to duckdb:///desk.duckdb")(
    filling.simulated
)
app.command("replay", epilog="Example: orderlab replay duckdb:///desk.duckdb --until 2025-01-05T12:00")(
    replaying.replayed
)
app.command("export", epilog="Example: orderlab export duckdb:///desk.duckdb --to desk.jsonl")(copying.export)
app.command("copy", epilog="Example: orderlab copy duckdb:///desk.duckdb postgresql://ada@localhost/shop")(copying.copy)
app.add_typer(workshop.workshop, epilog="Example: orderlab workshop next")


def main() -> None:
    """Run the command line; the console script of the package."""
    run(app)
