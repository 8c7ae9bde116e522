"""Problems: every error this server answers, as RFC 9457 wants it, with a code that never changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.responses import Response

from orderlab.core.errors import OrderlabError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one code have in common."""

    status: int
    title: str
    headers: tuple[tuple[str, str], ...] = ()


KINDS: Mapping[str, Kind] = {
    "validation_failed": Kind(400, "A rule was broken"),
    "invalid_request": Kind(422, "The request has the wrong shape"),
    "malformed_json": Kind(400, "The body is not JSON"),
    "order_not_found": Kind(404, "There is no such order"),
    "not_found": Kind(404, "There is no such address"),
    "invalid_order_state": Kind(400, "The order's status does not allow this"),
    "version_mismatch": Kind(412, "The order has moved on"),
    "version_conflict": Kind(409, "Others kept writing first"),
    "idempotency_key_reused": Kind(422, "The idempotency key was used for another request"),
    "unauthorized": Kind(401, "A token is needed", (("WWW-Authenticate", "Bearer"),)),
    "forbidden_origin": Kind(403, "The request comes from another site's page"),
    "misdirected_host": Kind(421, "The request is meant for another host"),
    "method_not_allowed": Kind(405, "The address does not take this method"),
    # The rest of a request that is not read to its end would be taken for the next one, so the connection ends.
    "payload_too_large": Kind(413, "The body is too large", (("Connection", "close"),)),
    "request_timeout": Kind(408, "The body took too long to arrive", (("Connection", "close"),)),
    "malformed_request": Kind(400, "The request is not HTTP", (("Connection", "close"),)),
    "headers_too_large": Kind(431, "The request's head is too large", (("Connection", "close"),)),
    "upgrade_required": Kind(426, "This is an address for WebSockets", (("Upgrade", "websocket"),)),
    "unsupported_media_type": Kind(415, "The body must be JSON"),
    "overloaded": Kind(503, "Too much is waiting", (("Retry-After", "1"),)),
    "event_store_unavailable": Kind(503, "The event store cannot be reached", (("Retry-After", "5"),)),
    "internal_error": Kind(500, "Something went wrong here"),
}
"""What may go wrong, by its code."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with the shape of a request: where, and what."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ProblemBody:
    """The body of an error answer (RFC 9457), for the API's description; some problems have more members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldError, ...] = ()
    current_status: str = ""
    current_version: int = 0


class Problem(OrderlabError):
    """What a client is told of a request that could not be done.

    Args:
        code: One of `KINDS`; programs go by it.
        detail: One sentence for a person about this very request.
        headers: Headers of the answer beside those that the kind brings, such as Allow.
        extra: More members of the body, such as `errors` or `current_status`.

    >>> print(Problem("order_not_found", "there is no order order-7"))
    there is no order order-7
    """

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        kind = KINDS[code]
        self.code = code
        self.detail = detail
        self.status = kind.status
        self.headers = {**dict(kind.headers), **(headers or {})}
        self.extra = extra

    @property
    def body(self) -> dict[str, Any]:
        """The members of the answer, those of RFC 9457 first."""
        # A URN: nothing outside is asked for what it means, and it stays the same wherever the server runs.
        kind = f"urn:orderlab:problem:{self.code.replace('_', '-')}"
        return {
            "type": kind,
            "title": KINDS[self.code].title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }

    def encoded(self) -> bytes:
        """Return the body as JSON."""
        return msgspec.json.encode(self.body)


def problem_response(problem: Problem) -> Response:
    """Return the answer that tells a client of a problem."""
    return Response(problem.encoded(), problem.status, problem.headers, MEDIA_TYPE)
