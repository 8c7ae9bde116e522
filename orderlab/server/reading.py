"""Read a request: its body, its query and its headers, every wrong field named."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import HTTPConnection, Request

from orderlab.core.log import NO_STREAM
from orderlab.orders.codec import place_of
from orderlab.server.problems import FieldError, Problem

T = TypeVar("T")

_KEY = re.compile(r"[!-~]{1,200}")
_TAG = re.compile(r'"([0-9]{1,15})"')


async def body_of(request: Request, shape: Callable[..., T], *, optional: bool = False) -> T:
    """Return a request's JSON body as a value of `shape`.

    Args:
        request: The request.
        shape: A dataclass.
        optional: Take no body at all for a value of nothing but defaults.

    Raises:
        Problem: It is no JSON, or has another shape.
    """
    body = await request.body()
    if optional and not body:
        return shape()
    media_type = header_of(request, "content-type") or ""
    if media_type != "application/json" and media_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem("unsupported_media_type", f"the body must be application/json, not {media_type or 'unnamed'}")
    try:
        value: T = adapter(shape).validate_json(body)
    except ValidationError as error:
        if error.error_count() == 1 and _only(error)["type"] == "json_invalid":
            raise Problem("malformed_json", f"the body is not JSON: {_reason(error)}") from error
        raise invalid("body", error) from error
    return value


def query_of(request: HTTPConnection, shape: Callable[..., T]) -> T:
    """Return a request's query as a value of `shape`; a token in it has been seen to already.

    Raises:
        Problem: A parameter is unknown, given twice, or no such value.
    """
    given = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
    values = dict(given)
    if len(values) < len(given):
        raise Problem("invalid_request", "every query parameter can be given once")
    try:
        value: T = adapter(shape).validate_python(values)
    except ValidationError as error:
        raise invalid("query", error) from error
    return value


def header_of(request: Request, name: str) -> str | None:
    """Return a header; what was sent in several is one list (RFC 9110, 5.3), and none of them is passed over."""
    values = request.headers.getlist(name)
    return ", ".join(values) if values else None


def idempotency_key_of(request: Request) -> str | None:
    """Return the request's `Idempotency-Key`, if it has one.

    Raises:
        Problem: It is no key: 1 to 200 visible ASCII characters.
    """
    key = header_of(request, "idempotency-key")
    if key is None or _KEY.fullmatch(key):
        return key
    raise invalid_header("Idempotency-Key", "must be 1 to 200 visible ASCII characters, without spaces")


def expected_version_of(request: Request, version: int | None) -> int | None:
    """Return the version that `If-Match` wants an order to be at; None if it wants none.

    Of several tags the one that the order is at is taken, if there is one. A weak tag never matches (RFC 9110, 13.1.1).

    Args:
        request: The request.
        version: The version the order is at; None if there is no such order.
    """
    header = header_of(request, "if-match")
    if header is None or header.strip() == "*":
        return None
    wanted = [int(tag[1]) for part in header.split(",") if (tag := _TAG.fullmatch(part.strip()))]
    if version in wanted:
        return version
    return wanted[0] if wanted else NO_STREAM  # which no order is at


def has_tag(request: Request, tag: str) -> bool:
    """Tell whether `If-None-Match` names a tag: what would be answered is what the client has."""
    header = header_of(request, "if-none-match")
    return header is not None and (
        header.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in header.split(",")]
    )


def invalid(part: str, error: ValidationError) -> Problem:
    """Say of every field that is wrong what is wrong with it, unless they are so many that telling takes seconds."""
    if (count := error.error_count()) > _MOST_READ:
        wrong = FieldError(part, f"has the wrong shape in {count:,} places, which are too many to name")
        return Problem("invalid_request", f"the {part} {wrong.message}", errors=[wrong])
    fields = [
        FieldError(place_of(each["loc"]) or part, each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    told = "; ".join(f"{each.field}: {each.message}" for each in fields[:_MOST_TOLD])
    more = f" (and {len(fields) - _MOST_TOLD} more)" if len(fields) > _MOST_TOLD else ""
    return Problem("invalid_request", f"the {part} has the wrong shape: {told}{more}", errors=fields[:_MOST_LISTED])


_MOST_TOLD, _MOST_LISTED, _MOST_READ = 3, 100, 1_000


def invalid_header(name: str, message: str) -> Problem:
    """Say what is wrong with a header."""
    return Problem("invalid_request", f"{name} {message}", errors=[FieldError(name, message)])


@cache
def adapter(shape: Any) -> TypeAdapter[Any]:
    """Return what checks values of a type and describes it, made once."""
    return TypeAdapter(shape)


def _reason(error: ValidationError) -> str:
    return str(_only(error).get("ctx", {}).get("error", "it cannot be read"))


def _only(error: ValidationError) -> ErrorDetails:
    return error.errors(include_url=False, include_input=False)[0]
