"""What there is behind a broker: every discovery message that it retains. One connection, then it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.found import Found, FoundArea, FoundEntity
from octopus_hub.adapters.mqtt_client import QOS, BrokerRefused, Server, connect, disconnect, subscribe
from octopus_hub.adapters.mqtt_commands import NAME
from octopus_hub.adapters.mqtt_config import Component, components
from octopus_hub.config.errors import InputError, Unauthorized, Unavailable, UnavailableService

QUIET_S = 1.5
"""Retained messages come at once: so long without one, and all have come."""
LONGEST_S = 30.0

KINDS: Mapping[str, str] = {"device_tracker": "person", "notify": "remote"}
"""Kinds that are called otherwise than their platform."""
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "climate": {"modes": "hvac_modes", "preset_modes": "preset_modes", "fan_modes": "fan_modes"},
    "fan": {"preset_modes": "preset_modes"},
    "light": {"effect_list": "effect_list"},
    "select": {"options": "options"},
    "humidifier": {"modes": "available_modes"},
    "water_heater": {"modes": "operation_list"},
}
"""Home Assistant's attribute by the component's key, by platform."""
RANGES = ("min_temp", "max_temp", "device_class")

logger = logging.getLogger(__name__)


def read_discoveries(server: Server, prefix: str) -> Found:
    """Ask. Blocking. Raises Unavailable, Unauthorized."""
    try:
        messages = asyncio.run(_read(server, prefix))
    except BrokerRefused as error:
        raise Unauthorized(str(error), adapter=NAME) from error
    except (UnavailableService, aiomqtt.MqttError) as error:
        raise Unavailable(f"the broker at {server} cannot be used: {error}", adapter=NAME) from error
    return found_in(messages)


def found_in(messages: Mapping[str, str]) -> Found:
    """The entities of discovery messages, by topic. One that is not understood is warned of."""
    entities: list[FoundEntity] = []
    for topic, payload in sorted(messages.items()):
        place = topic.removesuffix("/config")
        try:
            entities += [_entity(binding, component) for binding, component in components(place, payload)]
        except InputError as error:
            logger.warning("discovery not understood: %s", error)
    areas = dict.fromkeys(entity.area for entity in entities if entity.area)
    return Found("MQTT", False, (), tuple(FoundArea(area) for area in areas), tuple(entities))


async def _read(server: Server, prefix: str) -> dict[str, str]:
    client = await connect(server, name="octopus-hub-import")
    messages: dict[str, str] = {}
    try:
        await subscribe(client, server, [f"{prefix}/#"], SubscribeOptions(QOS))
        stream = aiter(client.messages)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                while True:
                    async with asyncio.timeout(QUIET_S):
                        message = await anext(stream)
                    if message.topic.value.endswith("/config") and isinstance(message.payload, bytes) and message.payload:
                        messages[message.topic.value] = message.payload.decode("utf-8", "replace")
    finally:
        await disconnect(client)
    return messages


def _entity(binding: str, component: Component) -> FoundEntity:
    config, platform = component.config, component.platform
    device: Mapping[str, Any] = config["device"] if isinstance(config.get("device"), Mapping) else {}
    of_device, own = str(device.get("name") or ""), config.get("name")
    name = f"{of_device} {own}" if own and of_device and not str(own).startswith(of_device) else str(own or of_device or binding)
    told = {theirs: config[ours] for ours, theirs in ATTRIBUTES.get(platform, {}).items() if config.get(ours)}
    told |= {key: config[key] for key in RANGES if config.get(key) is not None}
    return FoundEntity(
        entity_id=f"{KINDS.get(platform, platform)}.{binding}",
        name=name,
        area=str(device["suggested_area"]) if device.get("suggested_area") else None,
        is_hidden=config.get("enabled_by_default") is False,
        is_auxiliary=bool(config.get("entity_category")),
        attributes=told,
        discovery=binding,
    )
