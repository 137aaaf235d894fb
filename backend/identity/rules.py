"""Numbers and formulas of sign-in; no web, no database."""

import hashlib
import hmac
import secrets
from datetime import timedelta

OTP_LIFETIME = timedelta(minutes=5)
OTP_ATTEMPTS_MAX = 5
OTP_PER_HOUR_MAX = 5
OTP_PAUSE = timedelta(minutes=1)
PASSWORD_FAILURES_MAX = 10
PASSWORD_LOCK = timedelta(minutes=15)


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_hash(key: bytes, phone_index: bytes, code: str) -> bytes:
    """Return the keyed hash under which a code is kept: the database alone cannot test guesses."""
    return hmac.digest(key, phone_index + code.encode(), hashlib.sha256)


def same_hash(one: bytes, other: bytes) -> bool:
    """Compare two hashes in a time that says nothing of where they differ."""
    return hmac.compare_digest(one, other)


def new_refresh_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return the hash under which a refresh token is kept."""
    return hashlib.sha256(token.encode()).digest()
