"""What Home Assistant tells of its entities, as states of devices. Pure.

Source: the answers of `subscribe_entities` (2024.3 to 2025.4): "a" added, "c" changed with "+" and "-", "r" removed; in a state "s"
is the state and "a" the attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from octopus_hub.adapters.service_rows import Entity
from octopus_hub.adapters.service_vehicle import SEAT_LEVELS
from octopus_hub.adapters.vehicle import PLACES
from octopus_hub.config.house import UNKNOWN_STATES, Device, DeviceState, number

Entities = Mapping[str, DeviceState]

WITH_TEMPERATURES = frozenset({"climate", "water_heater", "vehicle"})
"""Kinds whose entities are in the unit of Home Assistant, and do not say so."""
PRESSED = frozenset({"button", "input_button", "scene"})
"""Domains whose state is when they were last used."""


def apply(states: dict[str, DeviceState], event: Mapping[str, Any]) -> set[str]:
    """Bring `states` up to date with a message of the stream; returns the ids of the entities that it was about."""
    for entity_id, told in event.get("a", {}).items():
        states[entity_id] = DeviceState(told["s"], told.get("a", {}))
    for entity_id, change in event.get("c", {}).items():
        old, more, less = states.get(entity_id, DeviceState("unknown")), change.get("+", {}), change.get("-", {})
        attributes = {name: value for name, value in old.attributes.items() if name not in less.get("a", ())}
        states[entity_id] = DeviceState(more.get("s", old.state), {**attributes, **more.get("a", {})})
    for entity_id in event.get("r", ()):
        states.pop(entity_id, None)
    return {*event.get("a", {}), *event.get("c", {}), *event.get("r", ())}


def device_state(device: Device, entities: Entities, unit: str, more: Mapping[str, Mapping[str, object]]) -> DeviceState | None:
    """The state of a device from those of the entities it is bound to; None where Home Assistant has none of them.

    `unit` is Home Assistant's own of temperature, `more` what is asked for apart (a list's items, the forecast), by entity.
    """
    if device.kind == "vehicle":
        return vehicle_state(device, entities, unit)
    main = device.home_assistant.get("main", "")
    state = entities.get(main)
    if state is None:
        return None
    attributes = {role: _plain(entities[entity]) for role, entity in device.home_assistant.items() if entity in entities}
    attributes.pop("main", None)
    attributes |= state.attributes
    if device.kind in WITH_TEMPERATURES:
        attributes.setdefault("temperature_unit", unit)
    attributes |= more.get(main, {})
    return DeviceState(state.state, attributes)


def _plain(state: DeviceState) -> object:
    """A number where the state is one."""
    found = number(state.state)
    return state.state if found is None else found


# Vehicles


def vehicle_state(device: Device, entities: Entities, unit: str) -> DeviceState | None:
    """See `octopus_hub.adapters.protocol`: one state of many entities, by role."""
    telling = {role: entity for role, entity in device.home_assistant.items() if Entity(entity).domain not in PRESSED}
    bound = {role: entities[entity] for role, entity in telling.items() if entity in entities}
    if not bound:
        return None
    main = Entity(device.home_assistant.get("main", ""))
    if "main" in bound and (main.domain == "climate" or (main.domain == "lock" and bound.keys().isdisjoint(DOOR_LOCKS))):
        bound.setdefault(main.domain, bound["main"])
    attributes: dict[str, object] = {"temperature_unit": unit}
    for role, state in bound.items():
        if state.state not in UNKNOWN_STATES:
            attributes |= {name: value for name, value in _part(role, state).items() if value is not None}
    lock = bound.get("lock")
    if lock is not None:
        told = {True: "locked", False: "unlocked", None: lock.state}[_is_locked(lock)]
        return DeviceState(told, attributes)
    doors = [attributes[name] for name in DOORS if name in attributes]
    if doors:
        return DeviceState("locked" if all(doors) else "unlocked", attributes)
    reachable = any(state.state not in UNKNOWN_STATES for state in bound.values())
    return DeviceState("on" if reachable else "unavailable", attributes)


DOORS = tuple(f"locked_{place}" for place in PLACES)
DOOR_LOCKS = tuple(f"lock_{place}" for place in PLACES)

Read = Callable[[DeviceState], object]


def _whether(yes: str, no: str) -> Callable[[DeviceState], bool | None]:
    """By its words for yes and for no; a state that is neither tells nothing."""
    words = dict.fromkeys(f"on true yes {yes}".split(), True) | dict.fromkeys(f"off false no {no}".split(), False)
    return lambda state: words.get(state.state.casefold().replace(" ", "_"))


_is_active = _whether("active running", "inactive not_active not_running stopped")
_runs = _whether("active running started", "inactive not_running stopped idle")
_has_climate = _whether(
    "active running heat cool heat_cool auto dry fan_only heating cooling drying fan", "inactive not_active stopped idle"
)
_charges = _whether(
    "charging charge_in_progress in_progress",
    "not_charging not_in_charge idle complete completed charge_ended finished done stopped disconnected not_connected unplugged",
)
_is_plugged_in = _whether(
    "plugged plugged_in connected charging charge_in_progress", "unplugged not_plugged not_plugged_in disconnected not_connected"
)


_locks = _whether("locked", "unlocked unlocking open opening unlatched")
_is_open = _whether("open opening opened ajar vent unlocked", "closed closing shut locked")


def _is_locked(state: DeviceState) -> bool | None:
    told = _locks(state)
    if told is not None and state.attributes.get("device_class") == "lock":
        return not told  # a binary sensor of this class is on where it is unlocked
    return told


def _number(state: DeviceState) -> float | None:
    return number(state.state)


def _open_pct(state: DeviceState) -> float | None:
    """0 closed to 100 open; a cover that tells no position is one or the other, if it tells anything."""
    position = number(state.attributes.get("current_position"))
    if position is not None:
        return position
    is_open = _is_open(state)
    return None if is_open is None else 100.0 if is_open else 0.0


def _km(state: DeviceState) -> object:
    found, unit = _number(state), state.attributes.get("unit_of_measurement")
    return found * 1.609344 if found is not None and unit in ("mi", "mph") else found


def _kpa(state: DeviceState) -> object:
    found = _number(state)
    factor = {"bar": 100.0, "psi": 6.894757, "kPa": 1.0}.get(str(state.attributes.get("unit_of_measurement")), 1.0)
    return None if found is None else found * factor


def _heat(state: DeviceState) -> object:
    """A seat's heating in words, from a number, a select or a switch."""
    by_number = {number: word for word, number in SEAT_LEVELS.items() if word != "on"}
    found = _plain(state)
    if isinstance(found, float):
        return by_number.get(round(found), "high")
    return "medium" if found == "on" else found


