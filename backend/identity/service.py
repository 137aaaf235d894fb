"""The verbs of identity: register and grant, ask for a code, sign in, refresh, sign out."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import argon2
from sqlalchemy import case, func, or_, text, update
from sqlmodel import col, select

from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.principal import Role
from backend.identity import rules
from backend.identity.errors import LoginNameTaken, TooManyCodes
from backend.identity.models import OtpChallenge, RefreshToken, RoleGrant, UserAccount

_hasher = argon2.PasswordHasher()
# Each hash takes 64 MB: two at a time, in threads that nothing else waits for.
_hashing = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# A wrong name costs the same time as a wrong password.
_DUMMY_HASH = _hasher.hash("no user has this password")


async def register_staff(
    session: WriteSession, *, login_name: str, display_name: str, password: str
) -> UserAccount:
    """Add a staff user; raise `LoginNameTaken`. ``password``: at least 12 characters."""
    password_hash = await asyncio.get_running_loop().run_in_executor(
        _hashing, _hasher.hash, password
    )
    taken = await session.scalar(select(UserAccount.id).where(UserAccount.login_name == login_name))
    if taken is not None:
        raise LoginNameTaken(login_name=login_name)
    user = UserAccount(
        kind="staff",
        login_name=login_name,
        display_name=display_name,
        password_hash=password_hash,
    )
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
    if row is None or not rules.same_hash(row.code_hash, rules.code_hash(key, index, code)):
        return None
    await session.execute(
        update(OtpChallenge).where(col(OtpChallenge.id) == row.id).values(used_at=now)
    )
    return await session.scalar(
        select(UserAccount.id).where(
            UserAccount.phone_index == index, col(UserAccount.disabled_at).is_(None)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGuess:
    """A counted guess at a user's password, still to be compared with the hash."""

    user_id: UUID
    password_hash: str = field(repr=False)


async def count_guess(
    session: WriteSession, *, login_name: str, now: datetime
) -> PasswordGuess | None:
    """Count a guess before it is compared, and lock the account for a while at the tenth.

    ``None`` for an unknown, locked or disabled name. Counting first, many at once still have ten
    guesses; comparing takes long, so the caller commits before it and holds no row meanwhile.
    """
    last = col(UserAccount.failures) + 1 >= rules.PASSWORD_FAILURES_MAX
    counted = await session.execute(
        update(UserAccount)
        .where(
            col(UserAccount.login_name) == login_name,
            col(UserAccount.disabled_at).is_(None),
            col(UserAccount.password_hash).is_not(None),
            or_(col(UserAccount.locked_until).is_(None), col(UserAccount.locked_until) <= now),
        )
        .values(
            failures=case((last, 0), else_=col(UserAccount.failures) + 1),
            locked_until=case((last, now + rules.PASSWORD_LOCK), else_=None),
        )
        .returning(col(UserAccount.id), col(UserAccount.password_hash))
    )
    row = counted.first()
    return None if row is None else PasswordGuess(user_id=row.id, password_hash=row.password_hash)


async def is_right(guess: PasswordGuess | None, password: str) -> bool:
    """Compare a password with the guess's hash; without a guess it takes as long and is wrong."""
    stored = _DUMMY_HASH if guess is None else guess.password_hash
    right = await asyncio.get_running_loop().run_in_executor(_hashing, _matches, stored, password)
    return right and guess is not None


async def forget_guesses(session: WriteSession, *, user_id: UUID) -> None:
    """Start counting anew after a right password."""
    await session.execute(
        update(UserAccount)
        .where(col(UserAccount.id) == user_id)
        .values(failures=0, locked_until=None)
    )


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
) -> tuple[UUID, str | None] | None:
    """Return the user and the next token; ``None`` for an unknown or ended token.

    A second use means that two hold the token: the whole family is revoked (RFC 9700 §4.14.2),
    and there is no next one.
    The caller commits before it refuses.
    """
    row = await session.scalar(
        select(RefreshToken)
        .join(UserAccount, col(UserAccount.id) == col(RefreshToken.user_id))
        .where(
            RefreshToken.token_hash == rules.token_hash(token),
            col(UserAccount.disabled_at).is_(None),
        )
        .with_for_update(of=RefreshToken)
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.used_at is not None:
        await revoke_family(session, family_id=row.family_id, now=now)
        return row.user_id, None
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


async def sign_out(session: WriteSession, *, token: str, now: datetime) -> bool:
    """End the sign-in that ``token`` belongs to; return whether the token is one of ours."""
    family = await session.scalar(
        select(RefreshToken.family_id).where(RefreshToken.token_hash == rules.token_hash(token))
    )
    if family is not None:
        await revoke_family(session, family_id=family, now=now)
    return family is not None


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
