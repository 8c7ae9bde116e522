"""The demo server: orders over HTTP and WebSocket. Begin with `app`, which puts the parts together."""
