"""Kinds of devices, and the nouns people use for them.

A kind is Home Assistant's domain name where one exists. A noun is what a sentence may call a set of devices: a kind
("light"), a device class of a kind ("blind"), or "thing" for everything. Each noun has one special token of the model, by
its position in `NOUNS`: append only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Noun:
    """A set of devices by kind and, optionally, by device class; `plural` is for sentences."""

    name: str
    plural: str
    kind: str | None
    device_classes: tuple[str, ...] = ()


NOUNS: tuple[Noun, ...] = (
    Noun("thing", "things", None),
    Noun("light", "lights", "light"),
    Noun("switch", "switches", "switch"),
    Noun("fan", "fans", "fan"),
    Noun("lock", "locks", "lock"),
    Noun("cover", "covers", "cover"),
    Noun("media player", "media players", "media_player"),
    Noun("thermostat", "thermostats", "climate"),
    Noun("vacuum", "vacuums", "vacuum"),
    Noun("valve", "valves", "valve"),
    Noun("alarm", "alarms", "alarm_control_panel"),
    Noun("humidifier", "humidifiers", "humidifier"),
    Noun("water heater", "water heaters", "water_heater"),
    Noun("lawn mower", "lawn mowers", "lawn_mower"),
    Noun("siren", "sirens", "siren"),
    Noun("remote", "remotes", "remote"),
    Noun("button", "buttons", "button"),
    Noun("number", "numbers", "number"),
    Noun("select", "selects", "select"),
    Noun("scene", "scenes", "scene"),
    Noun("script", "scripts", "script"),
    Noun("to-do list", "to-do lists", "todo"),
    Noun("timer", "timers", "timer"),
    Noun("sensor", "sensors", "sensor"),
    Noun("binary sensor", "binary sensors", "binary_sensor"),
    Noun("person", "people", "person"),
    Noun("weather", "weather stations", "weather"),
    Noun("calendar", "calendars", "calendar"),
    Noun("camera", "cameras", "camera"),
    Noun("automation", "automations", "automation"),
    Noun("vehicle", "vehicles", "vehicle"),
    Noun("device", "devices", "other"),
    Noun("blind", "blinds", "cover", ("blind",)),
    Noun("curtain", "curtains", "cover", ("curtain",)),
    Noun("shade", "shades", "cover", ("shade",)),
    Noun("shutter", "shutters", "cover", ("shutter",)),
    Noun("awning", "awnings", "cover", ("awning",)),
    Noun("garage door", "garage doors", "cover", ("garage",)),
    Noun("gate", "gates", "cover", ("gate",)),
    Noun("door", "doors", "cover", ("door",)),
    Noun("window", "windows", "cover", ("window",)),
    Noun("outlet", "outlets", "switch", ("outlet",)),
    Noun("TV", "TVs", "media_player", ("tv",)),
    Noun("speaker", "speakers", "media_player", ("speaker",)),
    Noun("receiver", "receivers", "media_player", ("receiver",)),
    Noun("dehumidifier", "dehumidifiers", "humidifier", ("dehumidifier",)),
    Noun("door sensor", "door sensors", "binary_sensor", ("door", "garage_door", "opening")),
    Noun("window sensor", "window sensors", "binary_sensor", ("window",)),
    Noun("motion sensor", "motion sensors", "binary_sensor", ("motion", "occupancy", "presence", "moving")),
    Noun("leak sensor", "leak sensors", "binary_sensor", ("moisture",)),
    Noun("smoke detector", "smoke detectors", "binary_sensor", ("smoke", "carbon_monoxide", "gas")),
    Noun("battery", "batteries", "sensor", ("battery",)),
    Noun("temperature sensor", "temperature sensors", "sensor", ("temperature",)),
    Noun("humidity sensor", "humidity sensors", "sensor", ("humidity", "moisture")),
    Noun("power sensor", "power sensors", "sensor", ("power", "energy", "current", "voltage")),
    Noun("light sensor", "light sensors", "sensor", ("illuminance",)),
)

KINDS: tuple[str, ...] = tuple(dict.fromkeys(noun.kind for noun in NOUNS if noun.kind))

ALIAS_KINDS = {
    "input_boolean": "switch",
    "input_number": "number",
    "input_select": "select",
    "input_button": "button",
    "device_tracker": "person",
}
"""Home Assistant domains that behave as one of ours."""


@cache
def noun_by_name(name: str) -> Noun:
    """The noun called `name`. Raises KeyError."""
    for noun in NOUNS:
        if noun.name == name:
            return noun
    raise KeyError(name)


@cache
def noun_of(kind: str, device_class: str | None) -> Noun:
    """The most special noun for a device: that of its device class, else that of its kind, else "device"."""
    for noun in NOUNS:
        if noun.kind == kind and device_class in noun.device_classes:
            return noun
    for noun in NOUNS:
        if noun.kind == kind and not noun.device_classes:
            return noun
    return noun_by_name("device")


def is_a(kind: str, device_class: str | None, noun: Noun) -> bool:
    """Is a device of this kind and class one of `noun`?"""
    if noun.kind is None:
        return True
    own = noun_of(kind, device_class)
    return own == noun or (own.kind == noun.kind and not noun.device_classes)
