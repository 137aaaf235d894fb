"""From database rows to what goes over the wire."""

from typing import Any

from pydantic import BaseModel

from backend.core.area import Area


def plain(row: Any, model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of ``model`` that the row holds under the same name."""
    return {name: getattr(row, name) for name in model.model_fields if hasattr(row, name)}


def mu(centimu: int | None) -> str | None:
    """Return an area as text in mu; none stays none."""
    return None if centimu is None else str(Area(centimu))


def centimu(text: str | None, *, row: int, field: str) -> int | None:
    """Return an area that came as text in 0.01 mu; a fault names the row from 1."""
    return None if text is None else Area.parse(text, row=row, field=field).centimu


def second_of(clock: str) -> int:
    """Return the second of the day of ``HH:MM``."""
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def clock_of(second: int) -> str:
    """Return a second of the day as ``HH:MM``."""
    return f"{second // 3600:02d}:{second // 60 % 60:02d}"
