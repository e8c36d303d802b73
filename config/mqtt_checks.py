"""What must hold of a device's `mqtt`: one way of being there, keys that are known, topics that can be published to.

Works on plain data, as `house_checks` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from octopus_hub.config.errors import InputError, Problem
from octopus_hub.config.house_checks import Entry, entries
from octopus_hub.config.mqtt_keys import KEYS, SHORT_KEYS, WAYS
from octopus_hub.config.suggestions import near_miss, one_of
from octopus_hub.config.templates import compiled
from octopus_hub.config.yaml_nodes import Document, describe

OWN_KEYS = frozenset({"payload", "value"})
TOPIC_KEYS = frozenset({*SHORT_KEYS, *WAYS})
TEMPLATE_KEYS = frozenset({"payload", *(key for key in KEYS if key.endswith("_template"))})


def check_mqtt(documents: Sequence[Document], problems: list[Problem]) -> None:
    """Append a problem for everything that is wrong with a device's binding to MQTT."""
    for entry in entries(documents, "devices"):
        binding = entry.data.get("mqtt")
        if isinstance(binding, dict) and binding:
            _one_way(entry, binding, problems)
            for key, value in binding.items():
                if isinstance(key, str) and (key in TOPIC_KEYS or key.endswith("_topic")):
                    _topic(entry, key, value, problems)
                elif key in TEMPLATE_KEYS and isinstance(value, str):
                    _template(entry, key, value, problems)
        if isinstance(binding, dict) and binding and "home_assistant" in entry.data:
            message = "expected mqtt or home_assistant, got both; a device is behind one of them"
            problems.append(entry.document.problem((*entry.path, "mqtt"), message, at_key=True))


def _one_way(entry: Entry, binding: Mapping[object, object], problems: list[Problem]) -> None:
    ways = [way for way in WAYS if way in binding]
    is_vehicle = entry.find_text("kind") == "vehicle"
    allowed: frozenset[str] = KEYS | SHORT_KEYS.keys() | OWN_KEYS
    if ways:
        allowed = frozenset({ways[0]} | ({"state"} if ways[0] == "services" else set()))
    if is_vehicle and "vss" not in binding:
        message = "a vehicle behind MQTT speaks VSS; expected vss: the topic that its signals are below"
        problems.append(entry.document.problem((*entry.path, "mqtt"), message, at_key=True))
        return
    if "vss" in binding and not is_vehicle:
        problems.append(entry.document.problem((*entry.path, "mqtt", "vss"), "only a vehicle has vss", at_key=True))
        return
    for key in binding:
        if isinstance(key, str) and key == key.lower() and key not in allowed:
            known = f"beside {ways[0]} nothing else is needed" if ways else f"unknown key{near_miss(key, allowed | set(WAYS))}"
            problems.append(entry.document.problem((*entry.path, "mqtt", key), known, at_key=True))
    if not ways and not any(isinstance(key, str) and (key in SHORT_KEYS or key.endswith("_topic")) for key in binding):
        message = f"expected a topic: {one_of((*SHORT_KEYS, *WAYS))}, or a key of Home Assistant's MQTT integration"
        problems.append(entry.document.problem((*entry.path, "mqtt"), message, at_key=True))


def _topic(entry: Entry, key: str, topic: object, problems: list[Problem]) -> None:
    if not isinstance(topic, str):
        message = f"expected text, got {describe(topic)}" + ("; put it in quotes" if isinstance(topic, int | float) else "")
        problems.append(entry.document.problem((*entry.path, "mqtt", key), message))
    elif "+" in topic or ("#" in topic and key != "discovery") or topic.startswith("/") or topic.endswith("/"):
        message = f"expected a topic without wildcards, and without a slash at its ends, got {topic!r}"
        problems.append(entry.document.problem((*entry.path, "mqtt", key), message))


def _template(entry: Entry, key: str, text: str, problems: list[Problem]) -> None:
    try:
        compiled(text)
    except InputError as error:
        problems.append(entry.document.problem((*entry.path, "mqtt", key), str(error)))
