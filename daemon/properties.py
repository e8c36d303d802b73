"""Where a value that people ask for ("temperature", "battery", "title") is found in a device's state. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from octopus_hub.adapters.colors import name_of, rgb_shown
from octopus_hub.config.house import Device, DeviceState, number
from octopus_hub.config.plan import Scalar
from octopus_hub.daemon.conditions import is_known
from octopus_hub.daemon.quantities import Subject, exact, spoken, tidy


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with its unit; the unit is empty for words."""

    value: Scalar
    unit: str = ""

    def __str__(self) -> str:
        return spoken(self.value, self.unit) if isinstance(self.value, int | float) else f"{self.value} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Source:
    """One place to look: devices of `kinds` (and device class, for sensors), and how to read it. Earlier sources are better."""

    kinds: tuple[str, ...]
    read: Callable[[Subject], Reading | None]
    device_classes: tuple[str, ...] = ()

    def fits(self, device: Device) -> bool:
        """May the device have this value, by what it is?"""
        return device.kind in self.kinds and (not self.device_classes or device.device_class in self.device_classes)


def best_sources(subjects: Sequence[Subject], name: str) -> list[Device]:
    """The devices to ask for a value: those that know it, if any; of these the best kind of source; none where none has it."""
    ranked = [(rank, subject) for subject in subjects if (rank := _rank(subject.device, name)) is not None]
    ranked = [(rank, subject) for rank, subject in ranked if read(subject, name) is not None] or ranked
    best = min((rank for rank, _ in ranked), default=None)
    return [subject.device for rank, subject in ranked if rank == best]


def room_thermometers(devices: Iterable[Device]) -> list[Device]:
    """Temperature sensors that measure a room, by their names: a freezer's temperature is not the kitchen's."""
    sensors = (device for device in devices if device.kind == "sensor" and device.device_class == "temperature")
    return [device for device in sensors if not OF_THINGS & (words_of(device.name) - words_of(device.area or ""))]


def words_of(name: str) -> set[str]:
    """The words of a name, without case and numbers."""
    return set(re.findall(r"[^\W\d_]+", name.casefold()))


def _rank(device: Device, name: str) -> int | None:
    return next((index for index, source in enumerate(PROPERTIES[name]) if source.fits(device)), None)


def read(subject: Subject, name: str) -> Reading | None:
    """The value, or None where it is not known."""
    if not is_known(subject.state):
        return None
    for source in PROPERTIES[name]:
        if source.fits(subject.device) and (found := source.read(subject)) is not None:
            return found
    return None


def _state(unit: str = "") -> Callable[[Subject], Reading | None]:
    def reading(subject: Subject) -> Reading | None:
        state = subject.state
        if state is None:
            return None
        told = state.attributes.get("unit_of_measurement")
        value = number(state.state)
        return Reading(state.state if value is None else exact(value), told if isinstance(told, str) else unit)

    return reading


def _temperature(*names: str) -> Callable[[Subject], Reading | None]:
    def reading(subject: Subject) -> Reading | None:
        found = _first_number(subject, names)
        return None if found is None else Reading(tidy(found), subject.temperature_unit)

    return reading


def _sensor_temperature(subject: Subject) -> Reading | None:
    state = subject.state
    value = None if state is None else number(state.state)
    told = None if state is None else state.attributes.get("unit_of_measurement")
    return None if value is None else Reading(tidy(value), told if isinstance(told, str) else subject.temperature_unit)


def _number(unit: str, *names: str, scale: float = 1) -> Callable[[Subject], Reading | None]:
    def reading(subject: Subject) -> Reading | None:
        found = _first_number(subject, names)
        return None if found is None else Reading(exact(found * scale), unit)

    return reading


def _percent_of(name: str, full: float) -> Callable[[Subject], Reading | None]:
    def reading(subject: Subject) -> Reading | None:
        found = subject.attribute(name)
        return None if found is None else Reading(round(found / full * 100), "%")

    return reading


def _word(*names: str) -> Callable[[Subject], Reading | None]:
    def reading(subject: Subject) -> Reading | None:
        attributes = subject.state.attributes if subject.state is not None else {}
        found = next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)
        return None if found is None else Reading(str(found))

    return reading


def _color(subject: Subject) -> Reading | None:
    """In a word; a lamp that shows white by its warmth says which white."""
    attributes = subject.state.attributes if subject.state is not None else {}
    kelvin, rgb = subject.attribute("color_temp_kelvin"), rgb_shown(attributes.get("rgb_color"))
    if kelvin is not None and attributes.get("color_mode", "color_temp") == "color_temp":
        return Reading(next(white for most, white in WHITES if kelvin <= most))
    return None if rgb is None else Reading(name_of(rgb))


def _items(subject: Subject) -> Reading | None:
    found = todo_items(subject.state)
    return _state()(subject) if found is None else Reading(", ".join(found) or "nothing")


