"""The verbs of identity: register and grant, ask for a code, sign in, refresh, sign out."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import argon2
from sqlalchemy import func, text, update
from sqlmodel import col, select

from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.principal import Role
from backend.identity import rules
from backend.identity.errors import LoginNameTaken, TooManyCodes
from backend.identity.models import OtpChallenge, RefreshToken, RoleGrant, UserAccount

_hasher = argon2.PasswordHasher()
# A wrong name costs the same time as a wrong password.
_DUMMY_HASH = _hasher.hash("no user has this password")


async def register_staff(
    session: WriteSession, *, login_name: str, display_name: str, password: str
) -> UserAccount:
    """Add a staff user; raise `LoginNameTaken`. ``password``: at least 12 characters."""
    taken = await session.scalar(select(UserAccount.id).where(UserAccount.login_name == login_name))
    if taken is not None:
        raise LoginNameTaken(login_name=login_name)
    user = UserAccount(
        kind="staff",
        login_name=login_name,
        display_name=display_name,
        password_hash=await asyncio.to_thread(_hasher.hash, password),
    )
    session.add(user)
    await session.flush()
    return user


async def register_farmer(
    session: WriteSession, sealer: Sealer, *, phone: str, display_name: str
) -> UserAccount:
    """Add a farmer who signs in by ``phone``, or return the one who already does."""
    index = sealer.blind_index("phone", phone)
    known = await session.scalar(select(UserAccount).where(UserAccount.phone_index == index))
    if known is not None:
        return known
    user = UserAccount(kind="farmer", display_name=display_name, phone_index=index)
    user.phone_sealed = sealer.seal(0, "user.phone", str(user.id), phone)
    session.add(user)
    await session.flush()
    return user


async def grant(
    session: WriteSession,
    *,
    user_id: UUID,
    org_id: int,
    role: Role,
    household_id: UUID | None = None,
) -> None:
    """Give a role; giving it twice changes nothing."""
    known = await session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.user_id == user_id,
            RoleGrant.org_id == org_id,
            RoleGrant.role == role,
            col(RoleGrant.household_id).is_not_distinct_from(household_id),
            col(RoleGrant.revoked_at).is_(None),
        )
    )
    if known is None:
        session.add(RoleGrant(user_id=user_id, org_id=org_id, role=role, household_id=household_id))
        await session.flush()


async def ask_for_code(
    session: WriteSession, sealer: Sealer, *, phone: str, now: datetime, key: bytes
) -> str | None:
    """Record a new code for ``phone``; return it when a farmer signs in by that number.

    Known and unknown numbers leave the same trace, so an answer tells nothing. Raises
    `TooManyCodes` after five in an hour or within a minute of the last.
    """
    index = sealer.blind_index("phone", phone)
    # One at a time for each number, or two requests could both see the fourth.
    await session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:7]))))
    sent = await session.execute(
        text(
            "SELECT count(*), max(sent_at) FROM otp_challenge"
            " WHERE phone_index = :index AND sent_at > :since"
        ),
        {"index": index, "since": now - timedelta(hours=1)},
    )
    count, last = sent.one()
    if count >= rules.OTP_PER_HOUR_MAX or (last is not None and last > now - rules.OTP_PAUSE):
        raise TooManyCodes
    code = rules.new_code()
    session.add(
        OtpChallenge(
            phone_index=index,
            code_hash=rules.code_hash(key, index, code),
            sent_at=now,
            expires_at=now + rules.OTP_LIFETIME,
        )
    )
    farmer = await session.scalar(
        select(UserAccount.id).where(
            UserAccount.phone_index == index, col(UserAccount.disabled_at).is_(None)
        )
    )
    return None if farmer is None else code


async def user_by_code(
    session: WriteSession, sealer: Sealer, *, phone: str, code: str, now: datetime, key: bytes
) -> UUID | None:
    """Spend one guess on the newest code of ``phone``; return the farmer when it is right.

    The guess is counted by a row update, so many at once still make five at most. The caller
    commits before it refuses: a wrong guess must stay counted.
    """
    index = sealer.blind_index("phone", phone)
    newest = (
        select(OtpChallenge.id)
        .where(OtpChallenge.phone_index == index)
        .order_by(col(OtpChallenge.sent_at).desc())
        .limit(1)
        .scalar_subquery()
    )
    spent = await session.execute(
        update(OtpChallenge)
        .where(
            col(OtpChallenge.id) == newest,
            col(OtpChallenge.attempts) < rules.OTP_ATTEMPTS_MAX,
            col(OtpChallenge.used_at).is_(None),
            col(OtpChallenge.expires_at) > now,
        )
        .values(attempts=OtpChallenge.attempts + 1)
        .returning(col(OtpChallenge.id), col(OtpChallenge.code_hash))
    )
    row = spent.first()
    if row is None or row.code_hash != rules.code_hash(key, index, code):
        return None
    await session.execute(
        update(OtpChallenge).where(col(OtpChallenge.id) == row.id).values(used_at=now)
    )
    return await session.scalar(
        select(UserAccount.id).where(
            UserAccount.phone_index == index, col(UserAccount.disabled_at).is_(None)
        )
    )


async def user_by_password(
    session: WriteSession, *, login_name: str, password: str, now: datetime
) -> UUID | None:
    """Return the staff user whose password this is; count a wrong one and lock after ten.

    The caller commits before it refuses: a failure must stay counted.
    """
    user = await session.scalar(
        select(UserAccount).where(UserAccount.login_name == login_name).with_for_update()
    )
    locked = user is None or (user.locked_until is not None and user.locked_until > now)
    stored = _DUMMY_HASH if user is None or user.password_hash is None else user.password_hash
    right = await asyncio.to_thread(_matches, stored, password)
    if user is None or locked or user.disabled_at is not None:
        return None
    if right:
        user.failures, user.locked_until = 0, None
        return user.id
    user.failures += 1
    if user.failures >= rules.PASSWORD_FAILURES_MAX:
        user.failures, user.locked_until = 0, now + rules.PASSWORD_LOCK
    return None


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except argon2.exceptions.VerificationError:
        return False


async def start_refresh_family(
    session: WriteSession, *, user_id: UUID, now: datetime, days: int
) -> str:
    """Return the first refresh token of a new sign-in."""
    return await _next_refresh_token(
        session, family_id=new_id(), user_id=user_id, expires_at=now + timedelta(days=days)
    )


async def exchange_refresh_token(
    session: WriteSession, *, token: str, now: datetime
) -> tuple[UUID, str] | None:
    """Return the user and the next token; ``None`` for an unknown, ended or reused token.

    A second use means that two hold the token: the whole family is revoked (RFC 9700 §4.14.2).
    The caller commits before it refuses.
    """
    row = await session.scalar(
        select(RefreshToken)
        .where(RefreshToken.token_hash == rules.token_hash(token))
        .with_for_update()
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.used_at is not None:
        await revoke_family(session, family_id=row.family_id, now=now)
        return None
    row.used_at = now
    following = await _next_refresh_token(
        session, family_id=row.family_id, user_id=row.user_id, expires_at=row.expires_at
    )
    return row.user_id, following


async def revoke_family(session: WriteSession, *, family_id: UUID, now: datetime) -> None:
    """End a sign-in: none of its refresh tokens works any more."""
    await session.execute(
        update(RefreshToken)
        .where(col(RefreshToken.family_id) == family_id, col(RefreshToken.revoked_at).is_(None))
        .values(revoked_at=now)
    )


async def sign_out(session: WriteSession, *, token: str, now: datetime) -> None:
    """End the sign-in that ``token`` belongs to; an unknown token changes nothing."""
    family = await session.scalar(
        select(RefreshToken.family_id).where(RefreshToken.token_hash == rules.token_hash(token))
    )
    if family is not None:
        await revoke_family(session, family_id=family, now=now)


async def _next_refresh_token(
    session: WriteSession, *, family_id: UUID, user_id: UUID, expires_at: datetime
) -> str:
    token = rules.new_refresh_token()
    session.add(
        RefreshToken(
            family_id=family_id,
            user_id=user_id,
            token_hash=rules.token_hash(token),
            expires_at=expires_at,
        )
    )
    await session.flush()
    return token
