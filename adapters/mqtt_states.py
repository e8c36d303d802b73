"""What a component behind MQTT tells, as the state of a device in Home Assistant's words. Pure.

Each platform has readings: a key of ours, the key of the topic, and the key of its template. What the readings found (text, by key)
becomes state and attributes.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from octopus_hub.adapters.mqtt_config import Component, is_topic
from octopus_hub.adapters.mqtt_templates import parsed, read
from octopus_hub.config.errors import InputError
from octopus_hub.config.house import DeviceState, number
from octopus_hub.config.templates import compiled

UNKNOWN = "unknown"
EMPTY = frozenset({"", "None", "null", "unknown"})
ON_WORDS, OFF_WORDS = frozenset({"on", "true", "1"}), frozenset({"off", "false", "0"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that a platform tells: under which topic's key, found by which template's key."""

    key: str
    topic: str
    template: str = ""


def _readings(*names: str) -> tuple[Reading, ...]:
    """`mode` is told at `mode_state_topic`, and found with `mode_state_template`."""
    return tuple(Reading(name, f"{name}_state_topic", f"{name}_state_template") for name in names)


def _valued(*names: str) -> tuple[Reading, ...]:
    return tuple(Reading(name, f"{name}_state_topic", f"{name}_value_template") for name in names)


STATE = Reading("state", "state_topic", "value_template")
MEASURED = (
    Reading("current_temperature", "current_temperature_topic", "current_temperature_template"),
    Reading("current_humidity", "current_humidity_topic", "current_humidity_template"),
)

READINGS: Mapping[str, tuple[Reading, ...]] = {
    "light": (
        Reading("state", "state_topic", "state_value_template"),
        *_valued("brightness", "color_temp", "rgb", "hs", "xy", "effect"),
    ),
    "fan": (
        Reading("state", "state_topic", "state_value_template"), *_valued("percentage", "preset_mode", "oscillation", "direction"),
    ),
    "humidifier": (
        Reading("state", "state_topic", "state_value_template"),
        *_readings("target_humidity", "mode"), *MEASURED, Reading("action", "action_topic", "action_template"),
    ),
    "siren": (Reading("state", "state_topic", "state_value_template"),),
    "cover": (
        STATE, Reading("position", "position_topic", "position_template"),
        Reading("tilt", "tilt_status_topic", "tilt_status_template"),
    ),
    "climate": (
        *_readings("mode", "temperature", "temperature_high", "temperature_low", "fan_mode", "target_humidity", "power"),
        *_valued("preset_mode"), *MEASURED, Reading("action", "action_topic", "action_template"),
    ),
    "water_heater": (*_readings("mode", "temperature", "power"), *MEASURED),
    "lawn_mower": (Reading("state", "activity_state_topic", "activity_value_template"),),
}  # fmt: skip
"""Of the platforms that tell more than a state."""


def readings_of(component: Component) -> tuple[Reading, ...]:
    """What the component tells."""
    if component.platform == "light" and component.text("schema") == "template":
        names = ("state", "brightness", "color_temp", "red", "green", "blue", "effect")
        return tuple(Reading(name, "state_topic", f"{name}_template") for name in names)
    return tuple(each for each in READINGS.get(component.platform, (STATE,)) if component.has(each.topic))


def values_in(component: Component, topic: str, payload: str) -> dict[str, str]:
    """What a message on one of the component's topics tells, by key."""
    found: dict[str, str] = {}
    for reading in readings_of(component):
        if component.text(reading.topic) == topic:
            template = component.config.get(reading.template)
            value = read(None if template is None else str(template), payload)
            if value is not None and value not in EMPTY:
                found[reading.key] = value
    return found


def misfits(component: Component) -> list[str]:
    """What of the component will never be read: topics that are none, templates that are none."""
    told = [(component.text(reading.topic), component.config.get(reading.template)) for reading in readings_of(component)]
    told += [(topic, template) for topic, template, _, _ in availability_of(component)]
    found = [f"expected a topic without wildcards, got {topic!r}" for topic, _ in told if topic and not is_topic(topic)]
    for text in {str(template) for _, template in told if template is not None}:
        try:
            compiled(text)
        except InputError as error:
            found.append(str(error))
    return found


