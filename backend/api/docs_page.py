"""The page that shows the OpenAPI document, with its scripts served from here.

Swagger UI comes inside a package: the page works without the Internet, and asks no other host.
"""

import importlib.util
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_ASSETS = "/docs/assets"


def add_docs_page(app: FastAPI) -> None:
    """Serve the page at ``/docs`` and its scripts below it."""
    found = importlib.util.find_spec("fastapi_offline")
    if found is None or found.origin is None:
        msg = "the package fastapi-offline is not installed"
        raise RuntimeError(msg)
    app.mount(_ASSETS, StaticFiles(directory=Path(found.origin).parent / "static"))
    app.add_route("/docs", _page, include_in_schema=False)


async def _page(_request: Request) -> Response:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="田管家 Tianguanjia",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
    )
