"""How much a client may send at a time; what each route and each answer is bounded by stands beside it."""

HEAD_BYTES = 32 * 1024
"""The largest request line and headers together."""

MOST_MESSAGE_BYTES = 64 * 1024
"""The largest WebSocket message from a client; a larger one closes its connection with 1009."""
