"""A file that came over the wire: its bytes, its name, and how records refer to it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import UploadFile

from backend.core.http.policy import MEGABYTE

IMPORT_BYTES_MAX = 64 * MEGABYTE
_NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file's bytes; ``source`` is its name and the start of its SHA-256."""

    content: bytes
    filename: str
    source: str


def upload_of(content: bytes, filename: str) -> Upload:
    """Name a file's content as records will; characters no database keeps are dropped."""
    name = "".join(char for char in Path(filename).name if char.isprintable())[-_NAME_LENGTH_MAX:]
    digest = hashlib.sha256(content).hexdigest()
    return Upload(content=content, filename=name, source=f"{name} sha256:{digest[:12]}")


async def received(file: UploadFile) -> Upload:
    """Read an uploaded file; the route has bounded its size already."""
    return upload_of(await file.read(), file.filename or "")
