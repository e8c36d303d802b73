"""The roles of a vehicle's entities by signals of COVESA's Vehicle Signal Specification (version 4), which may stand for them."""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config.vss_signals import (
    AMBIENT,
    BATTERY_RANGE,
    CABIN,
    CHARGE,
    CHARGE_LEVEL,
    CHARGE_LIMIT,
    CHARGE_NOW,
    CHARGING,
    CLIMATE,
    DEFROSTERS,
    DESTINATION,
    ENGINE,
    FLASH,
    HORN,
    HVAC,
    LOCATION,
    LOCKS,
    MILEAGE,
    PLUGGED_IN,
    RANGE,
    SPEED,
    SUNROOF,
    TRUNK,
)

SIDES = (("left", "DriverSide", "driver"), ("right", "PassengerSide", "passenger"))
"""Where the driver sits left, as `octopus_hub.adapters.vehicle` takes it."""

ROLE_OF_SIGNAL: Mapping[str, str] = {
    **dict.fromkeys(LOCKS, "lock"),
    CLIMATE: "climate",
    f"{HVAC}.Station.Row1.Left.Temperature": "climate",
    AMBIENT: "temperature",
    **{paths[0]: f"defrost_{part}" for part, paths in DEFROSTERS.items()},
    ENGINE: "engine",
    CHARGE: "charging",
    CHARGING: "charging",
    PLUGGED_IN: "plugged_in",
    CHARGE_LIMIT: "charge_limit",
    CHARGE_LEVEL: "battery",
    CHARGE_NOW: "battery",
    RANGE: "range",
    BATTERY_RANGE: "range",
    MILEAGE: "mileage",
    SPEED: "speed",
    LOCATION: "location",
    TRUNK: "trunk",
    SUNROOF: "sunroof",
    FLASH: "flash_lights",
    HORN: "horn",
    DESTINATION: "navigation",
    **{f"{CABIN}.Door.Row1.{side}.Window.Position": f"window_front_{where}" for where, side, _ in SIDES},
    **{f"{CABIN}.Door.Row2.{side}.Window.Position": f"window_rear_{where}" for where, side, _ in SIDES},
    **{f"{CABIN}.Seat.Row1.{side}.{name}": f"seat_{role}_{who}" for _, side, who in SIDES
       for name, role in (("Heating", "heating"), ("Position", "position"), ("Height", "height"))},
    **{f"{CABIN}.Seat.Row2.{side}.Heating": f"seat_heating_rear_{where}" for where, side, _ in SIDES},
}  # fmt: skip
