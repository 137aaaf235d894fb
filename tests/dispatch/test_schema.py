"""The published schemas are the dataclasses', and real documents keep them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dispatch import Events, Stop, solve
from dispatch.schema import KINDS, schema_of
from tests.dispatch.build import village

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_published_schema_is_current(kind: str) -> None:
    """`python -m dispatch schema KIND > docs/schema/…` was run after the last change."""
    published = json.loads((FOLDER / f"dispatch.{kind}.json").read_text(encoding="utf-8"))
    assert published == schema_of(kind)
    Draft202012Validator.check_schema(published)


def test_documents_keep_their_schemas() -> None:
    """A problem, its plan and some events validate, and one with a stray field does not."""
    given = village()
    documents = {
        "problem": given.to_json(),
        "plan": solve(given, stop=Stop(iterations=1)).to_json(),
        "events": Events(now_s=5).to_json(),
    }
    for kind, text in documents.items():
        validator = Draft202012Validator(schema_of(kind))
        document = json.loads(text)
        assert list(validator.iter_errors(document)) == []
        assert list(validator.iter_errors(document | {"stray": 1}))
