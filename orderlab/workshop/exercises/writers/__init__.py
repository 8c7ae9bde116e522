"""Several writers: whose change counts, how the other comes to know, and what a repetition does."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.writers.decidingagain import deciding_again
from orderlab.workshop.exercises.writers.enumerating import enumerating
from orderlab.workshop.exercises.writers.expecting import expecting
from orderlab.workshop.exercises.writers.matching import matching
from orderlab.workshop.exercises.writers.repeating import repeating

EXERCISES: tuple[Exercise, ...] = (expecting, repeating, matching, enumerating, deciding_again)
