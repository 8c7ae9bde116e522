"""A client of the demo server: `connect(url)` speaks the words of `Store` to a server in another process.

Commands and pages of the log go over HTTP, each tried again until its patience ends; a WebSocket only says when there
is more to read. Whatever is lost on the way delays, and neither loses nor repeats anything.
"""

from orderlab.client.client import Client, connect
from orderlab.client.errors import ClientClosed, LogReplaced, ServerError, ServerUnreachable
from orderlab.client.following import Subscription

__all__ = ["Client", "ClientClosed", "LogReplaced", "ServerError", "ServerUnreachable", "Subscription", "connect"]
