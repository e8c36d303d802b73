"""The roles of a vehicle's entities by signals of COVESA's Vehicle Signal Specification (version 4), which may stand for them."""

from __future__ import annotations

from collections.abc import Mapping

BATTERY, CABIN, HVAC = "Vehicle.Powertrain.TractionBattery", "Vehicle.Cabin", "Vehicle.Cabin.HVAC"
SIDES = (("left", "DriverSide", "driver"), ("right", "PassengerSide", "passenger"))
"""Where the driver sits left, as `octopus_hub.adapters.vehicle` takes it."""

ROLE_OF_SIGNAL: Mapping[str, str] = {
    **{f"{CABIN}.Door.Row{row}.{side}.IsLocked": "lock" for row in (1, 2) for _, side, _ in SIDES},
    f"{HVAC}.IsAirConditioningActive": "climate",
    f"{HVAC}.Station.Row1.Left.Temperature": "climate",
    f"{HVAC}.AmbientAirTemperature": "temperature",
    f"{HVAC}.IsFrontDefrosterActive": "defrost_front",
    f"{HVAC}.IsRearDefrosterActive": "defrost_rear",
    "Vehicle.Body.Mirrors.DriverSide.IsHeatingOn": "defrost_mirrors",
    "Vehicle.Powertrain.CombustionEngine.IsRunning": "engine",
    f"{BATTERY}.Charging.StartStopCharging": "charging",
    f"{BATTERY}.Charging.IsCharging": "charging",
    f"{BATTERY}.Charging.IsChargingCableConnected": "plugged_in",
    f"{BATTERY}.Charging.ChargeLimit": "charge_limit",
    f"{BATTERY}.StateOfCharge.Displayed": "battery",
    f"{BATTERY}.StateOfCharge.Current": "battery",
    "Vehicle.Powertrain.Range": "range",
    f"{BATTERY}.Range": "range",
    "Vehicle.TraveledDistance": "mileage",
    "Vehicle.Speed": "speed",
    "Vehicle.CurrentLocation": "location",
    "Vehicle.Body.Trunk.Rear.IsOpen": "trunk",
    f"{CABIN}.Sunroof.Position": "sunroof",
    "Vehicle.Body.Lights.Hazard.IsSignaling": "flash_lights",
    "Vehicle.Body.Horn.IsActive": "horn",
    f"{CABIN}.Infotainment.Navigation.DestinationSet.Name": "navigation",
    **{f"{CABIN}.Door.Row1.{side}.Window.Position": f"window_front_{where}" for where, side, _ in SIDES},
    **{f"{CABIN}.Door.Row2.{side}.Window.Position": f"window_rear_{where}" for where, side, _ in SIDES},
    **{f"{CABIN}.Seat.Row1.{side}.{name}": f"seat_{role}_{who}" for _, side, who in SIDES
       for name, role in (("Heating", "heating"), ("Position", "position"), ("Height", "height"))},
    **{f"{CABIN}.Seat.Row2.{side}.Heating": f"seat_heating_rear_{where}" for where, side, _ in SIDES},
}  # fmt: skip
