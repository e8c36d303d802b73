"""Which adapters a house needs, each with the part of the house that is its own."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from octopus_hub.adapters.mqtt import MqttAdapter
from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.adapters.protocol import Adapter
from octopus_hub.adapters.virtual import MOMENTS_S, VirtualAdapter
from octopus_hub.config.house import House
from octopus_hub.config.hub import HubSettings
from octopus_hub.daemon.dispatcher import HOME_ASSISTANT, MQTT, VIRTUAL, adapter_name
from octopus_hub.daemon.extras import extra

logger = logging.getLogger(__name__)

Make = Callable[[House, HubSettings, Server], Adapter | None]


def make_adapters(house: House, settings: HubSettings, broker: Server) -> list[Adapter]:
    """Unstarted adapters for every device; those of a system that is not set up are warned of, and stay out of reach."""
    names = Counter(map(adapter_name, house.devices))
    made = [ADAPTERS[name](part_of(house, name), settings, broker) for name in names]
    return [adapter for adapter in made if adapter is not None]


def part_of(house: House, name: str) -> House:
    """The house with only the devices that this adapter has."""
    return replace(house, devices=tuple(device for device in house.devices if adapter_name(device) == name))


def carry_over(before: House, old: Sequence[Adapter], after: House, new: Sequence[Adapter]) -> None:
    """What virtual devices were set to stays when the house is read again; real devices remember that themselves."""
    kinds = {device.id: device.kind for device in before.devices}
    same = {device.id for device in part_of(after, VIRTUAL).devices if kinds.get(device.id) == device.kind}
    for new_one in new:
        for old_one in old:
            if isinstance(new_one, VirtualAdapter) and isinstance(old_one, VirtualAdapter):
                for device_id, state in old_one.states().items():
                    if device_id in same:
                        new_one.set_state(device_id, state)


def _virtual(house: House, settings: HubSettings, broker: Server) -> Adapter:
    return VirtualAdapter(house, delays_s=MOMENTS_S)


def _home_assistant(house: House, settings: HubSettings, broker: Server) -> Adapter | None:
    if settings.home_assistant is None:
        logger.warning(
            "devices out of reach adapter=%s devices=%d; hub.yaml has no home_assistant", HOME_ASSISTANT, len(house.devices)
        )
        return None
    with extra("homeassistant"):
        from octopus_hub.adapters.home_assistant import HomeAssistantAdapter
    return HomeAssistantAdapter(house, settings.home_assistant)


def _mqtt(house: House, settings: HubSettings, broker: Server) -> Adapter:
    return MqttAdapter(house, broker)


ADAPTERS: Mapping[str, Make] = {VIRTUAL: _virtual, HOME_ASSISTANT: _home_assistant, MQTT: _mqtt}
"""The adapters there are, by name."""