def state_of(component: Component, values: Mapping[str, str]) -> DeviceState:
    """The state that the values make. Raises what is in `mqtt_templates.UNREADABLE` where they make none."""
    told = _Told(component, values)
    name, more = STATES.get(component.platform, _plain)(told)
    general = {key: component.config.get(key) for key in ("device_class", "unit_of_measurement")}
    return DeviceState(name, {key: value for key, value in {**general, **more}.items() if value is not None})


@dataclass(frozen=True, slots=True)
class _Told:
    component: Component
    values: Mapping[str, str]

    def word(self, key: str) -> str | None:
        """A value as it is told; of a JSON object that no template looks into, its "state"."""
        value = self.values.get(key)
        if value is not None and value.startswith("{") and isinstance(inside := parsed(value), dict):
            return None if inside.get("state") is None else str(inside["state"])
        return value

    def number(self, key: str) -> float | None:
        """A value as a number, if it is one."""
        return number(self.values.get(key))

    def numbers(self, key: str) -> list[float]:
        """A value as numbers with commas."""
        found = [number(part) for part in self.values.get(key, "").split(",") if part.strip()]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else []

    def is_on(self, key: str = "state") -> bool | None:
        """On or off, by the component's own words first; None where that is not known."""
        word = self.word(key)
        if word is None:
            return None
        text = self.component.text
        if word in (text("state_on", text("payload_on", "ON")), text("state_off", text("payload_off", "OFF"))):
            return word == text("state_on", text("payload_on", "ON"))
        return True if word.lower() in ON_WORDS else False if word.lower() in OFF_WORDS else None


Shown = tuple[str, Mapping[str, object]]


def _switched(on: bool | None) -> str:
    return UNKNOWN if on is None else "on" if on else "off"


def _plain(told: _Told) -> Shown:
    return told.word("state") or UNKNOWN, {}


def _on_off(told: _Told) -> Shown:
    return _switched(told.is_on()), {}


# Lights


def _light(told: _Told) -> Shown:
    component = told.component
    attributes: dict[str, object] = {key: component.config.get(key) for key in ("supported_color_modes", "effect_list")}
    if component.text("schema") == "json":
        return _json_light(told, attributes)
    brightness, full = told.number("brightness"), component.number("brightness_scale", 255)
    attributes |= {
        "brightness": None if brightness is None else round(brightness * 255 / full),
        "color_temp_kelvin": _kelvin(component, told.number("color_temp")),
        "effect": told.word("effect"),
        "rgb_color": _rgb(told),
    }
    if component.text("schema") == "template":
        channels = [told.number(name) for name in ("red", "green", "blue")]
        attributes["rgb_color"] = None if None in channels else [round(channel or 0) for channel in channels]
    return _switched(told.is_on()), attributes


def _json_light(told: _Told, attributes: Mapping[str, object]) -> Shown:
    message = parsed(told.values.get("state", ""))
    if not isinstance(message, dict):
        return UNKNOWN, attributes
    component, state, color = told.component, message.get("state"), message.get("color")
    brightness, full = message.get("brightness"), component.number("brightness_scale", 255)
    known: dict[str, object] = {**attributes, "effect": message.get("effect"), "color_mode": message.get("color_mode")}
    if isinstance(brightness, int | float):
        known["brightness"] = round(brightness * 255 / full)
    if message.get("color_mode", "color_temp") == "color_temp" and isinstance(message.get("color_temp"), int | float):
        known["color_temp_kelvin"] = _kelvin(component, float(message["color_temp"]))
    elif isinstance(color, dict):
        known["rgb_color"] = _rgb_of(color)
    on = {"ON": True, "OFF": False}.get(str(state).upper())
    return _switched(on), known


def _kelvin(component: Component, told: float | None) -> int | None:
    if not told:
        return None
    return round(told if component.config.get("color_temp_kelvin") else 1_000_000 / told)


