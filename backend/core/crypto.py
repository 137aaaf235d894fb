"""Personal data at rest: AES-256-GCM bound to its row, and keyed blind indexes for equality.

Each organisation has a key of its own, derived from the master key (HKDF, RFC 5869), so that a
leaked organisation key opens nothing else (个人信息保护法 art. 51: encryption).
"""

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_VERSION = b"\x01"


class Sealer:
    """Seals and opens personal data of organisations under one master key of 32 bytes."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._cipher = lru_cache(maxsize=4096)(self._derive_cipher)
        self._index_key = self._derive(b"blind-index")

    def seal(self, org_id: int, field: str, row: str, plain: str) -> bytes:
        """Encrypt ``plain``; it opens again only for the same organisation, field and row."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(org_id).encrypt(nonce, plain.encode(), _aad(field, row))
        return _VERSION + nonce + sealed

    def open(self, org_id: int, field: str, row: str, sealed: bytes) -> str:
        """Decrypt what `seal` made; raise ``InvalidTag`` when row, field or bytes differ."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher(org_id).decrypt(nonce, body, _aad(field, row)).decode()

    def blind_index(self, field: str, plain: str) -> bytes:
        """Return 32 bytes by which equal values of ``field`` can be found without opening them."""
        return hmac.digest(self._index_key, f"{field}\x00{plain}".encode(), hashlib.sha256)

    def _derive_cipher(self, org_id: int) -> AESGCM:
        return AESGCM(self._derive(b"organisation-%d" % org_id))

    def _derive(self, info: bytes) -> bytes:
        hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"tianguanjia/" + info)
        return hkdf.derive(self._master_key)


def _aad(field: str, row: str) -> bytes:
    return f"{field}\x00{row}".encode()