def _place(state: DeviceState) -> object:
    return state.attributes.get("address") or state.state


READ: Mapping[str, tuple[str, Read]] = {
    "engine": ("engine_on", _runs),
    "charging": ("charging", _charges),
    "plugged_in": ("plugged_in", _is_plugged_in),
    "charge_limit": ("charge_limit", _number),
    "battery": ("battery_level", _number),
    "range": ("range", _km),
    "mileage": ("mileage", _km),
    "speed": ("speed", _km),
    "tire_pressure": ("tire_pressure", _kpa),
    "location": ("location", _place),
    "navigation": ("destination", lambda state: state.state),
    "temperature": ("current_temperature", _number),
    "sunroof": ("sunroof", _open_pct),
    "trunk": ("trunk", _open_pct),
    **{f"lock_{place}": (f"locked_{place}", _is_locked) for place in PLACES},
}
"""The attribute that a role's entity tells, and how it is read."""

READ_BY_PREFIX: Mapping[str, Read] = {
    "seat_heating_": _heat, "seat_position_": _number, "seat_height_": _number, "window_": _open_pct, "defrost_": _is_active,
}  # fmt: skip
"""Roles that have the same name as their attribute."""

WHOLE: Mapping[str, tuple[tuple[str, ...], Read]] = {
    "windows": (tuple(f"window_{place}" for place in PLACES), _open_pct),
    "seat_heating": (("seat_heating_driver",), _heat),
    "defrost": (("defrost_front", "defrost_rear"), _is_active),
}
"""Roles of one entity for several parts."""


def _part(role: str, state: DeviceState) -> Mapping[str, object]:
    if role == "climate":
        names = ("temperature", "current_temperature", "min_temp", "max_temp", "target_temp_step")
        told = {name: state.attributes[name] for name in names if state.attributes.get(name) is not None}
        return {**told, "climate_on": _has_climate(state)}
    if role in READ:
        name, read = READ[role]
        return {name: read(state)}
    if role in WHOLE:
        parts, read = WHOLE[role]
        return {name: read(state) for name in parts}
    return next(({role: read(state)} for prefix, read in READ_BY_PREFIX.items() if role.startswith(prefix)), {})