def _rgb(told: _Told) -> list[int] | None:
    for key, names in (("rgb", "rgb"), ("hs", "hs"), ("xy", "xy")):
        numbers = told.numbers(key)
        if len(numbers) == len(names):
            return _rgb_of(dict(zip(names, numbers, strict=True)))
    return None


def _rgb_of(color: Mapping[str, Any]) -> list[int] | None:
    """A colour as red, green, blue, 0 to 255: from these, from hue and saturation, or from CIE x and y."""
    try:
        if "r" in color:
            return [round(float(color[channel])) for channel in "rgb"]
        if "h" in color or "hue" in color:
            hue, saturation = float(color.get("h", color.get("hue", 0))), float(color.get("s", color.get("saturation", 0)))
            return [round(255 * channel) for channel in colorsys.hsv_to_rgb(hue / 360, saturation / 100, 1)]
        return rgb_of_xy(float(color["x"]), float(color["y"]))
    except (KeyError, TypeError, ValueError):
        return None


def rgb_of_xy(x: float, y: float) -> list[int]:
    """CIE 1931 x, y at full brightness as sRGB (IEC 61966-2-1)."""
    if y <= 0:
        return [255, 255, 255]
    big_x, big_z = x / y, (1 - x - y) / y
    linear = (
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        0.0557 * big_x - 0.2040 + 1.0570 * big_z,
    )
    top = max(*linear, 1e-9)
    scaled = (max(0.0, channel / top) for channel in linear)
    return [round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)) for c in scaled]


# What moves


def _cover(told: _Told) -> Shown:
    text = told.component.text
    position = _percent(told, "position", "position_closed", "position_open")
    attributes = {"current_position": position, "current_tilt_position": _percent(told, "tilt", "tilt_min", "tilt_max")}
    words = {text(f"state_{word}", word): word for word in ("open", "opening", "closed", "closing")}
    told_state = told.word("state")
    known = words.get(told_state or "", {"OPEN": "open", "CLOSE": "closed", "CLOSED": "closed"}.get((told_state or "").upper()))
    if known is None and position is not None:
        known = "closed" if position == 0 else "open"
    return known or UNKNOWN, attributes


def _valve(told: _Told) -> Shown:
    text, word = told.component.text, told.word("state")
    message = parsed(told.values.get("state", ""))
    where = message.get("position") if isinstance(message, dict) else message
    moving = message.get("state") if isinstance(message, dict) else None
    if told.component.has("reports_position") and isinstance(where, int | float) and moving not in ("opening", "closing"):
        closed, opened = told.component.number("position_closed", 0), told.component.number("position_open", 100)
        position = round(100 * (where - closed) / (opened - closed))
        return ("closed" if position == 0 else "open"), {"current_position": position}
    words = {text(f"state_{name}", name): name for name in ("open", "opening", "closed", "closing")}
    fallback = {"OPEN": "open", "ON": "open", "CLOSE": "closed", "CLOSED": "closed", "OFF": "closed"}
    return words.get(word or "") or fallback.get((word or "").upper(), UNKNOWN), {}


def _percent(told: _Told, key: str, low: str, high: str) -> int | None:
    value = told.number(key)
    if value is None:
        return None
    least, most = told.component.number(low, 0), told.component.number(high, 100)
    return round(100 * (value - least) / (most - least))


def _lock(told: _Told) -> Shown:
    names = ("locked", "locking", "unlocked", "unlocking", "jammed")
    words = {told.component.text(f"state_{name}", name.upper()): name for name in names}
    word = told.word("state") or ""
    shorthand = {"LOCK": "locked", "UNLOCK": "unlocked"}
    return words.get(word) or shorthand.get(word.upper()) or (word.lower() if word.lower() in names else UNKNOWN), {}


