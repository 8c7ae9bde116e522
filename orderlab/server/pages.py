"""The live page at `/`, time travel at `/timetravel`, and the files they are made of.

They are read from the package for each request: from a wheel as well. What draws machines and stories is the one module
that notebooks and exported pages have too, from `orderlab.drawing`.
"""

from hashlib import sha256
from importlib.resources import files
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from orderlab.drawing import files as shared
from orderlab.orders.model import MACHINE
from orderlab.server.backend import backend_of
from orderlab.server.reading import has_tag
from orderlab.server.signs import not_found
from orderlab.server.stories import STORIES

_FILES = files("orderlab.server") / "static"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_SHARED = {"timetravel.js": shared.script, "timetravel.css": shared.style}
_PLACE_OF_MACHINE = "<!-- the machine -->"


async def live_page(request: Request) -> Response:
    """Show the orders live, the state machine drawn with what there is now."""
    machine = MACHINE.to_svg(counts=backend_of(request).listing.counts(), findable=True)
    return HTMLResponse(_text("index.html").replace(_PLACE_OF_MACHINE, machine))


async def time_travel_page(request: Request) -> Response:
    """Show the log so far, for dragging through it."""
    return HTMLResponse(_text("timetravel.html"))


async def static_file(request: Request) -> Response:
    """Give a file that a page is made of."""
    return _answer(request, request.path_params["name"])


async def icon(request: Request) -> Response:
    """Give the icon to browsers that ask for one unasked, as they do for a page that names none."""
    return _answer(request, "icon.svg")


def _text(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _answer(request: Request, name: str) -> Response:
    media_type = _MEDIA_TYPES.get(PurePosixPath(name).suffix)
    if media_type is not None and name in _SHARED:
        content = _SHARED[name]().encode()
    elif media_type is not None and any(name == file.name for file in _FILES.iterdir()):
        content = (_FILES / name).read_bytes()
    else:
        return not_found(request.url.path, request.headers.get("accept", ""))
    # Kept by the browser, and asked for again each time: modules of two versions must never meet in one page.
    headers = {"ETag": f'"{sha256(content).hexdigest()[:20]}"', "Cache-Control": "no-cache"}
    if has_tag(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


PAGES = (
    Route("/", live_page, methods=["GET"]),
    Route("/timetravel", time_travel_page, methods=["GET"]),
    Route("/static/{name}", static_file, methods=["GET"]),
    Route("/favicon.ico", icon, methods=["GET"]),
    *STORIES,
)
