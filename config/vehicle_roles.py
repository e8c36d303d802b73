"""The roles of a vehicle's entities by signals of COVESA's Vehicle Signal Specification (version 4), which may stand for them."""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config import vss_signals as vss

SIDES = (("left", "DriverSide", "driver"), ("right", "PassengerSide", "passenger"))
"""Where the driver sits left, as `octopus_hub.adapters.vehicle` takes it."""

ROLE_OF_SIGNAL: Mapping[str, str] = {
    **{f"{vss.CABIN}.Door.Row1.{side}.IsLocked": f"lock_front_{where}" for where, side, _ in SIDES},
    **{f"{vss.CABIN}.Door.Row2.{side}.IsLocked": f"lock_rear_{where}" for where, side, _ in SIDES},
    vss.CLIMATE: "climate",
    f"{vss.HVAC}.Station.Row1.Left.Temperature": "climate",
    vss.AMBIENT: "temperature",
    **{paths[0]: f"defrost_{part}" for part, paths in vss.DEFROSTERS.items()},
    vss.ENGINE: "engine",
    vss.CHARGE: "charging",
    vss.CHARGING: "charging",
    vss.PLUGGED_IN: "plugged_in",
    vss.CHARGE_LIMIT: "charge_limit",
    vss.CHARGE_LEVEL: "battery",
    vss.CHARGE_NOW: "battery",
    vss.RANGE: "range",
    vss.BATTERY_RANGE: "range",
    vss.MILEAGE: "mileage",
    vss.SPEED: "speed",
    vss.LOCATION: "location",
    vss.TRUNK: "trunk",
    vss.SUNROOF: "sunroof",
    vss.FLASH: "flash_lights",
    vss.HORN: "horn",
    vss.DESTINATION: "navigation",
    **{f"{vss.CABIN}.Door.Row1.{side}.Window.Position": f"window_front_{where}" for where, side, _ in SIDES},
    **{f"{vss.CABIN}.Door.Row2.{side}.Window.Position": f"window_rear_{where}" for where, side, _ in SIDES},
    **{f"{vss.CABIN}.Seat.Row1.{side}.{name}": f"seat_{role}_{who}" for _, side, who in SIDES
       for name, role in (("Heating", "heating"), ("Position", "position"), ("Height", "height"))},
    **{f"{vss.CABIN}.Seat.Row2.{side}.Heating": f"seat_heating_rear_{where}" for where, side, _ in SIDES},
}  # fmt: skip
