"""The state a virtual device begins with, by kind: everything quiet, shut and at home, within the device's limits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from octopus_hub.adapters.vehicle import PLACES, SEATS
from octopus_hub.config.house import Device, DeviceState, Units

FAHRENHEIT_UNITS = frozenset({"F", "°F"})


def initial_state(device: Device, units: Units) -> DeviceState:
    """The first state of a device; temperatures are in the device's unit, else the house's."""
    said = device.temperature_unit
    is_fahrenheit = said in FAHRENHEIT_UNITS if said else units is Units.IMPERIAL
    return INITIAL.get(device.kind, _plain("unknown"))(device, is_fahrenheit)


First = Callable[[Device, bool], DeviceState]


def _plain(state: str, **attributes: object) -> First:
    return lambda device, is_fahrenheit: DeviceState(state, {**_class(device), **attributes})


def _class(device: Device) -> dict[str, object]:
    return {"device_class": device.device_class} if device.device_class else {}


def _degrees(celsius: float, is_fahrenheit: bool) -> float:
    return round(celsius * 9 / 5 + 32) if is_fahrenheit else celsius


def _range(device: Device, is_fahrenheit: bool, low_c: float, high_c: float) -> tuple[float, float]:
    """The limits in the device's unit: those of the file where they are in that unit."""
    key = "temperature_f" if is_fahrenheit else "temperature_c"
    return device.limits.get(key, (_degrees(low_c, is_fahrenheit), _degrees(high_c, is_fahrenheit)))


def _unit(is_fahrenheit: bool) -> str:
    return "°F" if is_fahrenheit else "°C"


def _climate(device: Device, is_fahrenheit: bool) -> DeviceState:
    low, high = _range(device, is_fahrenheit, 7, 35)
    modes = device.options.get("hvac_modes", ("off", "heat", "cool", "heat_cool"))
    attributes = {
        "temperature": min(max(_degrees(20, is_fahrenheit), low), high),
        "current_temperature": _degrees(20.5, is_fahrenheit),
        "target_temp_low": _degrees(18, is_fahrenheit),
        "target_temp_high": _degrees(24, is_fahrenheit),
        "temperature_unit": _unit(is_fahrenheit),
        "min_temp": low,
        "max_temp": high,
        "target_temp_step": 1 if is_fahrenheit else 0.5,
        "hvac_modes": list(modes),
        "preset_mode": "none",
        "fan_mode": "auto",
        "humidity": 45,
        "current_humidity": 47,
    }
    return DeviceState("heat" if "heat" in modes else next((mode for mode in modes if mode != "off"), "off"), attributes)


def _water_heater(device: Device, is_fahrenheit: bool) -> DeviceState:
    low, high = _range(device, is_fahrenheit, 30, 70)
    modes = device.options.get("available_modes", ("eco", "performance", "off"))
    attributes = {
        "temperature": min(max(_degrees(50, is_fahrenheit), low), high),
        "current_temperature": _degrees(48, is_fahrenheit),
        "temperature_unit": _unit(is_fahrenheit),
        "min_temp": low,
        "max_temp": high,
        "operation_list": list(modes),
        "operation_mode": modes[0],
    }
    return DeviceState(modes[0], attributes)


def _vehicle(device: Device, is_fahrenheit: bool) -> DeviceState:
    low, high = _range(device, is_fahrenheit, 15, 30)
    attributes: dict[str, object] = {
        "engine_on": False,
        "climate_on": False,
        "charging": False,
        "plugged_in": True,
        "temperature": _degrees(21, is_fahrenheit),
        "current_temperature": _degrees(14, is_fahrenheit),
        "temperature_unit": _unit(is_fahrenheit),
        "min_temp": low,
        "max_temp": high,
        "sunroof": 0,
        "trunk": 0,
        "charge_limit": 80,
        "battery_level": 64,
        "range": 268,
        "mileage": 18204,
        "speed": 0,
        "tire_pressure": 250,
        "location": "home",
        "destination": "",
        **{f"seat_heating_{seat}": "off" for seat in SEATS},
        **{f"seat_position_{seat}": 50 for seat in SEATS},
        **{f"seat_height_{seat}": 50 for seat in SEATS},
        **{f"window_{place}": 0 for place in PLACES},
        **{f"locked_{place}": True for place in PLACES},
        **{f"defrost_{part}": False for part in ("front", "rear", "mirrors")},
    }
    return DeviceState("locked", attributes)


def _number(device: Device, is_fahrenheit: bool) -> DeviceState:
    low, high = device.limits.get("value", (0, 100))
    return DeviceState(f"{low:g}", {"min": low, "max": high, "step": 1})


def _select(device: Device, is_fahrenheit: bool) -> DeviceState:
    options = device.options.get("options", ("one", "two"))
    return DeviceState(options[0], {"options": list(options)})


READINGS: Mapping[str, tuple[str, str]] = {
    "humidity": ("52", "%"),
    "battery": ("87", "%"),
    "power": ("125", "W"),
    "energy": ("8.4", "kWh"),
    "illuminance": ("180", "lx"),
    "moisture": ("31", "%"),
    "carbon_dioxide": ("640", "ppm"),
    "pm25": ("7", "µg/m³"),
}
"""What sensors show, by device class."""


def _sensor(device: Device, is_fahrenheit: bool) -> DeviceState:
    if device.device_class == "temperature":
        return DeviceState(f"{_degrees(21.5, is_fahrenheit):g}", {**_class(device), "unit_of_measurement": _unit(is_fahrenheit)})
    value, unit = READINGS.get(device.device_class or "", ("0", ""))
    return DeviceState(value, {**_class(device), **({"unit_of_measurement": unit} if unit else {})})


def _weather(device: Device, is_fahrenheit: bool) -> DeviceState:
    unit = _unit(is_fahrenheit)
    return DeviceState("sunny", {"temperature": _degrees(18, is_fahrenheit), "temperature_unit": unit, "humidity": 55})


INITIAL: Mapping[str, First] = {
    "light": _plain(
        "off",
        supported_color_modes=["color_temp", "hs"],
        min_color_temp_kelvin=2000,
        max_color_temp_kelvin=6535,
    ),
    "switch": _plain("off"),
    "fan": _plain("off", percentage=0, percentage_step=1, oscillating=False, direction="forward", preset_mode=None),
    "lock": _plain("locked"),
    "cover": _plain("closed", current_position=0, current_tilt_position=0),
    "media_player": _plain("idle", volume_level=0.3, is_volume_muted=False, shuffle=False, repeat="off", media_track=1),
    "climate": _climate,
    "vacuum": _plain("docked", battery_level=100),
    "valve": _plain("closed", current_position=0),
    "alarm_control_panel": _plain("disarmed"),
    "humidifier": _plain("off", humidity=45, current_humidity=41, mode="auto"),
    "water_heater": _water_heater,
    "lawn_mower": _plain("docked", battery_level=100),
    "siren": _plain("off"),
    "remote": _plain("off"),
    "number": _number,
    "select": _select,
    "script": _plain("off"),
    "todo": _plain("0", items=[]),
    "timer": _plain("idle", remaining="0:00:00", remaining_s=0),
    "sensor": _sensor,
    "binary_sensor": _plain("off"),
    "person": _plain("home"),
    "weather": _weather,
    "calendar": _plain("off", message="Dentist"),
    "camera": _plain("idle"),
    "automation": _plain("on"),
    "vehicle": _vehicle,
}
"""Kinds that are missing have nothing to show: `unknown`."""
