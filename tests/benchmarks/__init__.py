"""How fast orderlab is, as ratios to a peer and to the bare engine, all timed in the same run.

`python tests/benchmarks` times everything and prints one table; `--help` says how to do less.

Times say as much about a machine as about a program, so what counts here is how many times as fast as the peer we are,
and how many times as long as the bare engine we take. `timing` says how this is made fair, each benchmark what it
compares and what not.
"""
