"""The JSON Schemas: those in the repository are those of the code, and they agree with the loader; the docs name every key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from octopus_hub.config.json_schema import schemas
from octopus_hub.config.loader import demo_directory
from octopus_hub.config.yaml_nodes import read_document

ROOT = Path(__file__).parent.parent.parent
FILES = ("house.yaml", "hub.yaml", "functions.yaml")
POOL = ROOT / "config" / "examples" / "pool"


def mistakes(name: str, path: Path) -> list[str]:
    """What an editor with the schema of `name` finds in a file."""
    document = read_document(path, [])
    assert document is not None
    return [error.message for error in Draft202012Validator(schemas()[name]).iter_errors(document.data)]


@pytest.mark.parametrize("name", FILES)
def test_the_schema_in_the_repository_is_current(name: str) -> None:
    """config/*.schema.json is what `schemas` returns."""
    path = ROOT / "config" / f"{Path(name).stem}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == schemas()[name]


@pytest.mark.parametrize("name", FILES)
def test_the_demo_fits_its_schema(name: str) -> None:
    """An editor finds nothing wrong with the demo, nor with the example of own functions."""
    Draft202012Validator.check_schema(schemas()[name])
    assert mistakes(name, (POOL if name == "functions.yaml" else demo_directory()) / name) == []


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_does_not_fit_its_schema(name: str) -> None:
    """An editor finds mistakes that the loader finds."""
    case = ROOT / "tests" / "data" / "config" / f"every-{Path(name).stem}-key"
    assert len(mistakes(name, case / name)) > 8


@pytest.mark.parametrize("name", FILES)
def test_the_documentation_names_every_key(name: str) -> None:
    """docs/configuration.md has each key as code."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    schema = schemas()[name]
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict)
    keys = {key for part in (schema, *definitions.values()) for key in part.get("properties", {})}
    assert {key for key in keys if f"`{key}`" not in text} == set()
