"""Learn event sourcing by running it, through one small domain: orders.

The table of contents. Everything named here is imported when it is first used, so that `import orderlab` is quick;
`orderlab.orders.decider` is the module to read first.
"""

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderlab.broadcast import Lagged as Lagged
    from orderlab.client import connect as connect
    from orderlab.conversation import NoMatchingAction as NoMatchingAction
    from orderlab.core.decider import Decider as Decider
    from orderlab.core.decider import DeciderReducer as DeciderReducer
    from orderlab.core.decider import EntityState as EntityState
    from orderlab.core.decider import Step as Step
    from orderlab.core.effects import AppendEvents as AppendEvents
    from orderlab.core.effects import Delay as Delay
    from orderlab.core.effects import Emit as Emit
    from orderlab.core.environment import SeededIds as SeededIds
    from orderlab.core.environment import SequentialIds as SequentialIds
    from orderlab.core.environment import TestClock as TestClock
    from orderlab.core.errors import CorruptStream as CorruptStream
    from orderlab.core.errors import OrderlabError as OrderlabError
    from orderlab.core.errors import VersionConflict as VersionConflict
    from orderlab.core.log import NO_STREAM as NO_STREAM
    from orderlab.core.log import NewEvent as NewEvent
    from orderlab.core.log import RecordedEvent as RecordedEvent
    from orderlab.eventstore.duckdb import DuckDBEventStore as DuckDBEventStore
    from orderlab.eventstore.memory import InMemoryEventStore as InMemoryEventStore
    from orderlab.eventstore.postgres import PostgresEventStore as PostgresEventStore
    from orderlab.eventstore.urls import open_event_store as open_event_store
    from orderlab.exploration.commands import commands_of as commands_of
    from orderlab.exploration.determinism import check_determinism as check_determinism
    from orderlab.exploration.distinguish import distinguish as distinguish
    from orderlab.exploration.explore import explore as explore
    from orderlab.exploration.inevitable import inevitable as inevitable
    from orderlab.exploration.interleavings import interleavings as interleavings
    from orderlab.exploration.trace import Trace as Trace
    from orderlab.notebook.liveboard import LiveBoard as LiveBoard
    from orderlab.notebook.predicting import Predict as Predict
    from orderlab.notebook.timetravel import TimeTravel as TimeTravel
    from orderlab.orders.actions import CancelOrder as CancelOrder
    from orderlab.orders.actions import InvalidOrderState as InvalidOrderState
    from orderlab.orders.actions import OrderCancelled as OrderCancelled
    from orderlab.orders.actions import OrderNotFound as OrderNotFound
    from orderlab.orders.actions import OrderPlaced as OrderPlaced
    from orderlab.orders.actions import OrderShipped as OrderShipped
    from orderlab.orders.actions import PlaceOrder as PlaceOrder
    from orderlab.orders.actions import ShipOrder as ShipOrder
    from orderlab.orders.actions import ValidationFailed as ValidationFailed
    from orderlab.orders.decider import ORDERS as ORDERS
    from orderlab.orders.decider import decide as decide
    from orderlab.orders.decider import evolve as evolve
    from orderlab.orders.model import Cancelled as Cancelled
    from orderlab.orders.model import Draft as Draft
    from orderlab.orders.model import Order as Order
    from orderlab.orders.model import OrderItem as OrderItem
    from orderlab.orders.model import OrderState as OrderState
    from orderlab.orders.model import Placed as Placed
    from orderlab.orders.model import Shipped as Shipped
    from orderlab.orders.reducer import OrderEnvironment as OrderEnvironment
    from orderlab.orders.reducer import OrderReducer as OrderReducer
    from orderlab.outcome import Outcome as Outcome
    from orderlab.replay import load_state as load_state
    from orderlab.runtime import Store as Store
    from orderlab.server.background import serve as serve
    from orderlab.system import RandomIds as RandomIds
    from orderlab.system import SystemClock as SystemClock
    from orderlab.timeline.machine.statemachine import StateMachine as StateMachine
    from orderlab.timeline.timeline import Timeline as Timeline

_CONTENTS = {
    "core.decider": ("Decider", "DeciderReducer", "EntityState", "Step"),
    "core.effects": ("AppendEvents", "Delay", "Emit"),
    "core.environment": ("SeededIds", "SequentialIds", "TestClock"),
    "core.errors": ("CorruptStream", "OrderlabError", "VersionConflict"),
    "core.log": ("NO_STREAM", "NewEvent", "RecordedEvent"),
    "broadcast": ("Lagged",),
    "client": ("connect",),
    "conversation": ("NoMatchingAction",),
    "eventstore.duckdb": ("DuckDBEventStore",),
    "eventstore.memory": ("InMemoryEventStore",),
    "eventstore.postgres": ("PostgresEventStore",),
    "eventstore.urls": ("open_event_store",),
    "exploration.commands": ("commands_of",),
    "exploration.determinism": ("check_determinism",),
    "exploration.distinguish": ("distinguish",),
    "exploration.explore": ("explore",),
    "exploration.inevitable": ("inevitable",),
    "exploration.interleavings": ("interleavings",),
    "exploration.trace": ("Trace",),
    "orders.actions": (
        "PlaceOrder",
        "CancelOrder",
        "ShipOrder",
        "OrderPlaced",
        "OrderCancelled",
        "OrderShipped",
        "OrderNotFound",
        "InvalidOrderState",
        "ValidationFailed",
    ),
    "orders.decider": ("ORDERS", "decide", "evolve"),
    "orders.model": ("Cancelled", "Draft", "Order", "OrderItem", "OrderState", "Placed", "Shipped"),
    "orders.reducer": ("OrderEnvironment", "OrderReducer"),
    "replay": ("load_state",),
    "outcome": ("Outcome",),
    "runtime": ("Store",),
    "server.background": ("serve",),
    "system": ("RandomIds", "SystemClock"),
    "notebook.liveboard": ("LiveBoard",),
    "notebook.predicting": ("Predict",),
    "notebook.timetravel": ("TimeTravel",),
    "timeline.machine.statemachine": ("StateMachine",),
    "timeline.timeline": ("Timeline",),
}
_HOME = {name: module for module, names in _CONTENTS.items() for name in names}

logging.getLogger(__name__).addHandler(logging.NullHandler())  # a library logs only where its user asks it to

_EXTRAS = {"eventstore.postgres": "psycopg"}
"""What needs a library that is not installed with orderlab; without it, `from orderlab import *` leaves it out."""

_ABSENT = {module for module, library in _EXTRAS.items() if find_spec(library) is None}

__all__ = sorted(name for name, module in _HOME.items() if module not in _ABSENT)  # noqa: PLE0605 - listed above


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it reads files, and few ask

        return version(__name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
