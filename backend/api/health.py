"""Liveness and readiness for whoever runs the service."""

from typing import Literal

from sqlalchemy import text
from starlette.requests import Request

from backend.core.db import APP_ROLE, PLATFORM_ORG_ID, Scope
from backend.core.errors import Unavailable
from backend.core.http.policy import Policy, guarded
from backend.core.http.route import router
from backend.core.http.runtime import runtime_of
from backend.core.wire import Out

routes = router("", "health")
_PUBLIC = Policy(audience="public", access="none")


class NotReady(Unavailable):
    """The database cannot be used the way the service needs it."""

    zh = "服务尚未就绪"
    en = "The service is not ready"


class HealthOut(Out):
    """Alive or ready."""

    status: Literal["ok"]


@routes.get("/healthz")
@guarded(_PUBLIC)
async def check_alive() -> HealthOut:
    """Say that the process answers (存活)."""
    return HealthOut(status="ok")


@routes.get("/readyz")
@guarded(_PUBLIC)
async def check_ready(request: Request) -> HealthOut:
    """Say that the database answers and that row-level security binds us (就绪)."""
    scope = Scope(org_id=PLATFORM_ORG_ID)
    async with runtime_of(request).database.read(scope) as session:
        row = (
            await session.execute(
                text(
                    "SELECT current_user AS role, rolsuper OR rolbypassrls AS unbound"
                    " FROM pg_roles WHERE rolname = current_user"
                )
            )
        ).one()
    if row.role != APP_ROLE or row.unbound:
        raise NotReady
    return HealthOut(status="ok")
