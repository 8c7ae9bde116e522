"""The workshop: exercises along one story, a zoo of mistakes, and what of it a learner has done."""
