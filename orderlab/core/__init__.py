"""The machine underneath: pure, generic, and ignorant of orders.

`decider` holds the two functions a domain is written in and lifts them to a reducer; `effects` is what a
reducer asks the world to do; `environment` is all it may read of the world; `log` is what an event looks like
at rest; `codec` turns events into JSON and back; `errors` are the exceptions.
"""
