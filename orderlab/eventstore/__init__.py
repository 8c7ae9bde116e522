"""Where events live: one protocol, several event stores, and the contract that all of them pass.

`base` is the protocol, `memory`, `duckdb` and `postgres` implement it, `urls` opens one by its address, and `contract`
is the suite of tests that any event store, also one of your own, must pass.
"""
