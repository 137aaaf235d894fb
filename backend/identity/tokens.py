"""Access tokens (RFC 7519) of 15 minutes; they name the user, authority is in the database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import jwt

from backend.core.clock import Clock
from backend.core.errors import Unauthenticated
from backend.core.ids import new_id
from backend.core.principal import Grant, Principal, Role

_ALGORITHM = "HS256"
_AUDIENCE = "tianguanjia"
# Expiry is checked against our own clock, which a test or the demo may hold still.
_OPTIONS: jwt.types.Options = {
    "require": ["sub", "exp", "aud"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_GRANTS = """
SELECT u.kind, g.org_id, g.role, g.household_id
FROM user_account u
LEFT JOIN role_grant g ON g.user_id = u.id AND g.revoked_at IS NULL
WHERE u.id = $1 AND u.disabled_at IS NULL
"""


def issue(user_id: UUID, *, key: bytes, now: datetime, minutes: int) -> str:
    """Return a signed access token for ``user_id`` that ends ``minutes`` after ``now``."""
    claims = {
        "sub": str(user_id),
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + timedelta(minutes=minutes),
        "jti": str(new_id()),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def user_of(token: str, *, key: bytes, now: datetime) -> UUID:
    """Return the user a token names; raise ``Unauthenticated`` when it does not hold at ``now``."""
    try:
        claims = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, options=_OPTIONS
        )
        if datetime.fromtimestamp(int(claims["exp"]), UTC) <= now:
            raise Unauthenticated
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError, OverflowError) as error:
        raise Unauthenticated from error


class TokenAuthenticator:
    """Reads the caller's authority from the database at every request."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, key: bytes) -> None:
        self._pool = pool
        self._clock = clock
        self._key = key

    async def authenticate(self, token: str) -> Principal:
        """Return the caller with the grants in force now; raise ``Unauthenticated``."""
        user_id = user_of(token, key=self._key, now=self._clock.now())
        rows = await self._pool.fetch(_GRANTS, user_id)
        if not rows:
            raise Unauthenticated
        grants = tuple(
            Grant(org_id=row["org_id"], role=Role(row["role"]), household_id=row["household_id"])
            for row in rows
            if row["org_id"] is not None
        )
        return Principal(user_id=user_id, kind=rows[0]["kind"], grants=grants)
