"""Signs: the short pages that people see in a browser where programs get a problem.

Each is whole in itself, its style included: without the token no file of the live page is given to anybody.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse, Response

from orderlab.server.problems import Problem, problem_response

# The colours, the head and the cards of the live page, see page.css.
_STYLE = """
:root { color-scheme: light dark; font: 100%/1.45 system-ui, sans-serif }
body {
  max-width: 34rem; margin: auto; padding: .7rem clamp(12px, 2vw, 28px); overflow-wrap: break-word;
  background: light-dark(#f6f7f5, #101613); color: light-dark(#17211d, #e8eeeb);
}
h1 { margin: 0 0 .7rem; font-size: 1.3rem }
h1, a { color: light-dark(#0b6e4f, #5fcfa3) }
h1 span, label { color: light-dark(#52605a, #a7b4ae); font-weight: 400 }
main {
  padding: .2rem 1.1rem; border: 1px solid light-dark(#d5dcd8, #34413b); border-radius: 12px;
  background: light-dark(#fff, #18201c);
}
form { display: flex; flex-wrap: wrap; align-items: end; gap: .5rem; margin: 1em 0 }
label { flex: 1 12rem; font-size: .85rem }
input, button { padding: .38rem .6rem; font: 1rem system-ui, sans-serif; border-radius: 7px }
input {
  display: block; box-sizing: border-box; width: 100%; margin-top: .25rem; color: inherit; background: none;
  border: 1px solid light-dark(#7d8a84, #7f8d86);
}
button { padding-inline: .8rem; font-weight: 600; color: #fff; background: #0b6e4f; border: 1px solid #0b6e4f }
:focus-visible { outline: 3px solid light-dark(#0b6e4f, #5fcfa3); outline-offset: 2px; border-radius: 4px }
"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""As for every page, but that this one style is allowed, and that nothing else is needed."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>orderlab: {title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>orderlab <span>{title}</span></h1></header>
<main>
{content}
</main>
</body>
</html>
"""
_DOOR = """<p>{wrong}Open the link that you were given, or type the token here.</p>
<form><label>Token <input name="token" type="password" autocomplete="off" required autofocus></label>
<button>Open</button></form>"""
_NOWHERE = """<p>{detail}.</p>
<p><a href="/">Live orders</a></p>"""

_FOR_PROGRAMS = ("api", "health", "ws", "openapi.json")
"""What the first part of an address is under which everything is for programs."""

_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_JSON = ("application/json", "application/problem+json", "application/*", "*/*")


def door(*, wrong: bool) -> Response:
    """Return the page for a person who comes without the token; its form leads to the link with it.

    Args:
        wrong: One was brought, and that is not it.
    """
    content = _DOOR.format(wrong="That is not the token. " if wrong else "")
    return _sign("a token is needed", content, Problem("unauthorized", "a token is needed"))


def not_found(path: str, accept: str) -> Response:
    """Return the answer where there is nothing: a page with a way home for a person, else a problem."""
    problem = Problem("not_found", f"there is nothing at {path}")
    if not is_for_person(path, accept):
        return problem_response(problem)
    detail = problem.detail[0].upper() + problem.detail[1:]
    return _sign("nothing is here", _NOWHERE.format(detail=escape(detail)), problem)


def is_for_person(path: str, accept: str) -> bool:
    """Return whether who asks for an address wants a page to read: HTML is named in Accept, and before JSON.

    >>> is_for_person("/nope", "text/html,*/*;q=0.8"), is_for_person("/nope", "*/*"), is_for_person("/ws", "text/html")
    (True, False, False)
    """
    if path.removeprefix("/").partition("/")[0] in _FOR_PROGRAMS:
        return False
    wanted = dict(_wanted(accept))
    html, json = wanted.get("text/html"), next((wanted[each] for each in _JSON if each in wanted), None)
    return html is not None and html[0] > 0 and (json is None or html > json)


def _wanted(accept: str) -> Iterator[tuple[str, tuple[float, int]]]:
    """Yield the media types of an Accept header, each with what is the greater the more it is preferred."""
    for place, each in enumerate(accept.lower().split(",")):
        kind, *parameters = map(str.strip, each.split(";"))
        weight = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
        yield kind, (float(weight) if _WEIGHT.fullmatch(weight) else 0.0, -place)


def _sign(title: str, content: str, problem: Problem) -> Response:
    page = _PAGE.format(title=title, style=_STYLE, content=content)
    return HTMLResponse(page, problem.status, {**problem.headers, "Content-Security-Policy": _POLICY})
