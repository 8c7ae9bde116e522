"""`/docs`: the API to read, made from the OpenAPI document here; the page runs nothing and asks nobody else."""

import json
from functools import cache
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from orderlab.server.openapi import Schema, document

_EXAMPLES: dict[str, str] = {
    "place_order": """curl -X POST {url}/api/v1/orders -H 'Content-Type: application/json' \\
  -d '{{"customer_id":"ada","items":[{{"product_id":"mug","name":"Enamel mug","quantity":2,"unit_price_cents":950}}]}}'""",  # noqa: E501 - to be copied as it is
    "ship_order": """curl -X POST {url}/api/v1/orders/ORDER-ID/ship -H 'Content-Type: application/json' \\
  -d '{{"tracking_number":"TRACK-001"}}'""",
    "cancel_order": "curl -X POST {url}/api/v1/orders/ORDER-ID/cancel",
    "get_order": "curl {url}/api/v1/orders/ORDER-ID",
    "list_orders": "curl '{url}/api/v1/orders?status=placed&limit=10'",
    "list_events": "curl '{url}/api/v1/events?after=0&limit=10'",
}


async def docs(request: Request) -> Response:
    """Show the API."""
    return HTMLResponse(_page(f"{request.url.scheme}://{request.url.netloc}"))


@cache
def _body() -> str:
    described = document()
    paragraphs = "".join(f"<p>{_words(each)}</p>" for each in described["info"]["description"].split("\n\n"))
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    types = "".join(_type(name, schema) for name, schema in sorted(described["components"]["schemas"].items()))
    return f"{paragraphs}<h2>Requests</h2>{operations}<h2>Types</h2>{types}"


def _page(url: str) -> str:
    body = _body().replace(_URL, escape(url))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>orderlab: the API</title>
<link rel="stylesheet" href="/static/docs.css">
</head>
<body>
<header><h1>orderlab: the API</h1>
<nav aria-label="Elsewhere"><a href="/">Live orders</a> <a href="/openapi.json">openapi.json</a></nav></header>
<main>{body}</main>
</body>
</html>
"""


_URL = "URL-OF-THIS-SERVER"


def _operation(method: str, path: str, operation: Schema) -> str:
    name = operation["operationId"]
    example = _EXAMPLES.get(name, "").format(url=_URL)
    body = operation.get("requestBody")
    parts = [
        f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{_words(operation['summary'])}.</p>",
        f"<pre tabindex=0><code>{escape(example)}</code></pre>" if example else "",
        f"<p>Body: {_type_of(_schema_in(body))}{'' if body['required'] else ', may be left out'}</p>" if body else "",
        _table(
            ("Parameter", "In", "What it is"),
            [
                (
                    f"<code>{each['name']}</code>",
                    each["in"],
                    _words(each.get("description", "")) or "As in the address.",
                )
                for each in operation["parameters"]
            ],
        ),
        _table(
            ("Status", "Answer", "When"),
            [
                (status, _type_of(_schema_in(answer)), _words(answer["description"]))
                for status, answer in operation["responses"].items()
            ],
        ),
    ]
    return f'<section id="{name}">{"".join(parts)}</section>'


def _type(name: str, schema: Schema) -> str:
    needed = set(schema.get("required", ()))
    rows = [
        (f"<code>{escape(field)}</code>", _type_of(described), "" if field in needed else "may be missing")
        for field, described in schema.get("properties", {}).items()
    ]
    about = f"<p>{_words(schema['description'])}</p>" if "description" in schema else ""
    return f'<section id="{name}"><h3><code>{name}</code></h3>{about}{_table(("Field", "Type", ""), rows)}</section>'


def _schema_in(content: Schema) -> Schema:
    return next((each["schema"] for each in content.get("content", {}).values()), {})


def _type_of(schema: Schema) -> str:
    """Say a schema in a few words, with links to the types that have a name."""
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        return " or ".join(map(_type_of, alternatives))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}"><code>{name}</code></a>'
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if values:
        return " or ".join(f"<code>{escape(json.dumps(each))}</code>" for each in values)
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {_type_of(schema.get('items', {}))}{_limits(schema, 'minItems', 'maxItems')}"
        case "string":
            return escape(schema.get("format", "text")) + _limits(schema, "minLength", "maxLength")
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"object of {_type_of(schema['additionalProperties'])}"
    return escape(str(schema.get("type", "nothing"))) + _limits(schema, "minimum", "maximum")


def _limits(schema: Schema, least: str, most: str) -> str:
    if least not in schema:
        return ""
    return f", {schema[least]:,} to {schema[most]:,}" if most in schema else f", from {schema[least]:,}"


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{each}</th>' for each in head)
    body = "".join("<tr>" + "".join(f"<td>{each}</td>" for each in row) + "</tr>" for row in rows)
    return f'<div class="scroll" tabindex=0><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _words(text: str) -> str:
    """Return prose as HTML, what stands between backticks as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
