"""All tables of all slices, for alembic and for the drift check."""

import importlib
import pkgutil

from sqlmodel import SQLModel

import backend
import backend.core.audit
import backend.core.http.idempotency


def _load() -> None:
    """Import every slice's ``models`` and ``…_models``, so that their tables are known."""
    for module in pkgutil.walk_packages(backend.__path__, "backend."):
        if module.name.endswith("models"):
            importlib.import_module(module.name)


_load()
METADATA = SQLModel.metadata
