"""Versions of editable resources: ETag out, If-Match in (RFC 9110 §13.1.1)."""

import re
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from backend.core.errors import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'"v(\d{1,9})"')


def etag_of(version: int) -> str:
    """Return the entity tag of a row version."""
    return f'"v{version}"'


def expected_version(request: Request) -> int:
    """Return the version the caller read; raise `PreconditionRequired` or `PreconditionFailed`.

    A tag that this service never made cannot match.
    """
    tag = request.headers.get("if-match")
    if tag is None:
        raise PreconditionRequired
    match = _TAG.fullmatch(tag.strip())
    if match is None:
        raise PreconditionFailed
    return int(match.group(1))


def tag_response(response: Response, version: int) -> None:
    """Put the row's version on the answer."""
    response.headers["ETag"] = etag_of(version)


ExpectedVersion = Annotated[int, Depends(expected_version)]
