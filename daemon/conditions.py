"""What the state of a device means in the words people ask with ("on", "open", "locked", "playing", "low", …).

Pure. States are Home Assistant's; a vehicle's are described in `octopus_hub.adapters.protocol`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from octopus_hub.config.house import UNKNOWN_STATES, Device, DeviceState, number

Shows = Callable[[Device, DeviceState], bool]

OFF_STATES = frozenset({"off", "standby"})
LOW_BATTERY_PCT = 20
"""At or below this a battery is "low"; Home Assistant's own blueprints use the same."""

OPEN_SENSORS = frozenset({"door", "garage_door", "opening", "window"})
WET_SENSORS = frozenset({"moisture"})


def is_available(state: DeviceState | None) -> bool:
    """May the device be expected to react? A state that is not known counts as available."""
    return state is None or state.state != "unavailable"


def is_known(state: DeviceState | None) -> bool:
    """Is there a state to judge by?"""
    return state is not None and state.state not in UNKNOWN_STATES


def shows(device: Device, state: DeviceState | None, word: str) -> bool:
    """Does the device show the state that `word` asks for? False where nothing is known."""
    if word == "unavailable":
        return not is_available(state)
    if state is None or not is_known(state):
        return word == "available" and is_available(state)
    return CONDITIONS[word](device, state)


def attribute(state: DeviceState | None, name: str) -> float | None:
    """An attribute as a number, else None."""
    return None if state is None else number(state.attributes.get(name))


def spoken_state(device: Device, state: DeviceState | None) -> str:
    """The state in words that may follow "is": "locked", "on", "open", "21.5 °C"."""
    if state is None or state.state in ("unknown", ""):
        return "unknown"
    if device.kind == "binary_sensor" and state.state in ("on", "off"):
        on, off = SENSOR_WORDS.get(device.device_class or "", ("on", "off"))
        return on if state.state == "on" else off
    if device.kind == "person" and state.state == "not_home":
        return "away"
    unit = state.attributes.get("unit_of_measurement")
    return f"{state.state} {unit}" if unit else STATE_WORDS.get(state.state, state.state.replace("_", " "))


STATE_WORDS: Mapping[str, str] = {
    "heat": "heating",
    "cool": "cooling",
    "heat_cool": "on automatic",
    "auto": "on automatic",
    "dry": "drying",
    "fan_only": "on fan only",
    "active": "running",
    "armed_home": "armed for home",
    "armed_away": "armed",
    "armed_night": "armed for the night",
    "armed_vacation": "armed for vacation",
}

SENSOR_WORDS: Mapping[str, tuple[str, str]] = {
    "door": ("open", "closed"),
    "garage_door": ("open", "closed"),
    "opening": ("open", "closed"),
    "window": ("open", "closed"),
    "lock": ("unlocked", "locked"),
    "moisture": ("wet", "dry"),
    "battery": ("low", "normal"),
    "battery_charging": ("charging", "not charging"),
    "plug": ("plugged in", "unplugged"),
    "presence": ("home", "away"),
    "running": ("running", "not running"),
    "motion": ("detecting motion", "clear"),
    "occupancy": ("occupied", "clear"),
    "smoke": ("detecting smoke", "clear"),
    "carbon_monoxide": ("detecting carbon monoxide", "clear"),
    "gas": ("detecting gas", "clear"),
}
"""What on and off of a binary sensor mean, by device class."""


def _state(*states: str) -> Shows:
    return lambda device, state: state.state in states


def _flag(name: str) -> Shows:
    return lambda device, state: state.attributes.get(name) is True


def _any(*conditions: Shows) -> Shows:
    return lambda device, state: any(condition(device, state) for condition in conditions)


def _not(condition: Shows) -> Shows:
    return lambda device, state: not condition(device, state)


def _sensor(value: str, classes: frozenset[str] | None = None) -> Shows:
    def check(device: Device, state: DeviceState) -> bool:
        fits = device.kind == "binary_sensor" and (classes is None or device.device_class in classes)
        return fits and state.state == value

    return check


def _is_on(device: Device, state: DeviceState) -> bool:
    if device.kind in ("media_player", "climate", "water_heater"):
        return state.state not in OFF_STATES
    if device.kind in ("vacuum", "lawn_mower"):
        return state.state in ("cleaning", "mowing", "on")
    return state.state == "on" or (device.kind == "vehicle" and state.attributes.get("engine_on") is True)


