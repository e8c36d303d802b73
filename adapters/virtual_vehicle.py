"""What a call does to a virtual vehicle. Pure. Its attributes are described in `octopus_hub.adapters.protocol`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from octopus_hub.adapters.vehicle import PLACES, places, seats
from octopus_hub.config.errors import Rejected
from octopus_hub.config.house import Device, DeviceState
from octopus_hub.config.plan import Call

SEAT_STEP = 10
"""How far a seat moves at one word, in % of its way."""


def _with(state: DeviceState, **attributes: object) -> DeviceState:
    return DeviceState(state.state, {**state.attributes, **attributes})


Effect = Callable[[Call, Device, DeviceState], DeviceState]


def _becomes(**attributes: object) -> Effect:
    return lambda call, device, state: _with(state, **attributes)


def _set_cabin(call: Call, device: Device, state: DeviceState) -> DeviceState:
    wanted = float(call.arguments["temperature"])
    low, high = _shown(state, "min_temp", -30), _shown(state, "max_temp", 212)
    if not low <= wanted <= high:
        message = f"{device.name}: {wanted:g} is not between {low:g} and {high:g}"
        raise Rejected(message, adapter="virtual", function=call.function, device=device.id)
    return _with(state, temperature=wanted)


def _shown(state: DeviceState, name: str, default: float = 0) -> float:
    value = state.attributes.get(name)
    return float(value) if isinstance(value, int | float) else default


def _heat_seat(call: Call, device: Device, state: DeviceState) -> DeviceState:
    level = "medium" if call.arguments["level"] == "on" else call.arguments["level"]
    return _with(state, **{f"seat_heating_{seat}": level for seat in seats(call.arguments.get("seat"))})


def _move_seat(call: Call, device: Device, state: DeviceState) -> DeviceState:
    direction = call.arguments["direction"]
    name = "seat_height" if direction in ("up", "down") else "seat_position"
    step = SEAT_STEP if direction in ("up", "forward") else -SEAT_STEP
    moved = {f"{name}_{seat}": _shown(state, f"{name}_{seat}", 50) + step for seat in seats(call.arguments.get("seat"))}
    return _with(state, **{key: min(max(value, 0), 100) for key, value in moved.items()})


def _windows(position: Callable[[Call], float]) -> Effect:
    def effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
        return _with(state, **{f"window_{place}": position(call) for place in places(call.arguments.get("window"))})

    return effect


def _charge(call: Call, device: Device, state: DeviceState) -> DeviceState:
    if state.attributes.get("plugged_in") is False:
        raise Rejected(f"{device.name} is not plugged in", adapter="virtual", function=call.function, device=device.id)
    return _with(state, charging=True)


def _defrost(call: Call, device: Device, state: DeviceState) -> DeviceState:
    part = call.arguments.get("part")
    return _with(state, **{f"defrost_{each}": True for each in (("front", "rear") if part is None else (str(part),))})


def doors_locked(is_locked: bool) -> Effect:
    """The doors that were said, or all; the vehicle is locked when all of them are."""

    def effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
        doors = {f"locked_{place}": is_locked for place in places(call.arguments.get("door"))}
        after = _with(state, **doors)
        whole = all(after.attributes.get(f"locked_{place}", state.state == "locked") for place in PLACES)
        return DeviceState("locked" if whole else "unlocked", after.attributes)

    return effect


def _flashed(name: str) -> Effect:
    return lambda call, device, state: _with(state, **{name: int(_shown(state, name)) + 1})


VEHICLE_EFFECTS: Mapping[str, Effect] = {
    "vehicle_climate_start": _becomes(climate_on=True),
    "vehicle_climate_stop": _becomes(climate_on=False),
    "set_cabin_temperature": _set_cabin,
    "set_seat_heating": _heat_seat,
    "move_seat": _move_seat,
    "open_window": _windows(lambda call: float(call.arguments.get("position", 100))),
    "close_window": _windows(lambda call: 0),
    "open_sunroof": _becomes(sunroof=100),
    "close_sunroof": _becomes(sunroof=0),
    "open_trunk": _becomes(trunk=100),
    "close_trunk": _becomes(trunk=0),
    "flash_lights": _flashed("flashes"),
    "sound_horn": _flashed("honks"),
    "start_charging": _charge,
    "stop_charging": _becomes(charging=False),
    "set_charge_limit": lambda call, device, state: _with(state, charge_limit=call.arguments["level"]),
    "navigate_to": lambda call, device, state: _with(state, destination=call.arguments["destination"]),
    "defrost": _defrost,
    "start_engine": _becomes(engine_on=True),
    "stop_engine": _becomes(engine_on=False),
}
"""Functions that only vehicles have; locking and the cabin's steps are those of locks and thermostats."""
