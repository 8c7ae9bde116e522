"""What can be found out about a domain by running all of it: every state, every difference, every interleaving.

A `Trace` is the one currency: whatever is found is a run, the shortest that there is. A domain is a decider, or
anything with `reduce`.

Runs:

- `trace`, `tracestep`: a finite run, and one command of it; `playing` makes a step, `domain` says what can be run.
- `mark`: the step of a run at which one is to look, and what is to be seen there.
- `telling`, `stating`, `recording`, `minting`: a run in words and pictures, as a test, as a log, as an exercise.
- `patience`: a decider that stands every log; `packing`: a run in a pickle; `asked`: which steps say what was asked.

Searches, which go through everything up to a bound:

- `explore`, `explored`: all states, and the shortest run in which something does not hold; parts in `searching`.
- `inevitable`: the last step at which a bad end could still be avoided.
- `distinguish`, `distinction`: the shortest run that tells two domains or event stores apart; parts in `differing`.
- `interleavings`: all orders in which the steps of several writers can mix; parts in `schedules`.
- `commands`: the commands that are worth trying.

Chance, the same at every run:

- `strategies`, `stateful`, `profiles`: property tests of any domain by Hypothesis; parts in `generating`.
- `determinism`: whether a function always gives the same; parts in `worlds`.
"""