def _is_open(device: Device, state: DeviceState) -> bool:
    if device.kind == "vehicle":
        return any(_opened(value) for key, value in state.attributes.items() if key.startswith(("window_", "trunk", "sunroof")))
    return state.state in ("open", "opening") or _sensor("on", OPEN_SENSORS)(device, state)


def _opened(value: object) -> bool:
    return value in ("open", True) or (number(value) or 0) > 0


def _is_closed(device: Device, state: DeviceState) -> bool:
    if device.kind == "vehicle":
        return not _is_open(device, state)
    return state.state in ("closed", "closing") or _sensor("off", OPEN_SENSORS)(device, state)


def _is_low(device: Device, state: DeviceState) -> bool:
    if device.kind == "binary_sensor":
        return device.device_class == "battery" and state.state == "on"
    level = number(state.state) if device.kind == "sensor" else None
    if level is None:
        level = attribute(state, "battery_level")
    return level is not None and level <= LOW_BATTERY_PCT


def _doing(action: str, *modes: str) -> Shows:
    """Heating or cooling: what the thermostat does now, else what it is set to."""

    def check(device: Device, state: DeviceState) -> bool:
        now = state.attributes.get("hvac_action")
        return state.state in modes if now is None else now == action

    return check


_HOME = _state("home")
_LOCKED = _any(_state("locked"), _sensor("off", frozenset({"lock"})))
_UNLOCKED = _any(_state("unlocked", "open"), _sensor("on", frozenset({"lock"})))

_OPENING = frozenset({"cover", "valve", "binary_sensor", "vehicle"})
_LOCKING = frozenset({"lock", "vehicle"})
STATE_KINDS: Mapping[str, frozenset[str]] = {
    "open": _OPENING, "closed": _OPENING, "locked": _LOCKING, "unlocked": _LOCKING, "jammed": frozenset({"lock"}),
    "playing": frozenset({"media_player"}), "paused": frozenset({"media_player", "vacuum", "lawn_mower", "timer"}),
}  # fmt: skip
"""What is asked about where several devices have one name: the door's lock, or its sensor."""

CONDITIONS: Mapping[str, Shows] = {
    "on": _is_on,
    "off": _not(_is_on),
    "open": _is_open,
    "closed": _is_closed,
    "locked": _LOCKED,
    "unlocked": _UNLOCKED,
    "jammed": _state("jammed"),
    "playing": _state("playing", "buffering"),
    "paused": _state("paused"),
    "idle": _state("idle"),
    "home": _any(_HOME, _sensor("on", frozenset({"presence"}))),
    "away": _not(_any(_HOME, _sensor("on", frozenset({"presence"})))),
    "cleaning": _state("cleaning", "mowing"),
    "docked": _state("docked"),
    "returning": _state("returning"),
    "charging": _any(_state("charging"), _flag("charging"), _sensor("on", frozenset({"battery_charging"}))),
    "plugged in": _any(_flag("plugged_in"), _sensor("on", frozenset({"plug"}))),
    "armed": lambda device, state: state.state.startswith("armed") or state.state == "arming",
    "disarmed": _state("disarmed"),
    "triggered": _state("triggered"),
    "heating": _doing("heating", "heat"),
    "cooling": _doing("cooling", "cool"),
    "detected": _sensor("on"),
    "clear": _sensor("off"),
    "wet": _sensor("on", WET_SENSORS),
    "dry": _sensor("off", WET_SENSORS),
    "low": _is_low,
    "available": lambda device, state: True,
    "running": _any(_state("active", "running", "cleaning", "mowing"), _flag("engine_on"), _sensor("on", frozenset({"running"}))),
    "done": _any(_state("idle", "done", "finished"), _sensor("off", frozenset({"running"}))),
    # Not asked about, but told apart when one of several is meant.
    "moving": _state("opening", "closing", "cleaning", "mowing", "returning"),
    "muted": _flag("is_volume_muted"),
    "active": _state("playing", "buffering", "paused"),
}
"""What each state word means. Every choice of the parameter `state` is here, but "unavailable", which needs no state."""
