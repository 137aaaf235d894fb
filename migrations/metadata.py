"""All tables of all slices, for alembic and for the drift check."""

import importlib
import importlib.util
import pkgutil

from sqlmodel import SQLModel

import backend
import backend.core.audit
import backend.core.http.idempotency


def _load() -> None:
    """Import every slice's ``models`` module, so that its tables are known."""
    for module in pkgutil.iter_modules(backend.__path__, "backend."):
        name = f"{module.name}.models"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


_load()
METADATA = SQLModel.metadata
