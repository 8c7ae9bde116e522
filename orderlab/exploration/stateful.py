"""Domains and event stores under random use: state machines of Hypothesis, ready to run, and a search for a failure.

from orderlab.exploration.stateful import event_store_machine, machine_of

TestOrders = machine_of(ORDERS, always=[nothing_is_lost]).TestCase
TestMyEventStore = event_store_machine(MyEventStore).TestCase
"""

from orderlab.exploration.generating.eventstores import EventStoreMachine, event_store_machine
from orderlab.exploration.generating.falsifying import falsify
from orderlab.exploration.generating.machines import DomainMachine, PromiseBroken, machine_of, run_machine
from orderlab.exploration.generating.promises import LIVE_IS_REPLAYED
from orderlab.exploration.searching.found import NOTHING_IS_RAISED

__all__ = [
    "LIVE_IS_REPLAYED",
    "NOTHING_IS_RAISED",
    "DomainMachine",
    "EventStoreMachine",
    "PromiseBroken",
    "event_store_machine",
    "falsify",
    "machine_of",
    "run_machine",
]
