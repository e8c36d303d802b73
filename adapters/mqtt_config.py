"""What a device behind MQTT is told and tells: the keys of Home Assistant's MQTT integration, from a discovery message or from the
house's YAML. Pure.

Source: https://www.home-assistant.io/integrations/mqtt (2024.3 to 2025.4), and the messages of zigbee2mqtt, ESPHome and Tasmota.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import Device, number
from octopus_hub.config.mqtt_keys import ABBREVIATIONS, DEVICE_ABBREVIATIONS, SHORT_KEYS, WILDCARDS

PLATFORMS = frozenset(
    {
        "alarm_control_panel", "binary_sensor", "button", "climate", "cover", "device_tracker", "fan", "humidifier", "lawn_mower",
        "light", "lock", "notify", "number", "scene", "select", "sensor", "siren", "switch", "text", "update", "vacuum", "valve",
        "water_heater", "camera", "event", "image", "tag", "device_automation",
    }
)  # fmt: skip
DEVICE = "device"
"""The platform of a message with all components of a device in it (since 2024.11)."""

PLATFORM_OF_KIND: Mapping[str, str] = {"script": "scene", "automation": "scene", "person": "device_tracker", "remote": "notify"}
"""The platform of kinds that have none of their own; elsewhere it is called like the kind."""

TOPIC_BYTES = 65535
"""The longest topic (MQTT 5, 4.7.3)."""
PLAIN_PREFIX = "{{ value_json."


@dataclass(frozen=True, slots=True)
class Component:
    """One entity: its platform, and what its topics and payloads are, by Home Assistant's keys."""

    platform: str
    config: Mapping[str, Any]

    def text(self, key: str, default: str = "") -> str:
        """A key as text."""
        value = self.config.get(key)
        return default if value is None else str(value)

    def number(self, key: str, default: float) -> float:
        """A key as a number."""
        value = self.config.get(key)
        found = None if isinstance(value, str) else number(value)
        return default if found is None else found

    def has(self, key: str) -> bool:
        """Is the key there?"""
        return bool(self.config.get(key))


def is_topic(text: str) -> bool:
    """May messages be told there, and may it be listened to as it is?"""
    return bool(text) and not WILDCARDS & set(text) and "\0" not in text and len(text.encode(errors="replace")) <= TOPIC_BYTES


def discovery_topic(binding: str) -> str:
    """The topic of the message that a device is bound to: "homeassistant/light/desk" or "homeassistant/device/desk#light"."""
    return f"{binding.partition('#')[0]}/config"


def read_discovery(binding: str, payload: str) -> Component | None:
    """The component of a discovery message; None for an empty one, which takes the device away. Raises InputError."""
    if not payload.strip():
        return None
    found = dict(components(binding.partition("#")[0], payload))
    if binding not in found:
        raise InputError(f"{discovery_topic(binding)}: expected a component {binding.partition('#')[2]!r}, got {', '.join(found)}")
    return found[binding]


def components(place: str, payload: str) -> Iterator[tuple[str, Component]]:
    """Every component of the message at `place`/config, by the binding that names it. Raises InputError."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}/config: expected JSON, got {payload[:60]!r}: {error}") from error
    if not isinstance(told, dict):
        raise InputError(f"{place}/config: expected an object, got {payload[:60]!r}")
    config = _written_out(told)
    platform = _platform(place)
    if platform != DEVICE:
        yield place, Component(platform, config)
        return
    parts = config.pop("components", None)
    for name, part in (parts if isinstance(parts, dict) else {}).items():
        if isinstance(part, dict):
            own = config | _written_out(part)
            yield f"{place}#{name}", Component(str(own.get("platform", "")), own)


def component_of(device: Device) -> Component:
    """The component that the YAML of a device describes."""
    config: dict[str, Any] = {SHORT_KEYS.get(key, key): value for key, value in device.mqtt.items()}
    if path := config.pop("value", None):
        config["value_template"] = config["state_value_template"] = f"{PLAIN_PREFIX}{path} }}}}"
    if template := config.pop("payload", None):
        config["command_template"] = template
    return Component(PLATFORM_OF_KIND.get(device.kind, device.kind), config)


def _platform(place: str) -> str:
    """<prefix>/<platform>/[<node>/]<object>: the prefix may have several levels, a node may be called like a platform."""
    levels = place.split("/")
    for level in (levels[-3:-2] + levels[-2:-1]) if len(levels) > 3 else levels[-2:-1]:
        if level in PLATFORMS or level == DEVICE:
            return level
    raise InputError(f"{place}/config: expected a topic like homeassistant/light/name/config")


def _written_out(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without abbreviations, and with the base topic in place of "~"."""
    base = told.get("~")
    config: dict[str, Any] = {}
    for key, value in told.items():
        name = ABBREVIATIONS.get(key, key)
        if name == "device" and isinstance(value, dict):
            value = {DEVICE_ABBREVIATIONS.get(k, k): v for k, v in value.items()}
        if name == "availability" and isinstance(value, list):
            value = [_written_out({"~": base, **one}) if isinstance(one, dict) else one for one in value]
        config[name] = _with_base(value, base) if name.endswith("topic") else value
    config.pop("~", None)
    return config


def _with_base(value: Any, base: Any) -> Any:
    if not isinstance(value, str) or not isinstance(base, str):
        return value
    if value.startswith("~"):
        return base + value[1:]
    return value[:-1] + base if value.endswith("~") else value