def todo_items(state: DeviceState | None) -> list[str] | None:
    """What is still to be done on a list, or None where the items are not told."""
    told = None if state is None else state.attributes.get("items", state.attributes.get("todo_items"))
    if not isinstance(told, list | tuple):
        return None
    open_items = (item for item in told if not (isinstance(item, Mapping) and item.get("status") == "completed"))
    return [str(item.get("summary", "")) if isinstance(item, Mapping) else str(item) for item in open_items]


def _first_number(subject: Subject, names: tuple[str, ...]) -> float | None:
    return next((found for name in names if (found := subject.attribute(name)) is not None), None)


def _sensor(*device_classes: str, unit: str = "") -> Source:
    return Source(("sensor",), _state(unit), device_classes)


OF_THINGS = frozenset(
    {
        "freezer", "fridge", "refrigerator", "cooler", "oven", "grill", "kettle", "water", "boiler", "pool", "pond", "spa", "tub",
        "aquarium", "tank", "sauna", "flow", "pipe", "floor", "soil", "battery", "inverter", "cpu", "disk", "server", "printer",
        "heatpump", "pump", "outside", "outdoor", "balcony", "garden",
    }
)  # fmt: skip
"""Words in the name of a temperature sensor that say it is no room's."""

WHITES = ((3300, "warm white"), (5000, "neutral white"), (math.inf, "cool white"))
"""What white is called up to so many kelvin. Source: EN 12464-1."""

WITH_MODE = ("humidifier", "climate", "water_heater", "alarm_control_panel", "fan")
WITH_BATTERY = ("lock", "vacuum", "lawn_mower", "cover", "sensor", "binary_sensor", "remote", "climate", "light", "switch", "valve")

PROPERTIES: Mapping[str, tuple[Source, ...]] = {
    "temperature": (
        Source(("climate",), _temperature("current_temperature")),
        Source(("sensor",), _sensor_temperature, ("temperature",)),
        Source(("water_heater",), _temperature("current_temperature")),
        Source(("vehicle",), _temperature("current_temperature")),
        Source(("weather",), _temperature("temperature")),
    ),
    "target temperature": (Source(("climate", "water_heater", "vehicle"), _temperature("temperature", "target_temp_high")),),
    "humidity": (
        _sensor("humidity", "moisture", unit="%"),
        Source(("climate", "humidifier"), _number("%", "current_humidity")),
        Source(("weather",), _number("%", "humidity")),
    ),
    "target humidity": (Source(("humidifier", "climate"), _number("%", "humidity")),),
    "brightness": (Source(("light",), _percent_of("brightness", 255)),),
    "color": (Source(("light",), _color),),
    "volume": (Source(("media_player",), _percent_of("volume_level", 1)),),
    "position": (Source(("cover", "valve"), _number("%", "current_position")),),
    "battery": (
        _sensor("battery", unit="%"),
        Source(("vehicle",), _number("%", "battery_level")),
        Source(WITH_BATTERY, _number("%", "battery_level", "battery")),
    ),
    "power": (
        _sensor("power", unit="W"),
        Source(("switch", "light"), _number("W", "power", "current_power_w")),
    ),
    "energy": (
        _sensor("energy", unit="kWh"),
        Source(("switch", "light"), _number("kWh", "energy", "total_energy_kwh")),
    ),
    "speed": (
        Source(("fan",), _number("%", "percentage")),
        Source(("vehicle",), _number("km/h", "speed")),
        _sensor("speed", "wind_speed"),
    ),
    "mode": (
        Source(WITH_MODE, _word("mode", "operation_mode", "preset_mode")),
        Source(("climate", "water_heater", "alarm_control_panel", "select"), _state()),
    ),
    "source": (Source(("media_player",), _word("source", "app_name")),),
    "title": (Source(("media_player",), _word("media_title", "media_series_title")),),
    "artist": (Source(("media_player",), _word("media_artist", "media_album_artist")),),
    "light level": (_sensor("illuminance", unit="lx"),),
    "air quality": (_sensor("aqi", "carbon_dioxide", "pm25", "pm10", "volatile_organic_compounds"),),
    "value": (Source(("number", "sensor", "select", "binary_sensor"), _state()),),
    "range": (Source(("vehicle",), _number("km", "range")), _sensor("distance")),
    "charge level": (Source(("vehicle",), _number("%", "battery_level")), _sensor("battery", unit="%")),
    "location": (Source(("vehicle",), _word("location")), Source(("person",), _state())),
    "tire pressure": (Source(("vehicle",), _number("kPa", "tire_pressure")), _sensor("pressure")),
    "mileage": (Source(("vehicle",), _number("km", "mileage")), _sensor("distance")),
    "items": (Source(("todo",), _items),),
    "time left": (
        Source(("timer",), _word("remaining", "finishes_at")),
        Source(("vacuum", "media_player", "vehicle"), _word("time_left", "remaining")),
        _sensor("duration", "timestamp"),
    ),
    "next event": (Source(("calendar",), _word("message")),),
}
"""Every choice of the parameter `property`. A vehicle's attributes are described in `octopus_hub.adapters.protocol`."""
