"""The route class of every operation: sign-in, policy, strict body, unit of work, idempotency.

It wraps FastAPI's own handler, so the transaction is committed after the answer was built and
before its first byte is sent: what a caller was told is what the database holds, and the stored
idempotent answer is part of the same transaction.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, ReadSession, Scope, WriteSession
from backend.core.errors import NotFound, RoleMissing, TooLarge, Unauthenticated
from backend.core.http import idempotency, strict_json
from backend.core.http.etag import expected_version
from backend.core.http.openapi import described
from backend.core.http.policy import Policy, policy_of
from backend.core.http.runtime import runtime_of
from backend.core.principal import Principal

Handler = Callable[[Request], Awaitable[Response]]
_SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
_LOCK_NOT_AVAILABLE = "55P03"
_ATTEMPTS = 8


class PolicyRoute(APIRoute):
    """One operation with its declared `Policy`; without one the import fails."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.policy = policy_of(endpoint)
        options = described(options, endpoint, self.policy)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Any:
        """Wrap FastAPI's handler with the guards of the policy."""
        inner: Handler = super().get_route_handler()
        policy = self.policy
        action = self.operation_id or self.name

        if policy.access == "statement":
            return self.answer_by_statement

        async def handle(request: Request) -> Response:
            principal = await _signed_in(request, policy)
            scope = _scope(principal, policy, request)
            request.state.principal, request.state.scope = principal, scope
            if policy.versioned:
                expected_version(request)
            request = _limited(request, policy.body_bytes_max)
            body = await _strict_body(request)
            database = runtime_of(request).database
            try:
                if policy.access == "none":
                    return await inner(request)
                if policy.access == "read":
                    async with database.read(scope) as session:
                        request.state.session = session
                        return await inner(request)
                return await _write(request, inner, policy, action, body)
            finally:
                # A form that we parsed for its digest is ours to close.
                await request.close()

        return handle

    async def answer_by_statement(self, request: Request) -> Response:
        """Call the endpoint with the user that the token names; its statement does the rest."""
        authenticator = runtime_of(request).authenticator
        request.state.user_id = authenticator.user_of(_bearer(request))
        answer: Response = await self.endpoint(request)
        return answer


def fast_lanes(routers: Iterable[APIRouter]) -> dict[str, Handler]:
    """Return the handlers of the routers' ``statement`` operations by their fixed paths."""
    return {
        route.path: route.answer_by_statement
        for one in routers
        for route in one.routes
        if isinstance(route, PolicyRoute) and route.policy.access == "statement"
    }


def router(prefix: str, tag: str) -> APIRouter:
    """Return a router whose every operation must declare a policy."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=PolicyRoute)


async def _signed_in(request: Request, policy: Policy) -> Principal | None:
    """Return the caller; raise `Unauthenticated` unless the operation is public."""
    if policy.audience == "public":
        return None
    authenticator = runtime_of(request).authenticator
    principal = await authenticator.principal_of(authenticator.user_of(_bearer(request)))
    if principal is None:
        raise Unauthenticated
    if policy.audience not in ("any", principal.kind):
        raise RoleMissing
    return principal


def _bearer(request: Request) -> str:
    """Return the request's bearer token; raise `Unauthenticated` when there is none."""
    # Read from the raw list: building Starlette's mapping costs more than the look.
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and token:
                return str(token)
    raise Unauthenticated


def _scope(principal: Principal | None, policy: Policy, request: Request) -> Scope:
    """Return whose rows the request may see; not visible is not found."""
    if principal is None:
        return Scope(org_id=PLATFORM_ORG_ID)
    if policy.audience != "staff":
        return Scope(
            org_id=PLATFORM_ORG_ID, read_org_ids=principal.orgs(), user_id=principal.user_id
        )
    raw = request.path_params.get("org_id", "")
    # A path that is no number is answered like a number that is nobody's.
    org_id = int(raw) if str(raw).isascii() and str(raw).isdigit() and len(str(raw)) < 19 else 0
    roles = principal.roles_in(org_id)
    if not roles:
        raise NotFound(what=f"组织 {org_id}" if org_id else "组织")
    if not roles & policy.roles:
        raise RoleMissing
    return Scope(org_id=org_id, user_id=principal.user_id)


def _limited(request: Request, bytes_max: int) -> Request:
    """Return the request with a body that ends in `TooLarge` once it passes the limit.

    A declared length is refused before anything is read. Starlette's own limiter is not used
    because it answers in plain text.
    """
    limit = f"{bytes_max // 1024} KB"
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > bytes_max:
        raise TooLarge(limit=limit)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > bytes_max:
            raise TooLarge(limit=limit)
        return message

    return Request(request.scope, receive)


async def _strict_body(request: Request) -> bytes:
    """Parse a JSON body strictly before FastAPI reads it; return the raw bytes.

    Starlette keeps a parsed body in ``_json``; putting ours there makes FastAPI use it. Other
    media types (uploads) are left on the wire for the endpoint to stream.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith("multipart/"):
        return b""
    body = await request.body()
    if body and content_type in ("application/json", "application/merge-patch+json"):
        request._json = strict_json.parse(body)  # noqa: SLF001 -- see the docstring
    return body


async def _write(
    request: Request, inner: Handler, policy: Policy, action: str, body: bytes
) -> Response:
    """Run the operation as one unit of work, again when the database could not serialise it."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _write_once(request, inner, policy, action, body)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state == _LOCK_NOT_AVAILABLE:
                raise idempotency.TwinStillRunning from error
            if state not in _SERIALIZATION_FAILURES or attempt == _ATTEMPTS:
                raise
            # Those who collided would collide again if all came back at once.
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 -- no secret
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _write_once(
    request: Request, inner: Handler, policy: Policy, action: str, body: bytes
) -> Response:
    scope: Scope = request.state.scope
    command = Command(action=action, subject=request.url.path)
    request.state.command = command
    database = runtime_of(request).database
    async with database.write(scope, command, serializable=policy.serializable) as session:
        request.state.session = session
        if not policy.idempotent or scope.user_id is None:
            return await inner(request)
        claim = idempotency.Claim(
            org_id=scope.org_id,
            user_id=scope.user_id,
            operation=f"{request.method} {request.url.path}",
            key=idempotency.checked_key(request.headers.get("idempotency-key")),
            fingerprint=idempotency.fingerprint(
                request.url.query.encode(), body or await _upload_digest(request)
            ),
        )
        stored = await idempotency.claim(session, claim)
        if stored is not None:
            command.replayed = True
            return stored
        response = await inner(request)
        await idempotency.store(session, claim, response)
        return response


async def _upload_digest(request: Request) -> bytes:
    """Return a digest of a multipart form's parts, which are spooled to disk above 1 MB."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return b""
    return await idempotency.form_digest(await request.form())


def current_principal(request: Request) -> Principal:
    """Give the endpoint its caller."""
    principal: Principal | None = request.state.principal
    if principal is None:
        raise Unauthenticated
    return principal


def current_scope(request: Request) -> Scope:
    """Give the endpoint the scope that its session has."""
    scope: Scope = request.state.scope
    return scope


def read_session(request: Request) -> ReadSession:
    """Give the endpoint the read-only session of this request."""
    return ReadSession(request.state.session)


def unit_of_work(request: Request) -> WriteSession:
    """Give the endpoint the unit of work that the route commits."""
    return WriteSession(request.state.session)


Caller = Annotated[Principal, Depends(current_principal)]
CallerScope = Annotated[Scope, Depends(current_scope)]
Reading = Annotated[ReadSession, Depends(read_session)]
Writing = Annotated[WriteSession, Depends(unit_of_work)]
