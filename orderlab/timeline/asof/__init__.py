"""Answer questions about a log as of any position: the engine under `Timeline`."""
