"""The code that ties a paper to its plan."""

import hashlib
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, unquote

from dispatch.plan import Plan

_MARK = "tgj-sheet"
_VERSION = "1"


def plan_hash(plan: Plan) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of `Plan.to_json` in UTF-8."""
    return hashlib.sha256(plan.to_json().encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SheetCode:
    """What the QR code of a sheet says: plan, calendar day, crew."""

    plan_hash: str
    day: date
    crew_id: str

    def text(self) -> str:
        """Return ``tgj-sheet:1:<hash>:<ISO day>:<crew, percent-encoded>``, ASCII only."""
        crew = quote(self.crew_id, safe="", errors="replace")
        return f"{_MARK}:{_VERSION}:{self.plan_hash}:{self.day.isoformat()}:{crew}"

    @classmethod
    def from_text(cls, text: str) -> "SheetCode":
        """Read what `text` wrote; raises `ValueError` for any other code."""
        mark, version, found, day, crew = text.strip().split(":")
        if (mark, version) != (_MARK, _VERSION):
            raise ValueError(f"not a sheet's code of version {_VERSION}: {text!r}")
        return cls(found, date.fromisoformat(day), unquote(crew))
