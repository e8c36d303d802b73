"""The signals of a car that we know, by their names in COVESA's Vehicle Signal Specification.

Source: VSS 4 (https://covesa.github.io/vehicle_signal_specification). Two things that it lacks are ours: a destination by name
(`DESTINATION`), and the engine's `IsRunning` as something that can be set.
"""

from __future__ import annotations

from collections.abc import Mapping

CABIN, HVAC, BODY = "Vehicle.Cabin", "Vehicle.Cabin.HVAC", "Vehicle.Body"
BATTERY = "Vehicle.Powertrain.TractionBattery"
SPEED, ENGINE = "Vehicle.Speed", "Vehicle.Powertrain.CombustionEngine.IsRunning"
CLIMATE, DRIVER_POSITION = f"{HVAC}.IsAirConditioningActive", f"{CABIN}.DriverPosition"
SUNROOF, TRUNK = f"{CABIN}.Sunroof.Position", f"{BODY}.Trunk.Rear.IsOpen"
CHARGING, PLUGGED_IN = f"{BATTERY}.Charging.IsCharging", f"{BATTERY}.Charging.IsChargingCableConnected"
CHARGE, CHARGE_LIMIT = f"{BATTERY}.Charging.StartStopCharging", f"{BATTERY}.Charging.ChargeLimit"
FLASH, HORN = f"{BODY}.Lights.Hazard.IsSignaling", f"{BODY}.Horn.IsActive"
MILEAGE, RANGE, BATTERY_RANGE = "Vehicle.TraveledDistance", "Vehicle.Powertrain.Range", f"{BATTERY}.Range"
CHARGE_LEVEL, CHARGE_NOW = f"{BATTERY}.StateOfCharge.Displayed", f"{BATTERY}.StateOfCharge.Current"
AMBIENT = f"{HVAC}.AmbientAirTemperature"
DESTINATION = f"{CABIN}.Infotainment.Navigation.DestinationSet.Name"
LOCATION = "Vehicle.CurrentLocation"
LATITUDE, LONGITUDE = f"{LOCATION}.Latitude", f"{LOCATION}.Longitude"
DEFROSTERS: Mapping[str, tuple[str, ...]] = {
    "front": (f"{HVAC}.IsFrontDefrosterActive",),
    "rear": (f"{HVAC}.IsRearDefrosterActive",),
    "mirrors": (f"{BODY}.Mirrors.DriverSide.IsHeatingOn", f"{BODY}.Mirrors.PassengerSide.IsHeatingOn"),
}
WHEELS = tuple(f"Vehicle.Chassis.Axle.Row{row}.Wheel.{side}.Tire.Pressure" for row in (1, 2) for side in ("Left", "Right"))
DOORS = tuple(f"{CABIN}.Door.Row{row}.{side}" for row in (1, 2) for side in ("DriverSide", "PassengerSide"))
LOCKS = tuple(f"{door}.IsLocked" for door in DOORS)
