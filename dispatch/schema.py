"""JSON Schema (draft 2020-12) of the documents, read off the dataclasses, published in docs/."""

from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from dispatch.document import SCHEMA_VERSION
from dispatch.model import Problem
from dispatch.plan import Plan
from dispatch.replan import Events

KINDS: dict[str, type] = {"problem": Problem, "plan": Plan, "events": Events}
"""Documents by name: what `dispatch.document` calls them."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of ``problem``, ``plan`` or ``events``; bounds are the constructors'.

    Raises `KeyError` for another name.
    """
    definitions: dict[str, Any] = {}
    body = _object(KINDS[name], definitions)
    head = {
        "schema": {"const": f"dispatch.{name}"},
        "version": {"const": SCHEMA_VERSION},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"dispatch.{name}",
        **body,
        "properties": head | body["properties"],
        "required": ["schema", "version", *body["required"]],
        "$defs": definitions,
    }


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a dataclass; nested ones become definitions."""
    hints = get_type_hints(kind)
    needed = [
        one.name
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING
    ]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip().split("\n\n", maxsplit=1)[0],
        "properties": {one.name: _value(hints[one.name], definitions) for one in fields(kind)},
        "required": needed,
        "additionalProperties": False,
    }


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one declared type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return {"type": "array", "items": _value(inner[0], definitions)}
        items = [_value(one, definitions) for one in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if origin is UnionType:
        (bare,) = [one for one in inner if one is not NoneType]
        return {"anyOf": [_value(bare, definitions), {"type": "null"}]}
    if is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint, definitions)
    return _scalar(hint)


def _reference(hint: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to a dataclass, defined once."""
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}
        definitions[hint.__name__] = _object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _scalar(hint: Any) -> dict[str, Any]:
    """Return the schema of a number, a text, a day or one of some words."""
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [one.value for one in hint]}
    if hint is date:
        return {"type": "string", "format": "date"}
    return {"type": {int: "integer", float: "number", str: "string"}[hint]}
