"""Idempotency-Key: claim, work and stored answer share one transaction.

A second request with the same key waits for the first (2 s at most), then gets the stored answer
byte for byte. The same key with another body is refused. Refusals are not stored: they changed
nothing, so trying again is right.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field, SQLModel
from starlette.datastructures import FormData
from starlette.responses import Response

from backend.core.columns import server_now, tenant_key
from backend.core.db import WriteSession
from backend.core.errors import Conflict, RuleBroken

_KEY = re.compile(r"[\x21-\x7e]{8,128}")


class IdempotencyKeyMissing(RuleBroken):
    """The operation creates work or moves money and came without a usable key."""

    zh = "此操作必须带 Idempotency-Key 请求头（8 至 128 个可见 ASCII 字符）"
    en = "Send an Idempotency-Key header of 8 to 128 visible ASCII characters"


class IdempotencyKeyReused(RuleBroken):
    """The key was used before with another body."""

    zh = "该 Idempotency-Key 已用于内容不同的请求"
    en = "The Idempotency-Key was already used with another body"


class TwinStillRunning(Conflict):
    """The same request is being carried out at this moment."""

    zh = "相同的请求正在处理，请稍后重试"
    en = "The same request is being carried out; retry in a moment"


class IdempotencyRecord(SQLModel, table=True):
    """A request that was carried out, and its answer (幂等记录)."""

    __tablename__ = "idempotency_record"

    org_id: int = tenant_key()
    """The tenant in which the request worked (组织)."""
    user_id: UUID = Field(primary_key=True)
    """The caller (用户)."""
    operation: str = Field(primary_key=True)
    """Method and path of the request (操作)."""
    key: str = Field(primary_key=True)
    """The caller's key (幂等键)."""
    fingerprint: bytes
    """SHA-256 of the request's body and query (指纹)."""
    status: int
    """The answer's HTTP status (状态码)."""
    content_type: str
    """The answer's media type (类型)."""
    etag: str | None = None
    """The answer's ETag, if it had one (版本)."""
    body: bytes
    """The answer's bytes (应答)."""
    recorded_at: datetime = server_now()
    """When it was carried out, UTC (时间)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request's claim on its key."""

    org_id: int
    user_id: UUID
    operation: str
    key: str
    fingerprint: bytes


def checked_key(key: str | None) -> str:
    """Return the header's value; raise `IdempotencyKeyMissing` when it is absent or unusable."""
    if key is None or not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing
    return key


def fingerprint(*parts: bytes) -> bytes:
    """Return SHA-256 over the request's distinguishing bytes, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def claim(session: WriteSession, wanted: Claim) -> Response | None:
    """Take the key for this transaction, or return the answer of the request that has it.

    The insert waits on the unique key while a twin is under way; after ``lock_timeout`` the
    database raises 55P03, which becomes `TwinStillRunning`.
    """
    await session.execute(text("SET LOCAL lock_timeout = '2s'"))
    values = {
        "org": wanted.org_id,
        "user": wanted.user_id,
        "operation": wanted.operation,
        "key": wanted.key,
    }
    inserted = await session.execute(
        text(
            """
            INSERT INTO idempotency_record
              (org_id, user_id, operation, key, fingerprint, status, content_type, body)
            VALUES (:org, :user, :operation, :key, :fingerprint, 0, '', '')
            ON CONFLICT DO NOTHING RETURNING 1
            """
        ),
        values | {"fingerprint": wanted.fingerprint},
    )
    claimed = inserted.first() is not None
    await session.execute(text("SET LOCAL lock_timeout = '10s'"))
    if claimed:
        return None
    row = (
        await session.execute(
            text(
                """
                SELECT fingerprint, status, content_type, etag, body FROM idempotency_record
                WHERE org_id = :org AND user_id = :user AND operation = :operation AND key = :key
                """
            ),
            values,
        )
    ).one()
    if row.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused
    headers = {"Idempotent-Replayed": "true"} | ({"ETag": row.etag} if row.etag else {})
    return Response(row.body, row.status, headers, media_type=row.content_type)


async def store(session: WriteSession, claimed: Claim, answer: Response) -> None:
    """Keep the answer beside the work it reports, in the same transaction."""
    await session.execute(
        text(
            """
            UPDATE idempotency_record
            SET status = :status, content_type = :content_type, etag = :etag, body = :body
            WHERE org_id = :org AND user_id = :user AND operation = :operation AND key = :key
            """
        ),
        {
            "org": claimed.org_id,
            "user": claimed.user_id,
            "operation": claimed.operation,
            "key": claimed.key,
            "status": answer.status_code,
            "content_type": answer.headers.get("content-type", "application/json"),
            "etag": answer.headers.get("etag"),
            "body": bytes(answer.body),
        },
    )


async def form_digest(form: FormData) -> bytes:
    """Return SHA-256 over a form's fields and files, reading files in pieces."""
    digest = hashlib.sha256()
    for name, value in form.multi_items():
        digest.update(name.encode() + b"\x00")
        if isinstance(value, str):
            digest.update(value.encode() + b"\x00")
            continue
        digest.update((value.filename or "").encode() + b"\x00")
        await value.seek(0)
        while piece := await value.read(1024 * 1024):
            digest.update(piece)
        await value.seek(0)
    return digest.digest()
