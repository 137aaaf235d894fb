"""Problems on the wire: every error becomes RFC 9457 ``application/problem+json``, here only.

The caller's language is taken from Accept-Language (Chinese unless English is preferred). Request
validation never echoes the input: it may hold personal data.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from asyncpg import InterfaceError, PostgresError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from backend.core import errors
from backend.core.db import passes_by_itself
from backend.core.http.openapi import PROBLEM_MEDIA_TYPE
from backend.core.http.validation_words import sentence_for

_log = logging.getLogger(__name__)

_FAMILIES: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Forbidden, 403),
    (errors.Unavailable, 503),
    (errors.Unauthenticated, 401),
    (errors.TooMany, 429),
    (errors.TooLarge, 413),
    (errors.PreconditionFailed, 412),
    (errors.PreconditionRequired, 428),
    (errors.RuleBroken, 422),
)
_HTTP_WORDS = {
    400: ("请求无法理解", "The request could not be understood"),
    404: ("地址不存在", "There is nothing at this address"),
    405: ("此地址不支持该方法", "This address does not take that method"),
    413: ("内容超过上限", "The content is over the limit"),
}
_LANGUAGE = re.compile(r"(zh|en)(?:-[a-z0-9-]*)?(?:\s*;\s*q=([01](?:\.[0-9]{0,3})?))?")
_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)
_FAULTS_MAX = 200


class FaultOut(BaseModel):
    """One thing wrong with one place of the input."""

    code: str = Field(description="Stable code / 错误代码")
    message: str = Field(description="Sentence in the caller's language / 说明")
    row: int | None = Field(description="Row or feature number, as the clerk sees it / 行号")
    field: str | None = Field(description="Column or JSON path / 字段")
    subject: str | None = Field(description="Parcel, household or account concerned / 对象")


class Problem(BaseModel):
    """RFC 9457 problem details, with the faults of the input where there are several."""

    type: str = Field(description="Stable URI reference of the kind of problem")
    title: str = Field(description="One sentence in the caller's language / 说明")
    status: int = Field(description="The HTTP status")
    code: str = Field(description="Stable code for programs / 错误代码")
    request_id: str = Field(description="Quote it when asking for help / 请求编号")
    faults: list[FaultOut] = Field(description="Everything wrong with the input / 错误清单")


def language_of(request: Request) -> str:
    """Return ``en`` when the caller prefers English over Chinese, else ``zh``."""
    best, best_quality = "zh", 0.0
    for part in request.headers.get("accept-language", "").lower().split(","):
        match = _LANGUAGE.fullmatch(part.strip())
        if match is not None and (quality := float(match[2] or 1)) > best_quality:
            best, best_quality = match[1], quality
    return best


def problem_response(
    request: Request,
    status: int,
    code: str,
    title: str,
    faults: list[FaultOut] | None = None,
) -> JSONResponse:
    """Build the answer; a 401 carries its challenge, a busy one says when to retry."""
    problem = Problem(
        type=f"/problems/{code}",
        title=title,
        status=status,
        code=code,
        request_id=getattr(request.state, "request_id", "") or str(uuid4()),
        faults=faults or [],
    )
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (409, 429, 503):
        headers["Retry-After"] = "2"
    return JSONResponse(problem.model_dump(), status, headers, media_type=PROBLEM_MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Register the one mapping from errors to answers."""
    handlers: dict[Any, Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        errors.DomainError: _domain,
        RequestValidationError: _validation,
        HTTPException: _http,
        DBAPIError: _database,
        PostgresError: _database,
        InterfaceError: _unavailable,
        PoolTimeout: _unavailable,
        ConnectionError: _unavailable,
        ClientDisconnect: _gone,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _domain(request: Request, error: errors.DomainError) -> JSONResponse:
    status = next(status for family, status in _FAMILIES if isinstance(error, family))
    language = language_of(request)
    faults = [
        FaultOut(
            code=fault.code,
            message=fault.zh if language == "zh" else fault.en,
            row=fault.row,
            field=fault.field,
            subject=fault.subject,
        )
        for fault in error.faults
    ]
    return problem_response(request, status, error.code(), error.sentence(language), faults)


async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
    language = language_of(request)
    faults = [
        FaultOut(
            code=str(item["type"]),
            message=sentence_for(item, language),
            row=None,
            field=".".join(_step(step) for step in item["loc"]),
            subject=None,
        )
        for item in error.errors()[:_FAULTS_MAX]
    ]
    title = (
        "请求内容不符合要求" if language == "zh" else "The request does not have the required form"
    )
    return problem_response(request, 422, "bad-request-form", title, faults)


def _step(step: object) -> str:
    """Return a step of a place in the input; a key that the caller made up is not repeated."""
    return str(step) if isinstance(step, int) or _STEP.fullmatch(str(step)) else "?"


async def _gone(request: Request, _error: Exception) -> JSONResponse:
    """End a request whose caller hung up before its body was whole; nobody reads this."""
    return await _http(request, HTTPException(400))


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    zh, en = _HTTP_WORDS.get(error.status_code, ("请求被拒绝", "The request was refused"))
    response = problem_response(
        request,
        error.status_code,
        f"http-{error.status_code}",
        zh if language_of(request) == "zh" else en,
    )
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _database(request: Request, error: DBAPIError | PostgresError) -> JSONResponse:
    """Answer 503 for what passes by itself; anything else is a fault of ours."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or passes_by_itself(getattr(getattr(error, "orig", error), "sqlstate", None)):
        return await _unavailable(request, error)
    return unexpected(request, error)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    _log.warning("unavailable: %s", type(error).__name__)
    title = "服务暂时不可用，请稍后重试"
    if language_of(request) == "en":
        title = "The service is not available now; retry in a moment"
    return problem_response(request, 503, "unavailable", title)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Record an error of ours and answer 500 without a word of it."""
    # The exception's own text may hold values of the row: log its kind and place only.
    cause = getattr(error, "orig", None)
    constraint = getattr(getattr(cause, "__cause__", None), "constraint_name", None)
    _log.error("unexpected %s %s at %s", type(error).__name__, constraint or "", _place(error))
    title = (
        "服务出错，已记录" if language_of(request) == "zh" else "An error of ours; it was recorded"
    )
    return problem_response(request, 500, "internal-error", title)


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return "?"
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
