"""The kinds of text and numbers in configuration files: each a check for people and a pattern for editors."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from octopus_hub.config.kinds import ALIAS_KINDS, KINDS, NOUNS
from octopus_hub.config.suggestions import near_miss
from octopus_hub.config.vehicle_roles import ROLE_OF_SIGNAL

NAME_CHARACTERS = 80


def matching(pattern: str, what: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Annotations for a text that matches as a whole; `what` ends "expected …"."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {what}, got {text!r}")
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


NO_SCALAR = "no_scalar"
"""The type of the error of a list or mapping where a text, a number or a boolean is wanted."""


def _type_of(value: object) -> str:
    return type(value).__name__


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= NAME_CHARACTERS:
        raise ValueError(f"expected 1 to {NAME_CHARACTERS} characters, got {len(name)}")
    for character in name:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            raise ValueError(f"expected no control characters, got U+{ord(character):04X}")
    if name != name.strip():
        raise ValueError("expected no space at the beginning or end")
    return name


def _checked_kind(kind: str) -> str:
    if kind in KINDS or kind in ALIAS_KINDS:
        return kind
    words = kind.casefold().replace("_", " ")
    for noun in NOUNS:
        if noun.kind and words in (noun.name.casefold(), noun.plural.casefold()):
            device_class = f" and device_class: {noun.device_classes[0]}" if noun.device_classes else ""
            raise ValueError(f"unknown kind {kind!r}; write kind: {noun.kind}{device_class}")
    raise ValueError(f"unknown kind {kind!r}{near_miss(kind, (*KINDS, *ALIAS_KINDS))}")


def _as_main_entity(value: object) -> object:
    return {"main": value} if isinstance(value, str) else value


def _with_main_entity(entities: Mapping[str, str]) -> Mapping[str, str]:
    if "main" not in entities:
        raise ValueError("expected a main entity, as in {main: light.kitchen}")
    return entities


def _by_role(entities: object) -> object:
    """Signals of a vehicle as the roles that they stand for."""
    if not isinstance(entities, dict):
        return entities
    found: dict[object, object] = {}
    for key, entity in entities.items():
        role = ROLE_OF_SIGNAL.get(key, key) if isinstance(key, str) else key
        if isinstance(role, str) and role.startswith("Vehicle."):
            raise ValueError(f"unknown signal {role!r}{near_miss(role, ROLE_OF_SIGNAL)}")
        found.setdefault(role, entity)
    locks = [entity for role, entity in found.items() if isinstance(role, str) and role.partition("_")[0] == "lock"]
    if "main" not in found and locks and found.keys() != entities.keys():
        found["main"] = found.get("lock", locks[0])
    return found


def _checked_secret(value: object) -> object:
    """Pydantic would show what it got."""
    if not isinstance(value, str):
        raise ValueError("expected !secret NAME")
    return value


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    low, high = pair
    if low >= high:
        raise ValueError(f"expected [low, high] with low below high, got [{low:g}, {high:g}]")
    return pair


Name = Annotated[
    str, AfterValidator(_checked_name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS})
]
Names = tuple[Name, ...]
Slug = Annotated[str, *matching(r"[a-z0-9_]{1,64}", "1 to 64 lower-case letters, digits and underscores")]
Kind = Annotated[str, AfterValidator(_checked_kind), WithJsonSchema({"type": "string", "enum": [*KINDS, *ALIAS_KINDS]})]
EntityId = Annotated[str, *matching(r"[a-z0-9_]+\.[a-z0-9_]+", "an entity id like light.kitchen")]
Role = Annotated[str, *matching(r"[a-z0-9_]{1,64}|Vehicle\.[A-Za-z0-9.]+", "a role, or a signal of VSS")]
Entities = Annotated[
    dict[Slug, EntityId],
    AfterValidator(_with_main_entity),
    BeforeValidator(_by_role),
    BeforeValidator(_as_main_entity, json_schema_input_type=EntityId | dict[Role, EntityId]),
]
MQTT_TEXT = r"[^\x00-\x1f\x7f]{1,1000}"
MqttText = Annotated[str, *matching(MQTT_TEXT, "1 to 1000 characters, none of them a control character")]
PlainTopic = Annotated[
    str,
    *matching(
        r"[^/+#\x00-\x1f\x7f]([^+#\x00-\x1f\x7f]{0,998}[^/+#\x00-\x1f\x7f])?",
        "a topic without wildcards, and without a slash at its ends",
    ),
]
MqttValue = Annotated[
    Annotated[MqttText, Tag("str")] | Annotated[bool, Tag("bool")] | Annotated[int, Tag("int")] | Annotated[float, Tag("float")],
    Discriminator(_type_of, custom_error_type=NO_SCALAR, custom_error_message="no scalar"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^(?:{MQTT_TEXT})$"}, {"type": "boolean"}, {"type": "number"}]}),
]
MqttKeys = dict[Slug, MqttValue]
SecretText = Annotated[str, BeforeValidator(_checked_secret, json_schema_input_type=str)]
Percent = Annotated[float, Field(ge=0, le=100)]
Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
PercentRange = Annotated[tuple[Percent, Percent], AfterValidator(_ordered)]
