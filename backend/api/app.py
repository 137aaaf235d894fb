"""`create_app`: the parts, the route table and the middleware, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.api import health
from backend.api.docs_page import add_docs_page
from backend.api.document import document
from backend.api.middleware import FastLane, RequestFrame
from backend.api.table import ROUTERS
from backend.core.clock import Clock, SystemClock
from backend.core.crypto import Sealer
from backend.core.db import Database
from backend.core.http.problem import add_problem_handlers
from backend.core.http.route import fast_lanes
from backend.core.http.runtime import Runtime, TextMessages
from backend.core.settings import Settings
from backend.gateways.sms import HttpSms, SandboxSms
from backend.identity.tokens import TokenAuthenticator


def create_app(
    settings: Settings,
    *,
    database_url: str,
    clock: Clock | None = None,
    sms: TextMessages | None = None,
) -> FastAPI:
    """Return the ASGI application; its database is opened when it starts and closed at its end.

    ``clock`` and ``sms`` stand in for the machine's clock and the configured gateway.
    """
    clock = clock or SystemClock()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await Database.open(database_url)
        app.state.runtime = Runtime(
            settings=settings,
            clock=clock,
            sealer=Sealer(settings.master_key),
            database=database,
            authenticator=TokenAuthenticator(database, clock, settings.token_key),
            sms=sms or _sms(settings),
        )
        try:
            yield
        finally:
            await database.close()

    app = FastAPI(
        title="田管家 Tianguanjia",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A redirect would repeat the caller's Host header.
        redirect_slashes=False,
    )
    for router in (health.routes, *ROUTERS):
        app.include_router(router)
    add_docs_page(app)
    add_problem_handlers(app)
    app.add_middleware(FastLane, lanes=fast_lanes(ROUTERS))
    app.add_middleware(RequestFrame)
    # Replacing the method is the way that FastAPI documents.
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def _sms(settings: Settings) -> TextMessages:
    if settings.sms_gateway == "http" and settings.sms_url is not None:
        return HttpSms(settings.sms_url, settings.sms_token)
    return SandboxSms()
