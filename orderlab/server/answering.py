"""Answer with JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

PAGE_BYTES = 1024 * 1024
"""About the size of a page at the most, however many values were asked for: an order may have a thousand items."""

encode = msgspec.json.Encoder().encode


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value of `schemas` as an answer."""
    return Response(encode(value), status, headers, "application/json")


class Page:
    """Values for one answer, each encoded as it comes, until they are enough to keep for a client that may be slow."""

    def __init__(self, most_bytes: int = PAGE_BYTES) -> None:
        self.values: list[msgspec.Raw] = []
        self._left = most_bytes

    def take(self, value: Any) -> bool:
        """Take a value in if there is room for it, as there is for the first, and tell whether it was."""
        encoded = encode(value)
        self._left -= len(encoded)
        if self.values and self._left < 0:
            return False
        self.values.append(msgspec.Raw(encoded))
        return True


def tag_of(version: int) -> str:
    """Return the `ETag` of an order at a version.

    >>> tag_of(2)
    '"2"'
    """
    return f'"{version}"'
