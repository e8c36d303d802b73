"""Units and limits: what a device takes of each quantity, in which unit. Pure.

A limit comes from the house file, else from the device's state, else from a default by kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from octopus_hub.config.house import Device, DeviceState, House, Units
from octopus_hub.daemon.conditions import attribute

CELSIUS, FAHRENHEIT = "°C", "°F"
HOTTEST_C: Mapping[str, float] = {"climate": 50, "water_heater": 95}
"""No such device goes higher, so a number beyond it is in °F."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A device with what is known of it."""

    device: Device
    state: DeviceState | None
    house: House

    def attribute(self, name: str) -> float | None:
        """An attribute of the state as a number, else None."""
        return attribute(self.state, name)

    @property
    def temperature_unit(self) -> str:
        """°C or °F: the device's own unit, else what its numbers betray, else the house's."""
        said = self.device.temperature_unit
        if said is None and self.state is not None:
            told = self.state.attributes.get("temperature_unit")
            said = told if isinstance(told, str) else None
        return _unit(said) or self._betrayed_unit() or (FAHRENHEIT if self.house.units is Units.IMPERIAL else CELSIUS)

    def _betrayed_unit(self) -> str | None:
        hottest = HOTTEST_C.get(self.device.kind)
        if hottest is None:
            return None
        highest = self.attribute("max_temp")
        if highest is not None:
            return FAHRENHEIT if highest > hottest else CELSIUS
        shown = [self.attribute(name) for name in ("temperature", "current_temperature", "target_temp_high")]
        return FAHRENHEIT if any(value is not None and value > hottest for value in shown) else None


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is set: its name in the house file's limits, the attributes that tell limits, and limits by kind."""

    key: str
    unit: str = "%"
    suffix: str = "pct"
    low_attribute: str = ""
    high_attribute: str = ""
    default: tuple[float, float] = (0, 100)
    by_kind: Mapping[str, tuple[float, float]] = field(default_factory=dict)


BRIGHTNESS = Quantity("brightness")
VOLUME = Quantity("volume")
POSITION = Quantity("position")
TILT = Quantity("tilt")
SPEED = Quantity("speed")
HUMIDITY = Quantity("humidity", low_attribute="min_humidity", high_attribute="max_humidity")
CHARGE = Quantity("charge")
KELVIN = Quantity("kelvin", "K", "k", "min_color_temp_kelvin", "max_color_temp_kelvin", (1500, 10000))
VALUE = Quantity("value", "", "", "min", "max", (-1e9, 1e9))
TEMPERATURE = Quantity(
    "temperature",
    CELSIUS,
    "c",
    "min_temp",
    "max_temp",
    # Home Assistant's defaults for climate; for hot water its 110 to 140 °F with some room; for cars what is usual.
    default=(7, 35),
    by_kind={"water_heater": (30, 70), "vehicle": (15, 30)},
)


def limits(quantity: Quantity, subject: Subject, unit: str | None = None) -> tuple[float, float]:
    """The lowest and highest value that the device takes, in `unit` (a temperature's; the device's own where None)."""
    if quantity.key == TEMPERATURE.key:
        return _temperature_limits(subject, unit or subject.temperature_unit)
    for key in (quantity.key, f"{quantity.key}_{quantity.suffix}"):
        if key in subject.device.limits:
            return subject.device.limits[key]
    low, high = quantity.by_kind.get(subject.device.kind, quantity.default)
    shown = (_shown(subject, quantity.low_attribute), _shown(subject, quantity.high_attribute))
    return (low if shown[0] is None else shown[0], high if shown[1] is None else shown[1])


def has_own_limit(quantity: Quantity, subject: Subject) -> bool:
    """Does the house file limit this quantity of the device?"""
    return any(key in subject.device.limits for key in (quantity.key, f"{quantity.key}_{quantity.suffix}"))


def convert(value: float, source: str, target: str) -> float:
    """A temperature from one unit to the other."""
    if source == target:
        return value
    return value * 9 / 5 + 32 if target == FAHRENHEIT else (value - 32) * 5 / 9


def convert_difference(value: float, source: str, target: str) -> float:
    """A difference of temperatures from one unit to the other."""
    if source == target:
        return value
    return value * 9 / 5 if target == FAHRENHEIT else value * 5 / 9


def other_unit(unit: str) -> str:
    """°F for °C and the reverse."""
    return CELSIUS if unit == FAHRENHEIT else FAHRENHEIT


def tidy(value: float, step: float | None = None, lowest: float = 0.0) -> float:
    """Rounded to the device's steps, which are counted from `lowest`, or to a tenth; whole numbers as int."""
    return exact(lowest + round((value - lowest) / step) * step) if step else exact(round(value, 1))


def exact(value: float) -> float:
    """Without the noise of arithmetic; whole numbers as int."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def written(value: float) -> str:
    """A number in digits, without exponent, as precise as people read it: 1234567, 230.1, 7.25, 0.041."""
    digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))


def spoken(value: float, unit: str) -> str:
    """A number with its unit, as read out: "21.5 °C", "40 %"."""
    return f"{written(value)} {unit}".strip()


def _temperature_limits(subject: Subject, unit: str) -> tuple[float, float]:
    own = subject.temperature_unit
    low, high = subject.attribute("min_temp"), subject.attribute("max_temp")
    for key, key_unit in (("temperature", own), ("temperature_c", CELSIUS), ("temperature_f", FAHRENHEIT)):
        if key in subject.device.limits:
            given = subject.device.limits[key]
            # Numbers that the device tells too are in the device's unit.
            given_unit = own if given == (low, high) else key_unit
            return convert(given[0], given_unit, unit), convert(given[1], given_unit, unit)
    base = TEMPERATURE.by_kind.get(subject.device.kind, TEMPERATURE.default)
    low = convert(base[0], CELSIUS, own) if low is None else low
    high = convert(base[1], CELSIUS, own) if high is None else high
    return convert(low, own, unit), convert(high, own, unit)


def _shown(subject: Subject, name: str) -> float | None:
    return subject.attribute(name) if name else None


def _unit(text: str | None) -> str | None:
    if text is None:
        return None
    letter = text.strip().removeprefix("°").casefold()[:1]
    return {"c": CELSIUS, "f": FAHRENHEIT}.get(letter)
