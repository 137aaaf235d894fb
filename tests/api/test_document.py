"""The OpenAPI document: valid, committed, and with examples that its own schemas accept."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from backend.api.app import create_app
from backend.cli.openapi_file import rendered
from backend.core.settings import Settings

DOCUMENT = create_app(Settings(), database_url="").openapi()
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}


def test_valid_and_3_1() -> None:
    """The document is valid OpenAPI 3.1."""
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_committed() -> None:
    """openapi/openapi.json is what the application says; `make openapi` writes it."""
    path = Path(__file__).parents[2] / "openapi" / "openapi.json"
    assert path.read_text(encoding="utf-8") == rendered(Settings())


@pytest.mark.parametrize("name", OPERATIONS)
def test_described(name: str) -> None:
    """Each operation has one tag, a summary in both languages, and problem answers."""
    operation = OPERATIONS[name]
    assert len(operation["tags"]) == 1
    assert any("\u4e00" <= char <= "\u9fff" for char in operation["summary"])
    problems = [
        answer
        for answer in operation["responses"].values()
        if "application/problem+json" in answer.get("content", {})
    ]
    assert problems


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_fit(name: str) -> None:
    """Every example of requests and answers is accepted by its schema."""
    operation = OPERATIONS[name]
    contents: list[dict[str, Any]] = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for answer in operation["responses"].values()]
    for content in contents:
        media = content.get("application/json")
        if media is None:
            continue
        assert "example" in media
        whole = {**media["schema"], "components": DOCUMENT["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(media["example"]))
        assert not errors, json.dumps(media["example"], ensure_ascii=False)
