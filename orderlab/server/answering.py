"""Answer with JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

encode = msgspec.json.Encoder().encode


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value of `schemas` as an answer."""
    return Response(encode(value), status, headers, "application/json")


def tag_of(version: int) -> str:
    """Return the `ETag` of an order at a version.

    >>> tag_of(2)
    '"2"'
    """
    return f'"{version}"'
