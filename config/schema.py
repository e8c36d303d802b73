"""Checking a document against a pydantic model, with every mistake where it stands and in an installer's words.

pydantic's own messages never reach anybody: a table turns its error types into "expected …, got …".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from octopus_hub.config.errors import Problem
from octopus_hub.config.schema_types import NO_SCALAR
from octopus_hub.config.suggestions import alternatives, near_miss, one_of
from octopus_hub.config.yaml_nodes import Document, KeyPath, describe

CURRENT_VERSION = 1


class Node(BaseModel):
    """A mapping of a configuration file: strict types, no unknown keys, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _known_version(version: int) -> int:
    if version != CURRENT_VERSION:
        raise ValueError(f"expected version {CURRENT_VERSION}, got {version}")
    return version


Version = Annotated[int, AfterValidator(_known_version), WithJsonSchema({"const": CURRENT_VERSION})]

Model = TypeVar("Model", bound=Node)


def validate(model: type[Model], document: Document, problems: list[Problem]) -> Model | None:
    """The document as `model`; appends what is wrong with it. None where anything is."""
    try:
        return model.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            problem = _problem(model, document, detail)
            if problem is not None:
                problems.append(problem)
    return None


def _problem(model: type[Node], document: Document, detail: ErrorDetails) -> Problem | None:
    path = tuple(detail["loc"])
    at_key = path[-1:] == ("[key]",)
    path = path[:-1] if at_key else path
    known = document.known(path)
    if known in document.reported:
        return None
    if detail["type"] == "missing":
        return document.problem(path, "missing; a value is required")
    if detail["type"] == "extra_forbidden":
        key = str(path[-1])
        return document.problem(path, f"unknown key {key!r}{alternatives(key, _keys_at(model, path[:-1]))}", at_key=True)
    message = "the secret's value does not fit here" if known in document.secrets else _message(detail)
    return document.problem(known, message, at_key=at_key)


def _message(detail: ErrorDetails) -> str:
    context, got = detail.get("ctx", {}), describe(detail["input"])
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "enum" | "literal_error":
            words = re.findall(r"'([^']*)'", str(context["expected"]))
            word = detail["input"] if isinstance(detail["input"], str) else ""
            return f"expected {one_of(words)}, got {got}{near_miss(word, words)}"
        case kind if kind in _EXPECTED:
            got = str(context.get("actual_length", got))
            return f"expected {_EXPECTED[kind].format(**context)}, got {got}{_hint(kind, detail['input'])}"
    return detail["msg"]


_EXPECTED: Mapping[str, str] = {
    NO_SCALAR: "a text, a number, true or false",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_too_short": "text",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
    "too_short": "at least {min_length} in the list",
    "too_long": "at most {max_length} in the list",
}
"""What was expected, by pydantic's error type; in braces what pydantic tells."""

_TRUE, _FALSE = ("on", "yes", "y", "true"), ("off", "no", "n", "false")


def _hint(kind: str, value: object) -> str:
    """What to write instead, where a mistake is a common one."""
    if kind == "bool_type" and isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return "; write true" if value.lower() in _TRUE else "; write false"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return "; put it in quotes"
    if kind == "tuple_type" and isinstance(value, str):
        return f"; write [{value}]"
    return ""


def _keys_at(model: type[Node], path: KeyPath) -> list[str]:
    """The keys that the mapping at `path` may have."""
    annotation: object = model
    for part in path:
        match get_origin(annotation), get_args(annotation):
            case (origin, (item, _)) if origin is tuple:
                annotation = item
            case (origin, (_, value)) if origin is dict:
                annotation = value
            case _:
                annotation = _fields_in(annotation)[str(part)]
    return list(_fields_in(annotation))


def _fields_in(annotation: object) -> dict[str, object]:
    """The types of the fields, by key, of the one model in an annotation (`MqttNode | None`)."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
    return {key: value for argument in get_args(annotation) for key, value in _fields_in(argument).items()}
