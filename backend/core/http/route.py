"""The route class of every operation: sign-in, policy, strict body, unit of work, idempotency.

It wraps FastAPI's own handler, so the transaction is committed after the answer was built and
before its first byte is sent: what a caller was told is what the database holds, and the stored
idempotent answer is part of the same transaction.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from email.message import Message as MediaType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, ReadSession, Scope, WriteSession
from backend.core.errors import NotFound, RoleMissing, RuleBroken, TooLarge, Unauthenticated
from backend.core.http import idempotency, strict_json
from backend.core.http.etag import expected_version
from backend.core.http.openapi import described
from backend.core.http.policy import Policy, policy_of
from backend.core.http.runtime import runtime_of
from backend.core.principal import Principal

Handler = Callable[[Request], Awaitable[Response]]
_SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
_LOCK_NOT_AVAILABLE = "55P03"
_UNIQUE_VIOLATION = "23505"
_ATTEMPTS = 8
_PARSED_IN_THREAD_BYTES = 256 * 1024


class FormNeeded(RuleBroken):
    """The operation takes a file in a form, and the body is none that can be read."""

    zh = "此操作须以 multipart/form-data 上传文件"
    en = "Upload the file as multipart/form-data"


class TextRefused(RuleBroken):
    """The address holds a character that no database keeps."""

    zh = "地址中有空字符"
    en = "The address holds a NUL character"


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
        takes_form = self.body_field is not None and isinstance(
            self.body_field.field_info, params.Form
        )

        if policy.access == "statement":
            return self.answer_by_statement

        async def handle(request: Request) -> Response:
            if "\x00" in request.url.path or b"%00" in request.scope["query_string"]:
                raise TextRefused
            principal = await _signed_in(request, policy)
            scope = _scope(principal, policy, request)
            request.state.principal, request.state.scope = principal, scope
            if policy.versioned:
                expected_version(request)
            if policy.idempotent:
                idempotency.checked_key(request.headers.get("idempotency-key"))
            request = _limited(request, policy.body_bytes_max)
            database = runtime_of(request).database
            try:
                # The whole body first: a slow caller must not hold a connection.
                body = await (_form(request) if takes_form else _strict_body(request))
                if policy.access == "none":
                    return await inner(request)
                if policy.access == "read":
                    async with database.read(scope) as session:
                        request.state.session = session
                        return await inner(request)
                return await _write(request, inner, policy, action, body, form=takes_form)
            finally:
                # A form that we parsed is ours to close.
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
    if policy.audience == "farmer" and not principal.households():
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
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > bytes_max):
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

    Starlette keeps a parsed body in ``_json``; putting ours there makes FastAPI use it, so what
    is JSON is decided here in the way that FastAPI does. Large bodies are parsed in a thread.
    """
    body = await request.body()
    media = MediaType()
    media["content-type"] = request.headers.get("content-type", "")
    kind, subtype = media.get_content_maintype(), media.get_content_subtype()
    if body and kind == "application" and (subtype == "json" or subtype.endswith("+json")):
        if len(body) < _PARSED_IN_THREAD_BYTES:
            parsed = strict_json.parse(body)
        else:
            parsed = await asyncio.to_thread(strict_json.parse, body)
        request._json = parsed  # noqa: SLF001 -- see the docstring
    return body


async def _form(request: Request) -> bytes:
    """Receive a multipart form, spooled to disk above 1 MB; return a digest of its parts."""
    media_type = request.headers.get("content-type", "").strip().lower()
    if not media_type.startswith("multipart/form-data"):
        raise FormNeeded
    try:
        return await idempotency.form_digest(await request.form())
    except (HTTPException, UnicodeError) as error:
        raise FormNeeded from error


async def _write(
    request: Request, inner: Handler, policy: Policy, action: str, body: bytes, *, form: bool
) -> Response:
    """Run the operation as one unit of work, again when the database could not serialise it."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _write_once(request, inner, policy, action, body)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state == _LOCK_NOT_AVAILABLE:
                raise idempotency.TwinStillRunning from error
            # Who looked, saw nothing and inserted beside a twin will see the twin's row now.
            again = state == _UNIQUE_VIOLATION and attempt == 1
            if not again and (state not in _SERIALIZATION_FAILURES or attempt == _ATTEMPTS):
                raise
            # Those who collided would collide again if all came back at once.
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 -- no secret
            if form:
                await idempotency.form_digest(await request.form())
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
            fingerprint=idempotency.fingerprint(request.url.query.encode(), body),
        )
        stored = await idempotency.claim(session, claim)
        if stored is not None:
            command.idle = True
            return stored
        response = await inner(request)
        await idempotency.store(session, claim, response)
        return response


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
