"""A car in the terms of COVESA's Vehicle Signal Specification: its signals as the state of a vehicle, and calls as signals. Pure.

The names are in `octopus_hub.config.vss_signals`. Left and right are turned to driver and passenger by
`Vehicle.Cabin.DriverPosition`, LEFT where the car does not tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from octopus_hub.adapters.vehicle import PLACES, SEATS, places, seats
from octopus_hub.config.house import DeviceState, number
from octopus_hub.config.plan import Scalar
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
    DRIVER_POSITION,
    ENGINE,
    FLASH,
    HORN,
    HVAC,
    LATITUDE,
    LOCKS,
    LONGITUDE,
    MILEAGE,
    PLUGGED_IN,
    RANGE,
    SPEED,
    SUNROOF,
    TRUNK,
    WHEELS,
)

Signals = Mapping[str, Any]
Arguments = Mapping[str, Scalar]

HEATING: Mapping[str, int] = {"off": 0, "low": 33, "medium": 66, "high": 100, "on": 66}
"""A seat's heating in %."""
SEAT_TRAVEL_MM, SEAT_LIFT_MM, SEAT_STEP = 300, 100, 0.1
"""How far a seat goes forward and up, which VSS leaves to the car; and what part of it one word moves it."""

DIRECT: Mapping[str, str] = {
    "speed": SPEED, "mileage": MILEAGE, "engine_on": ENGINE, "climate_on": CLIMATE, "charging": CHARGING,
    "plugged_in": PLUGGED_IN, "charge_limit": CHARGE_LIMIT, "current_temperature": AMBIENT,
    "sunroof": SUNROOF, "destination": DESTINATION,
}  # fmt: skip
"""Attributes of a vehicle that are signals as they are."""


def _left_is_driver(signals: Signals) -> bool:
    return str(signals.get(DRIVER_POSITION, "LEFT")).upper() != "RIGHT"


def _side(place: str, signals: Signals) -> tuple[int, bool]:
    """The row, and whether it is the left, of a seat or window."""
    left_is_driver = _left_is_driver(signals)
    if place in ("driver", "passenger"):
        return 1, (place == "driver") == left_is_driver
    return (1 if place.startswith("front") else 2), place.endswith("left")


def _by_driver(branch: str, place: str, signals: Signals) -> str:
    """`Vehicle.Cabin.Door.Row1.DriverSide` for a branch of which VSS counts the sides from the driver."""
    row, is_left = _side(place, signals)
    return f"{branch}.Row{row}.{'DriverSide' if is_left == _left_is_driver(signals) else 'PassengerSide'}"


def _station(seat: str, signals: Signals) -> str:
    row, is_left = _side(seat, signals)
    return f"{HVAC}.Station.Row{row}.{'Left' if is_left else 'Right'}.Temperature"


def _seat(seat: str, signals: Signals) -> str:
    return _by_driver(f"{CABIN}.Seat", seat, signals)


def _door(place: str, signals: Signals) -> str:
    return _by_driver(f"{CABIN}.Door", place, signals)


def _window(place: str, signals: Signals) -> str:
    return f"{_door(place, signals)}.Window.Position"


def _lock(place: str, signals: Signals) -> str:
    return f"{_door(place, signals)}.IsLocked"


def _places(said: Scalar | None, signals: Signals) -> tuple[str, ...]:
    return places(said, drives_right=not _left_is_driver(signals))


# What a car tells


def state_of(signals: Signals) -> DeviceState:
    """The state of a vehicle (`octopus_hub.adapters.protocol`) from its signals by path."""
    attributes: dict[str, Any] = {name: signals.get(path) for name, path in DIRECT.items()}
    attributes |= {"temperature_unit": "°C", "temperature": signals.get(_station("driver", signals))}
    for seat in SEATS:
        path = _seat(seat, signals)
        attributes[f"temperature_{seat}"] = signals.get(_station(seat, signals))
        attributes[f"seat_heating_{seat}"] = _level(signals.get(f"{path}.Heating"))
        attributes[f"seat_position_{seat}"] = _share(signals.get(f"{path}.Position"), SEAT_TRAVEL_MM, from_front=True)
        attributes[f"seat_height_{seat}"] = _share(signals.get(f"{path}.Height"), SEAT_LIFT_MM)
    for place in PLACES:
        attributes[f"window_{place}"] = signals.get(_window(place, signals))
        attributes[f"locked_{place}"] = signals.get(_lock(place, signals))
    attributes["drives_right"] = True if not _left_is_driver(signals) else None
    attributes |= {f"defrost_{part}": signals.get(paths[0]) for part, paths in DEFROSTERS.items()}
    attributes["trunk"] = _open_pct(signals.get(TRUNK))
    attributes["battery_level"] = signals.get(CHARGE_LEVEL, signals.get(CHARGE_NOW))
    attributes["range"] = _km(signals.get(RANGE, signals.get(BATTERY_RANGE)))
    attributes["tire_pressure"] = min((signals[path] for path in WHEELS if _is_number(signals.get(path))), default=None)
    if _is_number(signals.get(LATITUDE)) and _is_number(signals.get(LONGITUDE)):
        attributes["location"] = f"{signals[LATITUDE]:.4f}, {signals[LONGITUDE]:.4f}"
    locks = [signals[path] for path in LOCKS if path in signals]
    state = "on" if not locks else "locked" if all(locks) else "unlocked"
    return DeviceState(state if signals else "unknown", {name: value for name, value in attributes.items() if value is not None})


