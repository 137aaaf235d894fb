"""Identifiers: UUIDv7 (RFC 9562 §5.7), made here so that rows sort by the time of their making."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def new_id() -> UUID:
    """Return a new UUIDv7; ids made by one process are strictly increasing.

    48 bits of Unix milliseconds, a 12-bit counter in ``rand_a`` that starts in the lower half
    and carries into the clock when it overflows (RFC 9562 §6.2, method 1), 62 random bits.
    """
    global _last_ms, _counter  # noqa: PLW0603 -- the monotonic counter is process state by nature
    random = int.from_bytes(os.urandom(10))
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _counter = now_ms, (random >> 62) & 0x7FF
        else:
            _counter += 1
            if _counter > 0xFFF:
                _last_ms, _counter = _last_ms + 1, 0
        stamp, sequence = _last_ms, _counter
    value = (stamp << 80) | (0x7 << 76) | (sequence << 64) | (0b10 << 62)
    return UUID(int=value | (random & ((1 << 62) - 1)))
