"""The OpenAPI 3.1 document, made from the types that check requests and the table of operations."""

import re
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from orderlab.orders.decider import MAX_ITEMS, MAX_QUANTITY, MAX_TEXT, MAX_TOTAL_CENTS, MAX_UNIT_PRICE_CENTS
from orderlab.server.answering import json_response
from orderlab.server.operations import EVERYWHERE, OPERATIONS, Operation
from orderlab.server.problems import KINDS, ProblemBody
from orderlab.server.reading import adapter

Schema = dict[str, Any]

_TEXT: Schema = {"minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S"}
_CENTS: Schema = {"minimum": 1, "maximum": MAX_UNIT_PRICE_CENTS}
RULES: dict[str, dict[str, Schema]] = {
    "PlaceOrderBody": {"customer_id": _TEXT, "items": {"minItems": 1, "maxItems": MAX_ITEMS}},
    "OrderItem": {
        "product_id": _TEXT,
        "name": _TEXT,
        "quantity": {"minimum": 1, "maximum": MAX_QUANTITY},
        "unit_price_cents": _CENTS,
    },
    "CancelOrderBody": {"reason": _TEXT},
    "ShipOrderBody": {"tracking_number": _TEXT},
}
"""The domain's rules, told here so that nobody has to find them out; `decide` checks them, and answers 400."""

_INCOMPLETE = {each.__name__ for each in (ProblemBody, *(op.body for op in OPERATIONS)) if each is not None}
"""Types of which what has a default may be left out."""

_DESCRIPTION = f"""
Place orders, ship and cancel them, and read the log of what happened.

An order is Draft until it is placed, then Placed, then Shipped or Cancelled. A request of the wrong shape is answered
with 422 and names each field; one that breaks a rule with 400. A total may be {MAX_TOTAL_CENTS} cents at the most. All
errors are problems (RFC 9457) with a stable `code`. A server with a token wants it in every request, as
`-H 'Authorization: Bearer TOKEN'` for curl.

Live events come over a WebSocket at `/ws`; `/ws?after=17` first sends what was committed after position 17. Messages
are JSON: `{{"type":"command","action":{{"ShipOrder":{{"order_id":"…","tracking_number":"…"}}}},"id":"…"}}` and
`{{"type":"ping"}}` to the server; `{{"type":"event","action":{{…}},"position":n,"correlation_id":"…"}}`,
`{{"type":"error","message":"…","code":"…","id":"…"}}` and `{{"type":"pong"}}` to the client. The correlation id of an
event is the id of the command that caused it.
"""

_TAKEN: dict[str, tuple[str, Schema]] = {
    "Idempotency-Key": (
        "Makes a retry harmless: under one key a request is done once, also across a restart.",
        {"type": "string", "pattern": "^[!-~]{1,200}$"},
    ),
    "If-Match": ("The order must be at this version, as its ETag gives it.", {"type": "string"}),
    "If-None-Match": ("Answer 304 if the order is still at this version.", {"type": "string"}),
    "X-Correlation-ID": (
        "Marks the request and every event it leads to: 1 to 128 visible ASCII characters, or else one is drawn.",
        {"type": "string"},
    ),
}
_GIVEN: dict[str, tuple[str, Schema]] = {
    "X-Correlation-ID": ("Marks the request.", {"type": "string", "pattern": "^[!-~]{1,128}$"}),
    "ETag": ("The order's version.", {"type": "string", "pattern": '^"[0-9]+"$'}),
    "Location": ("Where the order is.", {"type": "string"}),
    "X-Event-Position": ("Where the event is in the log.", {"type": "string", "pattern": "^[0-9]+$"}),
}


@cache
def document() -> Schema:
    """Return the OpenAPI document of the API."""
    types = [each for operation in OPERATIONS for each in (operation.body, operation.answer) if each is not None]
    schemas, definitions = TypeAdapter.json_schemas(
        [(_key(each), "validation", adapter(each)) for each in dict.fromkeys([*types, ProblemBody])],
        ref_template="#/components/schemas/{model}",
    )
    references = {key: schema for (key, _), schema in schemas.items()}
    components = {name: _ruled(name, schema) for name, schema in definitions.get("$defs", {}).items()}
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "orderlab", "version": version("orderlab"), "description": _DESCRIPTION.strip()},
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


async def openapi(request: Request) -> Response:
    """Give the document."""
    return json_response(document())


def _described(operation: Operation, references: dict[str, Schema]) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _success(operation, references), **_failures(operation, references)},
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_needed,
            "content": {"application/json": {"schema": references[_key(operation.body)]}},
        }
    if "If-None-Match" in operation.takes:
        described["responses"]["304"] = {"description": "It has not changed", "headers": _headers(("ETag",))}
    return described


def _parameters(operation: Operation) -> list[Schema]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    in_query: list[Schema] = []
    if operation.query is not None:
        for name, schema in adapter(operation.query).json_schema()["properties"].items():
            kept = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
            # Leaving it out is the only way to say null in a query.
            given = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
            described = {**kept, **(given[0] if given else {})}
            if schema.get("default") is not None:
                described["default"] = schema["default"]
            in_query.append({"name": name, "in": "query", "description": schema["description"], "schema": described})
    return [*in_path, *in_query, *map(_header_parameter, (*operation.takes, "X-Correlation-ID"))]


def _header_parameter(name: str) -> Schema:
    description, schema = _TAKEN[name]
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _success(operation: Operation, references: dict[str, Schema]) -> Schema:
    return {
        "description": "Done" if operation.method == "POST" else "Here it is",
        "headers": _headers(operation.gives),
        "content": {"application/json": {"schema": references[_key(operation.answer)]}},
    }


def _failures(operation: Operation, references: dict[str, Schema]) -> Schema:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*operation.problems, *EVERYWHERE)):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"{KINDS[code].title} (`{code}`)" for code in codes),
            "headers": _headers(()),
            "content": {"application/problem+json": {"schema": references[_key(ProblemBody)]}},
        }
        for status, codes in sorted(by_status.items())
    }


def _headers(names: tuple[str, ...]) -> Schema:
    return {
        name: {"description": _GIVEN[name][0], "required": True, "schema": _GIVEN[name][1]}
        for name in (*names, "X-Correlation-ID")
    }


def _ruled(name: str, schema: Schema) -> Schema:
    """Add what a type alone does not tell: the domain's rules, and that an answer leaves out nothing."""
    schema["description"] = schema["description"].partition("\n\n")[0]  # what follows is for programmers
    if name not in _INCOMPLETE:
        schema["required"] = list(schema["properties"])
    for field, rules in RULES.get(name, {}).items():
        schema["properties"][field].update(rules)
    return schema


def _key(described: Any) -> str:
    return getattr(described, "__name__", None) or repr(described)