def _is_number(value: object) -> bool:
    return not isinstance(value, str) and number(value) is not None


def _open_pct(is_open: object) -> int | None:
    return None if is_open not in (True, False) else 100 if is_open else 0


def _km(metres: Any) -> float | None:
    return round(metres / 1000, 1) if _is_number(metres) else None


def _level(percent: Any) -> str | None:
    if not _is_number(percent):
        return None
    return "off" if percent <= 0 else "low" if percent <= HEATING["low"] else "medium" if percent <= HEATING["medium"] else "high"


def _share(mm: Any, most: int, *, from_front: bool = False) -> int | None:
    """Of the way, in %; VSS counts a seat's position from the front, and we from the back."""
    if not _is_number(mm):
        return None
    share = round(100 * float(mm) / most)
    return 100 - share if from_front else share


# What a car is told

Set = tuple[str, Any]
Tell = Callable[[Arguments, Signals], Iterator[Set]]


def _becomes(path: str, value: Any) -> Tell:
    return lambda given, signals: iter([(path, value)])


def _given(path: str, name: str) -> Tell:
    return lambda given, signals: iter([(path, given[name])])


def _locked(is_locked: bool) -> Tell:
    """The door that was said; else those that the car has told of, or all four."""

    def tell(given: Arguments, signals: Signals) -> Iterator[Set]:
        if "door" in given:
            return ((_lock(place, signals), is_locked) for place in _places(given["door"], signals))
        return ((path, is_locked) for path in ([p for p in LOCKS if p in signals] or LOCKS))

    return tell


def _cabin(given: Arguments, signals: Signals) -> Iterator[Set]:
    zone = given.get("zone")
    for seat in seats("all" if zone is None else zone):
        if zone is not None or _station(seat, signals) in signals or seat == "driver":
            yield _station(seat, signals), given["temperature"]


def _heat_seats(given: Arguments, signals: Signals) -> Iterator[Set]:
    for seat in seats(given.get("seat")):
        yield f"{_seat(seat, signals)}.Heating", HEATING[str(given["level"])]


def _move_seats(given: Arguments, signals: Signals) -> Iterator[Set]:
    direction = given["direction"]
    name, travel = ("Height", SEAT_LIFT_MM) if direction in ("up", "down") else ("Position", SEAT_TRAVEL_MM)
    sign = 1 if direction in ("up", "backward") else -1
    for seat in seats(given.get("seat")):
        path = f"{_seat(seat, signals)}.{name}"
        now = signals[path] if _is_number(signals.get(path)) else travel / 2
        yield path, round(min(travel, max(0, now + sign * SEAT_STEP * travel)))


def _move_windows(position: Callable[[Arguments], Any]) -> Tell:
    return lambda given, signals: ((_window(place, signals), position(given)) for place in _places(given.get("window"), signals))


def _defrost(given: Arguments, signals: Signals) -> Iterator[Set]:
    part = given.get("part")
    parts = ("front", "rear") if part is None else (str(part),)
    return ((path, True) for each in parts for path in DEFROSTERS[each])


TELL: Mapping[str, Tell] = {
    "lock": _locked(True),
    "unlock": _locked(False),
    "set_cabin_temperature": _cabin,
    "step_temperature": _cabin,
    "vehicle_climate_start": _becomes(CLIMATE, True),
    "vehicle_climate_stop": _becomes(CLIMATE, False),
    "set_seat_heating": _heat_seats,
    "move_seat": _move_seats,
    "open_window": _move_windows(lambda given: given.get("position", 100)),
    "close_window": _move_windows(lambda given: 0),
    "open_sunroof": _becomes(SUNROOF, 100),
    "close_sunroof": _becomes(SUNROOF, 0),
    "open_trunk": _becomes(TRUNK, True),
    "close_trunk": _becomes(TRUNK, False),
    "flash_lights": _becomes(FLASH, True),
    "sound_horn": _becomes(HORN, True),
    "start_charging": _becomes(CHARGE, "START"),
    "stop_charging": _becomes(CHARGE, "STOP"),
    "set_charge_limit": _given(CHARGE_LIMIT, "level"),
    "navigate_to": _given(DESTINATION, "destination"),
    "defrost": _defrost,
    "start_engine": _becomes(ENGINE, True),
    "stop_engine": _becomes(ENGINE, False),
}
"""The signals that a function sets, by its name."""
