"""Access tokens (RFC 7519) of 15 minutes; they name the user, authority is in the database."""

from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

import jwt

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.errors import Unauthenticated
from backend.core.ids import new_id
from backend.core.principal import Grant, Principal, Role

_ALGORITHM = "HS256"
_AUDIENCE = "tianguanjia"
_REMEMBERED = 20_000
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


def claims_of(token: str, *, key: bytes) -> tuple[UUID, float]:
    """Return the user that a token names and the Unix second of its end.

    Raises ``Unauthenticated`` for a token that we did not sign in this form.
    """
    try:
        claims = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, options=_OPTIONS
        )
        return UUID(claims["sub"]), float(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthenticated from error


class TokenAuthenticator:
    """Reads the caller's authority from the database at every request.

    A signature that was found good stays good, so the newest tokens' claims are remembered; their
    end is compared with the clock every time.
    """

    def __init__(self, database: Database, clock: Clock, key: bytes) -> None:
        self._database = database
        self._clock = clock
        self._claims = lru_cache(maxsize=_REMEMBERED)(partial(claims_of, key=key))

    def user_of(self, token: str) -> UUID:
        """Return the user a token names; raise ``Unauthenticated`` when it does not hold now."""
        user_id, ends_at = self._claims(token)
        if ends_at <= self._clock.now().timestamp():
            raise Unauthenticated
        return user_id

    async def principal_of(self, user_id: UUID) -> Principal | None:
        """Return the caller with the grants in force now; ``None`` when switched off."""
        rows = await self._database.rows(_GRANTS, user_id)
        if not rows:
            return None
        grants = tuple(
            Grant(org_id=row["org_id"], role=Role(row["role"]), household_id=row["household_id"])
            for row in rows
            if row["org_id"] is not None
        )
        return Principal(user_id=user_id, kind=rows[0]["kind"], grants=grants)
