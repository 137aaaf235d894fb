"""Examples of the OpenAPI document, put together from the examples and bounds of its fields.

A field that states an example gives it; others get the smallest value their schema allows. So no
example is written twice, and `tests/api/test_document.py` holds each to its schema.
"""

from typing import Any

_TEXTS = {
    "date": "2026-07-02",
    "date-time": "2026-07-02T06:00:00+08:00",
    "uuid": "019f1c2a-0000-7000-8000-000000000001",
    "binary": "…",
}
_DEPTH_MAX = 8


def add_examples(document: dict[str, Any]) -> None:
    """Give every JSON request and every JSON answer of success an example, in place."""
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [
                answer.get("content", {})
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            ]
            for content in contents:
                media = content.get("application/json")
                if media is not None and "example" not in media and media.get("schema"):
                    media["example"] = example_of(media["schema"], schemas)


def example_of(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> Any:
    """Return a value that ``schema`` accepts; references are looked up in ``schemas``."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth)
    stated = [*schema.get("examples", []), *schema.get("enum", [])]
    stated += [schema[key] for key in ("example", "const") if key in schema]
    if stated:
        return stated[0]
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        real = [one for one in choices if one.get("type") != "null"]
        return example_of(real[0], schemas, depth)
    return _plain(schema, schemas, depth)


def _plain(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    kind = str(schema.get("type"))
    if kind == "object" or "properties" in schema:
        fields = schema.get("properties", {}) if depth <= _DEPTH_MAX else {}
        return {name: example_of(one, schemas, depth + 1) for name, one in fields.items()}
    if kind == "array":
        if "prefixItems" in schema:
            return [example_of(one, schemas, depth + 1) for one in schema["prefixItems"]]
        item = example_of(schema.get("items", {}), schemas, depth + 1)
        return [item] * max(1, schema.get("minItems", 1))
    if schema.get("default") is not None:
        return schema["default"]
    filler = "示例" * max(1, schema.get("minLength", 1))
    smallest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return {
        "integer": smallest,
        "number": smallest,
        "boolean": True,
        "string": _TEXTS.get(schema.get("format", ""), filler),
    }.get(kind, {})
