"""The frame around every request, and the fast lane of the hottest reads."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.errors import DomainError
from backend.core.http.problem import unexpected
from backend.core.ids import new_id

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_NOT_KEPT = (b"cache-control", b"no-store")


class AnswerBrokenOff(RuntimeError):
    """An answer failed after its first byte: the server has to cut the connection."""


class RequestFrame:
    """Gives each request an id, and each answer headers that keep browsers careful.

    An error that nobody handled ends here: passed on, it would reach the server's log with its
    text, which may hold personal data.

    Answers under ``/v1/`` are personal or belong to one organisation: nothing keeps a copy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; lifespan messages pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        added = [(b"x-request-id", request_id.encode()), *_HEADERS]
        if scope["path"].startswith("/v1/"):
            added.append(_NOT_KEPT)

        started = False

        async def framed(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:  # noqa: BLE001 -- the last place that can answer
            answer = unexpected(Request(scope), error)
            if started:
                raise AnswerBrokenOff from None
            await answer(scope, receive, framed)


class FastLane:
    """Answers the hottest reads before the framework's routing.

    A lane is a GET's path and the handler that the route itself has. Only success leaves here:
    whatever a handler refuses goes through the framework, which tries once more and words the
    refusal. A read may be tried twice.
    """

    def __init__(
        self, app: ASGIApp, lanes: Mapping[str, Callable[[Request], Awaitable[Response]]]
    ) -> None:
        self._app = app
        self._lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by its lane, or pass it on."""
        lane = None
        if scope["type"] == "http" and scope["method"] == "GET":
            lane = self._lanes.get(scope["path"])
        if lane is not None:
            try:
                response = await lane(Request(scope))
            except DomainError:
                lane = None
            else:
                await response(scope, receive, send)
        if lane is None:
            await self._app(scope, receive, send)
