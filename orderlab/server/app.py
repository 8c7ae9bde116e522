"""The application: its routes, and what every request goes through."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from orderlab.server.access import Access
from orderlab.server.backend import Backend
from orderlab.server.docs import docs
from orderlab.server.guard import Guard
from orderlab.server.openapi import openapi
from orderlab.server.operations import OPERATIONS
from orderlab.server.pages import PAGES
from orderlab.server.problems import Problem, problem_response
from orderlab.server.signs import not_found
from orderlab.server.websocket import follow, no_websocket, nowhere

ROUTES = (
    *(Route(each.path, each.endpoint, methods=[each.method]) for each in OPERATIONS),
    Route("/openapi.json", openapi, methods=["GET"]),
    Route("/docs", docs, methods=["GET"]),
    *PAGES,
    WebSocketRoute("/ws", follow),
    Route("/ws", no_websocket, methods=["GET"]),
    WebSocketRoute("/{path:path}", nowhere),
)


def create_app(backend: Backend, access: Access) -> ASGIApp:
    """Return the server's application.

    Args:
        backend: What stands behind the routes; open for as long as the application is served.
        access: Who may use it.
    """
    app = Starlette(
        routes=ROUTES,
        exception_handlers={Problem: _problem, HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False  # an address has one form; another one is told as a problem, as the rest is
    app.state.backend = backend
    return Guard(app, access=access, new_id=backend.new_correlation_id)


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem_response(problem)


async def _failed(request: Request, error: Exception) -> Response:
    """Leave what nobody foresaw to the guard, which tells of it as a problem: Starlette would answer plain text."""
    raise error


async def _refused(request: Request, refused: Exception) -> Response:
    """Tell of what no route takes as the problem that it is."""
    assert isinstance(refused, HTTPException)
    if refused.status_code == 405:  # noqa: PLR2004 - the routes raise this and 404 alone
        allowed = _methods_of(request.scope["path"])  # the exception names those of the first route alone
        detail = f"{request.url.path} does not take {request.method}, but {allowed}"
        return problem_response(Problem("method_not_allowed", detail, headers={"Allow": allowed}))
    return not_found(request.url.path, request.headers.get("accept", ""))


def _methods_of(path: str) -> str:
    """Return the methods that a path takes."""
    routes = [route for route in ROUTES if isinstance(route, Route) and route.path_regex.match(path)]
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))
