"""What there is in a Home Assistant: floors, areas and entities, as its registries tell. One connection, then it is closed.

Nothing here needs an administrator's token. Source: `config/*_registry` of Home Assistant's WebSocket API (2024.3 to 2025.4);
floors are there since 2024.4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hass_client import HomeAssistantClient
from hass_client.exceptions import AuthenticationFailed, BaseHassClientError, FailedCommand

from octopus_hub.adapters.found import Found, FoundArea, FoundEntity
from octopus_hub.adapters.ha_connection import NAME, session
from octopus_hub.config.errors import Unauthorized, Unavailable
from octopus_hub.config.hub import HomeAssistantSettings

TIMEOUT_S = 30.0
RETRY_S = 30.0
STARTING_S = 5.0
RUNNING = "RUNNING"
REGISTRIES = ("area", "device", "entity")
"""What tells of its changes to a user that is no administrator."""


def read_registries(settings: HomeAssistantSettings) -> Found:
    """Ask. Blocking. Raises Unavailable, Unauthorized."""
    try:
        return asyncio.run(_read(settings))
    except AuthenticationFailed as error:
        raise Unauthorized(f"Home Assistant at {settings.url} refuses the token", adapter=NAME) from error
    except (BaseHassClientError, OSError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        raise Unavailable(f"Home Assistant cannot be reached at {settings.url}: {why}", adapter=NAME) from error


async def watch_registries(settings: HomeAssistantSettings, changed: Callable[[], None]) -> None:
    """Calls `changed` when something in the registries did, and after each connecting, for it may have meanwhile, once Home
    Assistant has started; never ends."""
    while True:
        with suppress(BaseHassClientError, OSError, TimeoutError):
            await _watch(settings, changed)
        await asyncio.sleep(RETRY_S)


async def _watch(settings: HomeAssistantSettings, changed: Callable[[], None]) -> None:
    async def subscribe(client: HomeAssistantClient) -> None:
        for registry in REGISTRIES:
            await client.subscribe_events(lambda event: changed(), f"{registry}_registry_updated")

    async with session(settings, subscribe) as (client, listening):
        while not _is_running(await client.get_config()):  # noqa: ASYNC110 -- nobody but administrators hears of it
            await asyncio.sleep(STARTING_S)
        changed()
        await listening


async def _read(settings: HomeAssistantSettings) -> Found:
    async with asyncio.timeout(TIMEOUT_S), session(settings) as (client, _):
        config = await client.get_config()
        if not _is_running(config):
            raise Unavailable(
                f"Home Assistant at {settings.url} is still starting: not all of its entities are there", adapter=NAME
            )
        floors = {floor["floor_id"]: floor for floor in await _list(client, "config/floor_registry/list")}
        areas = {area["area_id"]: area for area in await client.get_area_registry()}
        devices = {device["id"]: device for device in await client.get_device_registry()}
        listed = [entry for entry in await client.get_entity_registry() if entry.get("disabled_by") is None]
        entries = {entry["entity_id"]: await client.get_entity_registry_entry(entry["entity_id"]) for entry in listed}
        states = await client.get_states()
    found_areas = {key: _area(area, floors) for key, area in areas.items()}
    return Found(
        name=str(config.get("location_name", "Home")),
        fahrenheit=config.get("unit_system", {}).get("temperature") == "°F",
        floors=tuple(_area(floor, {}) for floor in floors.values()),
        areas=tuple(found_areas.values()),
        entities=tuple(_entity(state, entries.get(state["entity_id"], {}), devices, found_areas) for state in states),
    )


def _is_running(config: Mapping[str, Any]) -> bool:
    """Has it started? Before, integrations bring their entities one after the other."""
    return bool(config.get("state", RUNNING) == RUNNING)


async def _list(client: HomeAssistantClient, command: str) -> Sequence[Mapping[str, Any]]:
    """What a registry lists; nothing where this Home Assistant has no such registry."""
    with suppress(FailedCommand):
        found: Sequence[Mapping[str, Any]] = await client.send_command(command)
        return found
    return []


def _area(area: Mapping[str, Any], floors: Mapping[str, Mapping[str, Any]]) -> FoundArea:
    floor = floors.get(str(area.get("floor_id")))
    return FoundArea(area["name"], tuple(sorted(area.get("aliases") or ())), floor["name"] if floor else None, area.get("level"))


def _entity(
    state: Mapping[str, Any], entry: Mapping[str, Any], devices: Mapping[str, Mapping[str, Any]], areas: Mapping[str, FoundArea]
) -> FoundEntity:
    device = devices.get(str(entry.get("device_id")), {})
    area = areas.get(str(entry.get("area_id") or device.get("area_id")))
    attributes = state.get("attributes", {})
    exposure = (entry.get("options") or {}).get("conversation") or {}
    return FoundEntity(
        entity_id=state["entity_id"],
        name=str(attributes.get("friendly_name") or state["entity_id"].partition(".")[2].replace("_", " ")),
        registry_id=entry.get("id"),
        area=area.name if area else None,
        aliases=tuple(sorted(entry.get("aliases") or ())),
        is_hidden=entry.get("hidden_by") is not None,
        is_auxiliary=entry.get("entity_category") is not None,
        exposed=exposure.get("should_expose"),
        attributes=attributes,
    )