def _fan(told: _Told) -> Shown:
    component, speed = told.component, told.number("percentage")
    least, most = component.number("speed_range_min", 1), component.number("speed_range_max", 100)
    swings, swing_on = told.word("oscillation"), component.text("payload_oscillation_on", "oscillate_on")
    return _switched(told.is_on()), {
        "percentage": None if speed is None else round(100 * max(0, speed - least + 1) / (most - least + 1)),
        "preset_mode": told.word("preset_mode"),
        "oscillating": None if swings is None else swings == swing_on,
        "direction": told.word("direction"),
    }


# Air, water, robots


def _climate(told: _Told) -> Shown:
    component = told.component
    names = ("temperature", "current_temperature", "current_humidity")
    return _powered(told, told.word("mode")), {
        **{name: told.number(name) for name in names},
        "target_temp_high": told.number("temperature_high"),
        "target_temp_low": told.number("temperature_low"),
        "humidity": told.number("target_humidity"),
        "preset_mode": told.word("preset_mode"),
        "fan_mode": told.word("fan_mode"),
        "hvac_action": told.word("action"),
        "hvac_modes": component.config.get("modes"),
        **_limits(component, "temp"),
    }


def _water_heater(told: _Told) -> Shown:
    mode = told.word("mode")
    names = ("temperature", "current_temperature")
    return _powered(told, mode), {
        **{name: told.number(name) for name in names},
        "operation_mode": mode,
        "available_modes": told.component.config.get("modes"),
        **_limits(told.component, "temp"),
    }


def _powered(told: _Told, mode: str | None) -> str:
    return "off" if told.is_on("power") is False else mode or UNKNOWN


def _limits(component: Component, what: str) -> Mapping[str, object]:
    unit = component.config.get("temperature_unit")
    limits = {f"min_{what}": component.config.get(f"min_{what}"), f"max_{what}": component.config.get(f"max_{what}")}
    return {**limits, "temperature_unit": f"°{unit}" if unit in ("C", "F") else unit}


def _humidifier(told: _Told) -> Shown:
    return _switched(told.is_on()), {
        "humidity": told.number("target_humidity"),
        "current_humidity": told.number("current_humidity"),
        "mode": told.word("mode"),
        "available_modes": told.component.config.get("modes"),
        "min_humidity": told.component.config.get("min_humidity"),
        "max_humidity": told.component.config.get("max_humidity"),
    }


def _vacuum(told: _Told) -> Shown:
    message = parsed(told.values.get("state", ""))
    more = message if isinstance(message, dict) else {}
    attributes = {"battery_level": more.get("battery_level"), "fan_speed": more.get("fan_speed")}
    return told.word("state") or UNKNOWN, attributes


def _number(told: _Told) -> Shown:
    config = told.component.config
    return told.word("state") or UNKNOWN, {key: config.get(key) for key in ("min", "max", "step")}


def _select(told: _Told) -> Shown:
    return told.word("state") or UNKNOWN, {"options": told.component.config.get("options")}


def _person(told: _Told) -> Shown:
    text, word = told.component.text, told.word("state")
    words = {text("payload_home", "home"): "home", text("payload_not_home", "not_home"): "not_home"}
    return words.get(word or "", word or UNKNOWN), {}


STATES: Mapping[str, Callable[[_Told], Shown]] = {
    "light": _light, "switch": _on_off, "siren": _on_off, "binary_sensor": _on_off, "cover": _cover, "valve": _valve,
    "lock": _lock, "fan": _fan, "climate": _climate, "water_heater": _water_heater, "humidifier": _humidifier,
    "vacuum": _vacuum, "number": _number, "select": _select, "device_tracker": _person,
}  # fmt: skip
"""State and attributes, by platform; others tell their state as it is."""


# Availability


def availability_of(component: Component) -> list[tuple[str, str | None, str, str]]:
    """Where it is told whether the component is there: topic, template, and the payloads for yes and no."""
    config = component.config
    listed = config.get("availability")
    places = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if topic := config.get("availability_topic"):
        places = [{**config, "topic": topic, "value_template": config.get("availability_template")}]
    return [
        (
            str(place.get("topic")),
            place.get("value_template"),
            str(place.get("payload_available", "online")),
            str(place.get("payload_not_available", "offline")),
        )
        for place in places
    ]
