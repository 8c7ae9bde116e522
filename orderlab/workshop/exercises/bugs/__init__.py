"""Finding what is wrong: in a log, in a decider, and in a test."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.bugs.books import books
from orderlab.workshop.exercises.bugs.property import stays
from orderlab.workshop.exercises.bugs.shortest import shortest
from orderlab.workshop.exercises.bugs.tills import tills

EXERCISES: tuple[Exercise, ...] = (books, stays, tills, shortest)
"""In the order in which they are done."""
