"""JSON Schemas of the configuration files, for editors and other programs."""

from __future__ import annotations

from octopus_hub.config.schema import Node
from octopus_hub.config.schema_functions import FunctionsFile
from octopus_hub.config.schema_house import HouseFile
from octopus_hub.config.schema_hub import HubFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: dict[str, type[Node]] = {"house.yaml": HouseFile, "hub.yaml": HubFile, "functions.yaml": FunctionsFile}


def schemas() -> dict[str, dict[str, object]]:
    """A JSON Schema by file name: `house.yaml` (house.d has the same form), `hub.yaml`, `functions.yaml`."""
    return {name: {"$schema": _DIALECT, **_without_null(model.model_json_schema())} for name, model in _FILES.items()}


def _without_null(schema: dict[str, object]) -> dict[str, object]:
    """The schema without null, which no file may hold: a key without a value is left out."""
    kept = {key: _cleaned(value) for key, value in schema.items() if not (key == "default" and value is None)}
    choices = kept.get("anyOf")
    if isinstance(choices, list) and len(choices) == 1:
        return {**choices[0], **{key: value for key, value in kept.items() if key != "anyOf"}}
    return kept


def _cleaned(value: object) -> object:
    if isinstance(value, dict):
        return _without_null(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value if item != {"type": "null"}]
    return value
