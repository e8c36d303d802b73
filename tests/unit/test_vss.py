"""A car's signals: what they say of it, what it is told, and the simulated one."""

from __future__ import annotations

from typing import Any

import pytest

from octopus_hub.adapters.vss import TELL, state_of
from octopus_hub.config import vss_signals as vss
from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Scalar
from octopus_hub.daemon.__main__ import main
from octopus_hub.daemon.simulated_car import SimulatedCar, first_signals

RIGHT = {vss.DRIVER_POSITION: "RIGHT"}
CELSIUS = {"temperature_unit": "°C"}
SEAT = f"{vss.CABIN}.Seat.Row1.DriverSide"


def told(function: str, signals: dict[str, Any] | None = None, **arguments: Scalar) -> dict[str, Any]:
    """The signals that are set, by path."""
    return dict(TELL[function](arguments, signals or {}))


def test_a_parked_car() -> None:
    """The simulated car as a vehicle's state, in km and kPa, with its zones and seats."""
    state = state_of(first_signals())
    more = state.attributes
    assert state.state == "locked"
    assert (more["range"], more["mileage"], more["battery_level"], more["tire_pressure"]) == (312.0, 23456.0, 64.0, 240)
    assert (more["speed"], more["plugged_in"], more["charging"], more["trunk"], more["sunroof"]) == (0.0, True, False, 0, 0)
    assert (more["temperature"], more["temperature_rear_right"], more["seat_heating_driver"]) == (20.0, 20.0, "off")
    assert (more["seat_position_driver"], more["seat_height_driver"]) == (50, 50)
    assert more["location"] == "48.1372, 11.5756"


def test_what_is_not_told_is_not_known() -> None:
    """No locks, no word on locking; nothing at all is unknown; one door that is open unlocks the car."""
    assert state_of({}).state == "unknown"
    assert state_of({vss.SPEED: 3}).state == "on"
    assert state_of({vss.LOCKS[0]: True, vss.LOCKS[3]: False}).state == "unlocked"
    assert state_of({vss.LOCKS[0]: True, **RIGHT}).attributes == {"locked_front_right": True, "drives_right": True, **CELSIUS}
    assert state_of({f"{SEAT}.Heating": 50}).attributes["seat_heating_driver"] == "medium"


@pytest.mark.parametrize("value", [[], {}, "open", float("nan"), float("inf")])
def test_what_is_no_value_of_a_signal(value: object) -> None:
    """Tells nothing, and is nowhere to go on from."""
    assert state_of(dict.fromkeys((vss.TRUNK, vss.RANGE, f"{SEAT}.Position", vss.WHEELS[0]), value)).attributes == CELSIUS
    assert told("move_seat", {f"{SEAT}.Position": value}, direction="backward") == {f"{SEAT}.Position": 180}


def test_the_drivers_side() -> None:
    """Windows and zones are left and right, doors and seats the driver's and the passenger's: which is which the car tells."""
    left, right = f"{vss.HVAC}.Station.Row1.Left.Temperature", f"{vss.HVAC}.Station.Row1.Right.Temperature"
    assert told("set_cabin_temperature", temperature=21, zone="driver") == {left: 21}
    assert told("set_cabin_temperature", RIGHT, temperature=21, zone="driver") == {right: 21}
    assert told("open_window", window="front left") == {f"{vss.DOORS[0]}.Window.Position": 100}
    assert told("open_window", RIGHT, window="front left", position=30) == {f"{vss.DOORS[1]}.Window.Position": 30}
    assert told("open_window", RIGHT, window="driver") == {f"{vss.DOORS[0]}.Window.Position": 100}
    assert told("unlock", RIGHT, door="driver") == {vss.LOCKS[0]: False}
    assert told("unlock", RIGHT, door="front left") == {vss.LOCKS[1]: False}
    assert told("set_seat_heating", RIGHT, seat="rear left", level="low") == {f"{vss.CABIN}.Seat.Row2.PassengerSide.Heating": 33}


def test_what_a_car_is_told() -> None:
    """Only doors that it has; seats a step from where they are; without a zone every zone that it tells."""
    assert told("lock", {vss.LOCKS[1]: False}) == {vss.LOCKS[1]: True}
    assert told("unlock") == dict.fromkeys(vss.LOCKS, False)
    assert told("lock", {vss.LOCKS[1]: False}, door="rear") == dict.fromkeys(vss.LOCKS[2:], True)
    assert told("move_seat", {f"{SEAT}.Position": 10}, direction="forward") == {f"{SEAT}.Position": 0}
    assert told("move_seat", direction="up") == {f"{SEAT}.Height": 60}
    assert len(told("set_cabin_temperature", first_signals(), temperature=22)) == 4
    assert told("defrost") == {vss.DEFROSTERS["front"][0]: True, vss.DEFROSTERS["rear"][0]: True}


def test_the_simulated_car() -> None:
    """It charges at the plug only; what it has not, or is of another type, it does not take."""
    car = SimulatedCar()
    assert car.set(vss.CHARGE, "START") == {vss.CHARGE: "START", vss.CHARGING: True}
    assert SimulatedCar({vss.PLUGGED_IN: False}).set(vss.CHARGE, "START")[vss.CHARGING] is False
    for path, value in (
        (vss.SPEED, 50.0),
        ("Vehicle.Wings", True),
        (vss.TRUNK, 1),
        (vss.DESTINATION, True),
    ):
        with pytest.raises(InputError):
            car.set(path, value)


@pytest.mark.parametrize("what", ["car", "plug"])
def test_simulating_below_a_wrong_topic(capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Is told in a line."""
    assert main(["simulate", what, "--topic", "cars/+"]) == 65
    assert "without wildcards" in capsys.readouterr().err
