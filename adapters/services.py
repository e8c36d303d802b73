"""Calls as Home Assistant services. Pure: knows the house's bindings, and neither states nor connections.

The service's domain follows the entity (`input_boolean.turn_on` for a switch that is a helper); an entity of a domain that has no
such service is Unsupported. What a service is called and which data it takes is in `service_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from octopus_hub.adapters.own_functions import service_data, told
from octopus_hub.adapters.service_rows import ROWS, Data, Entity, Row
from octopus_hub.adapters.service_vehicle import VEHICLE_ROWS
from octopus_hub.config.errors import Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Confirmation
from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Call

ON_OFF_SERVICES = frozenset({"turn_on", "turn_off", "toggle"})

CORE_DOMAINS: Mapping[str, str] = {"group": "homeassistant"}
"""Entities whose own domain has no services; Home Assistant's core passes them on."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One service call: `light.turn_on`, the entities it is for, and its data."""

    service: str
    entity_ids: tuple[str, ...]
    data: Data = field(default_factory=dict)


def translate(call: Call, house: House) -> tuple[ServiceCall, ...]:
    """The services that carry a call out, entities with the same service and data together; none for what only the hub answers.

    Devices without a binding to Home Assistant are left out. Raises Unsupported where a bound entity cannot do it.
    """
    devices = [house.by_id[device_id] for device_id in call.device_ids]
    return _together([one for device in devices if device.home_assistant for one in translate_for(call, device)])


def translate_for(call: Call, device: Device) -> tuple[ServiceCall, ...]:
    """The services that carry a call out on one device. Raises Unsupported."""
    if (own := told(call)) is not None:
        if not own.service or "main" not in device.home_assistant:
            raise _unsupported(call, device, "functions.yaml names no service for it")
        return (ServiceCall(own.service, (device.home_assistant["main"],), service_data(own, call, "home_assistant")),)
    if device.kind == "vehicle" and call.function in VEHICLE_ROWS:
        entities = VEHICLE_ROWS[call.function](device.home_assistant, call.arguments)
        if not entities:
            raise _unsupported(call, device, "nothing it is bound to can do that")
        return tuple(ServiceCall(f"{each.domain}.{each.service}", (each.id,), each.data) for each in entities)
    row = ROWS.get((call.function, device.kind))
    if row is None:
        if by_name()[call.function].confirmation is Confirmation.HUB:
            return ()
        raise _unsupported(call, device, f"there is no such service for a {device.noun.name}")
    entity = _entity(call, device, row)
    data = row.data(call.arguments, device)
    return (ServiceCall(f"{_domain(entity, row)}.{row.service(call.arguments)}", (row.target(entity, device),), data),)


def record_services(calls: Sequence[Call], house: House) -> list[dict[str, object]]:
    """What `octopus interpret` prints as "services"; a call put off carries "at"."""
    printed: list[dict[str, object]] = []
    for call in calls:
        for service in translate(call, house):
            entry: dict[str, object] = {
                "service": service.service,
                "entity_ids": list(service.entity_ids),
                "data": dict(service.data),
            }
            printed.append(entry | ({} if call.at is None else {"at": call.at}))
    return printed


def _entity(call: Call, device: Device, row: Row) -> Entity:
    entity_id = device.home_assistant.get("main")
    if entity_id is None:
        raise _unsupported(call, device, 'it has no "main" entity')
    entity = Entity(entity_id)
    fits = entity.kind == device.kind or (row.service(call.arguments) in ON_OFF_SERVICES and not row.data(call.arguments, device))
    if not fits:
        raise _unsupported(call, device, f"{entity_id} has no such service")
    return entity


def _domain(entity: Entity, row: Row) -> str:
    return row.domain or CORE_DOMAINS.get(entity.domain, entity.domain)


def _together(calls: Sequence[ServiceCall]) -> tuple[ServiceCall, ...]:
    merged: list[ServiceCall] = []
    for call in calls:
        for index, known in enumerate(merged):
            if known.service == call.service and known.data == call.data:
                merged[index] = ServiceCall(known.service, (*known.entity_ids, *call.entity_ids), known.data)
                break
        else:
            merged.append(call)
    return tuple(merged)


def _unsupported(call: Call, device: Device, why: str) -> Unsupported:
    message = f"{device.name} cannot {call.function}: {why}"
    return Unsupported(message, adapter="home_assistant", function=call.function, device=device.id)
