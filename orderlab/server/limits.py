"""How much a client may send at a time; what each route and each answer is bounded by stands beside it."""

HEAD_BYTES = 32 * 1024
"""The largest request line and headers together."""

BODY_BYTES = 1024 * 1024
"""The largest body of a request."""

MOST_MESSAGE_BYTES = BODY_BYTES
"""The largest WebSocket message from a client; a larger one closes its connection with 1009.

What can be asked for in one way can be asked for in the other.
"""
