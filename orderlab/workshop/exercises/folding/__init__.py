"""Events and folding: what the shop's log tells of its orders."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.folding.all_orders import all_orders
from orderlab.workshop.exercises.folding.impossible import impossible
from orderlab.workshop.exercises.folding.next_order import next_order
from orderlab.workshop.exercises.folding.open_orders import open_orders

EXERCISES: tuple[Exercise, ...] = (open_orders, next_order, all_orders, impossible)
"""In the order in which they are done."""
