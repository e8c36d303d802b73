"""Does the state show that a call was carried out? Pure; one table for all adapters.

"Never more than was seen": a function without a row here can only be `sent`. Something still on its way (`opening`, `arming`)
counts as shown, and the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from octopus_hub.adapters.colors import is_same_color, rgb_shown
from octopus_hub.adapters.vehicle import places, seats
from octopus_hub.config.house import UNKNOWN_STATES, Device, DeviceState, number
from octopus_hub.config.plan import Call, Scalar

OFF_STATES = frozenset({"off", "standby"})
MOVING_STATES = frozenset({"opening", "closing", "locking", "unlocking", "arming", "returning", "buffering"})

BRIGHTNESS_PCT, VOLUME_PCT, POSITION_PCT, SPEED_PCT, PERCENT, DEGREES, KELVIN = 3, 2, 3, 17, 2, 0.3, 150
"""How far a device may round: bulbs have 254 steps or fewer, fans three and more, covers stop where they stop, mireds are whole."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A call on one device with what was known before and what is shown now."""

    device: Device
    arguments: Mapping[str, Scalar]
    before: DeviceState | None
    after: DeviceState

    def number(self, name: str) -> float | None:
        """An attribute of what is shown now, as a number."""
        return number(self.after.attributes.get(name))

    def number_before(self, name: str) -> float | None:
        """The same, of what was known before."""
        return None if self.before is None else number(self.before.attributes.get(name))

    def asked(self, name: str) -> float | None:
        """An argument as a number."""
        return number(self.arguments.get(name))


Shown = Callable[[Seen], bool]


def is_confirmed(call: Call, device: Device, before: DeviceState | None, after: DeviceState | None) -> bool:
    """Does `after` show the effect of the call? False for functions of which nothing can be seen."""
    row = ROWS.get(call.function)
    if row is None or after is None or after.state in UNKNOWN_STATES:
        return False
    return row(Seen(device, call.arguments, before, after))


def state_seen(after: DeviceState | None) -> str:
    """The state where it is still on its way, else nothing: the message of a Result."""
    return after.state if after is not None and after.state in MOVING_STATES else ""


# States


def _state(*states: str) -> Shown:
    return lambda seen: seen.after.state in states


def _not_state(*states: str) -> Shown:
    return lambda seen: seen.after.state not in states


def _is_on(state: DeviceState) -> bool:
    return state.state not in OFF_STATES


def _on(seen: Seen) -> bool:
    return _is_on(seen.after)


def _off(seen: Seen) -> bool:
    return not _is_on(seen.after)


def _toggled(seen: Seen) -> bool:
    if "state" in seen.arguments:
        return _is_on(seen.after) == (seen.arguments["state"] == "on")
    before = seen.before
    return before is not None and (before.state in UNKNOWN_STATES or _is_on(before) != _is_on(seen.after))


# Numbers


def _near(name: str, asked: str, tolerance: float, scale: float = 1) -> Shown:
    """The attribute, times `scale`, is the argument."""

    def check(seen: Seen) -> bool:
        shown, wanted = seen.number(name), seen.asked(asked)
        return shown is not None and wanted is not None and abs(shown * scale - wanted) <= tolerance

    return check


def _moved(name: str, *, upward: frozenset[str], full: float) -> Shown:
    """The attribute moved the way that was asked, or is at its end already."""

    def check(seen: Seen) -> bool:
        shown, old = seen.number(name), seen.number_before(name) or 0.0
        if shown is None:
            return False
        if seen.arguments.get("direction") in upward:
            return shown > old or shown >= full
        return shown < old or shown <= 0

    return check


def _flag(name: str, wanted: bool) -> Shown:
    return lambda seen: seen.after.attributes.get(name) is wanted


def _asked_flag(name: str, asked: str) -> Shown:
    return lambda seen: seen.after.attributes.get(name) is (seen.arguments.get(asked) == "on")


def _word(name: str, asked: str) -> Shown:
    """The attribute is the word that was asked for."""
    return lambda seen: seen.after.attributes.get(name) == seen.arguments.get(asked)


def _moves(seen: Seen) -> bool:
    """Some fans keep their speed in mind while they are off; one that is off at 0 does not move."""
    return not _off(seen) or seen.number("percentage") != 0


def _stopped(seen: Seen) -> bool:
    return seen.asked("level") == 0 and _off(seen)


def _all(*rows: Shown) -> Shown:
    return lambda seen: all(row(seen) for row in rows)


def _any(*rows: Shown) -> Shown:
    return lambda seen: any(row(seen) for row in rows)


# Kinds


def _brightness(seen: Seen) -> bool:
    if seen.asked("level") == 0:
        return _off(seen)
    return _on(seen) and _near("brightness", "level", BRIGHTNESS_PCT, 100 / 255)(seen)


def _dimmed(seen: Seen) -> bool:
    is_down = seen.arguments.get("direction") == "down"
    return (is_down and _off(seen)) or _moved("brightness", upward=UP, full=254)(seen)


def _color(seen: Seen) -> bool:
    name, shown = seen.arguments.get("color"), rgb_shown(seen.after.attributes.get("rgb_color"))
    return _on(seen) and shown is not None and is_same_color(str(name), shown)


def _opened_to(seen: Seen) -> bool:
    """At the position, or on the way to it."""
    return seen.after.state in ("opening", "closing") or _near("current_position", "position", POSITION_PCT)(seen)


def _state_number(asked: str) -> Shown:
    def check(seen: Seen) -> bool:
        shown, wanted = number(seen.after.state), seen.asked(asked)
        return shown is not None and wanted is not None and abs(shown - wanted) <= max(1e-6, abs(wanted) * 1e-6)

    return check


def _mode(seen: Seen) -> bool:
    return "mode" not in seen.arguments or seen.after.state == seen.arguments["mode"]


def _own_mode(seen: Seen) -> bool:
    shown = (seen.after.attributes.get("mode"), seen.after.attributes.get("operation_mode"), seen.after.state)
    return seen.arguments.get("mode") in shown


def _armed(seen: Seen) -> bool:
    return seen.after.state in (f"armed_{seen.arguments.get('mode', 'away')}", "arming", "pending")


def _more_items(seen: Seen) -> bool:
    return _items(seen.after) > _items(seen.before)


def _fewer_items(seen: Seen) -> bool:
    return _items(seen.after) < _items(seen.before)


def _items(state: DeviceState | None) -> float:
    """A list's state is the number of items still to be done."""
    return (number(state.state) if state is not None else None) or 0


def _volume(seen: Seen) -> bool:
    if "level" in seen.arguments:
        return _near("volume_level", "level", VOLUME_PCT, 100)(seen)
    return _moved("volume_level", upward=UP, full=1)(seen)


def _lock(state: str, *states: str) -> Shown:
    """The whole lock, or the doors of a vehicle that were meant; of a vehicle's doors those that it tells of."""
    is_locked = state == "locked"

    def check(seen: Seen) -> bool:
        doors = [seen.after.attributes.get(f"locked_{place}") for place in _places(seen, "door")]
        if "door" in seen.arguments:
            return all(door is is_locked for door in doors)
        return seen.after.state in (state, *states) and all(door in (is_locked, None) for door in doors)

    return check


# Vehicles


def _places(seen: Seen, argument: str) -> tuple[str, ...]:
    return places(seen.arguments.get(argument), drives_right=seen.after.attributes.get("drives_right") is True)


def _seat_heating(seen: Seen) -> bool:
    level = "medium" if seen.arguments.get("level") == "on" else seen.arguments.get("level")
    return all(seen.after.attributes.get(f"seat_heating_{seat}") == level for seat in seats(seen.arguments.get("seat")))


def _seat_moved(seen: Seen) -> bool:
    name = "seat_height" if seen.arguments.get("direction") in ("up", "down") else "seat_position"
    moved = (_moved(f"{name}_{seat}", upward=FORWARD, full=100) for seat in seats(seen.arguments.get("seat")))
    return all(check(seen) for check in moved)


def _cabin(seen: Seen) -> bool:
    """The zone that was asked for, where the car tells its zones apart; else its one temperature."""
    zone = seen.arguments.get("zone")
    zones = [f"temperature_{seat}" for seat in seats("driver" if zone is None else zone)]
    names = [name for name in zones if seen.number(name) is not None] or ["temperature"]
    return all(_near(name, "temperature", DEGREES)(seen) for name in names)


def _window(wanted: Callable[[Seen], float]) -> Shown:
    def check(seen: Seen) -> bool:
        shown = [seen.number(f"window_{place}") for place in _places(seen, "window")]
        return all(position is not None and abs(position - wanted(seen)) <= POSITION_PCT for position in shown)

    return check


def _opened(name: str) -> Shown:
    return lambda seen: (seen.number(name) or 0) > 0


def _closed(name: str) -> Shown:
    return lambda seen: seen.number(name) == 0


def _window_position(seen: Seen) -> float:
    asked = seen.asked("position")
    return 100 if asked is None else asked


def _defrosting(seen: Seen) -> bool:
    part = seen.arguments.get("part")
    parts = ("front", "rear") if part is None else (str(part),)
    return all(seen.after.attributes.get(f"defrost_{each}") is True for each in parts)


UP = frozenset({"up"})
FORWARD = frozenset({"forward", "up"})
_TARGET = _near("temperature", "temperature", DEGREES)

ROWS: Mapping[str, Shown] = {
    "turn_on": _on,
    "turn_off": _off,
    "toggle": _toggled,
    "set_brightness": _brightness,
    "step_brightness": _dimmed,
    "set_color": _color,
    "set_color_temperature": _all(_on, _near("color_temp_kelvin", "temperature", KELVIN)),
    "step_color_temperature": _all(_on, _near("color_temp_kelvin", "kelvin", KELVIN)),
    "set_effect": _all(_on, _word("effect", "effect")),
    "lock": _lock("locked"),
    "unlock": _lock("unlocked", "open"),
    "open": _state("open", "opening"),
    "close": _state("closed", "closing"),
    "stop": _not_state("opening", "closing", "cleaning", "mowing", "returning"),
    "set_position": _opened_to,
    "step_position": _opened_to,
    "set_tilt": _near("current_tilt_position", "position", POSITION_PCT),
    "set_temperature": _all(_TARGET, _mode),
    "set_temperature_range": _all(_near("target_temp_low", "low", DEGREES), _near("target_temp_high", "high", DEGREES)),
    "step_temperature": _TARGET,
    "set_hvac_mode": _mode,
    "set_preset": _word("preset_mode", "preset"),
    "set_fan_mode": _word("fan_mode", "mode"),
    "set_humidity": _near("humidity", "humidity", PERCENT),
    "step_humidity": _near("humidity", "humidity", PERCENT),
    "set_mode": _own_mode,
    "media_play": _state("playing", "buffering"),
    "media_pause": _state("paused", "idle"),
    "media_stop": _not_state("playing", "paused", "buffering"),
    "set_volume": _volume,
    "step_volume": _volume,
    "mute": _flag("is_volume_muted", True),
    "unmute": _flag("is_volume_muted", False),
    "select_source": _word("source", "source"),
    "set_sound_mode": _word("sound_mode", "mode"),
    "set_shuffle": _asked_flag("shuffle", "shuffle"),
    "set_repeat": _word("repeat", "repeat"),
    "set_fan_speed": _any(_all(_moves, _near("percentage", "level", SPEED_PCT)), _stopped),
    "step_fan_speed": _moved("percentage", upward=UP, full=100),
    "set_oscillation": _asked_flag("oscillating", "oscillating"),
    "set_fan_direction": _word("direction", "direction"),
    "start": _state("cleaning", "mowing"),
    "pause": _state("paused", "idle"),
    "return_to_base": _state("returning", "docked"),
    "clean_area": _state("cleaning"),
    "alarm_arm": _armed,
    "alarm_disarm": _state("disarmed"),
    "alarm_trigger": _state("triggered", "pending"),
    "set_value": _state_number("value"),
    "step_value": _state_number("value"),
    "select_option": lambda seen: seen.after.state == seen.arguments.get("option"),
    "todo_add": _more_items,
    "todo_complete": _fewer_items,
    "todo_remove": _fewer_items,
    "timer_start": _state("active"),
    "timer_resume": _state("active"),
    "timer_extend": _state("active", "paused"),
    "timer_pause": _state("paused"),
    "timer_cancel": _state("idle"),
    "vehicle_climate_start": _flag("climate_on", True),
    "vehicle_climate_stop": _flag("climate_on", False),
    "set_cabin_temperature": _cabin,
    "set_seat_heating": _seat_heating,
    "move_seat": _seat_moved,
    "open_window": _window(_window_position),
    "close_window": _window(lambda seen: 0),
    "open_sunroof": _opened("sunroof"),
    "close_sunroof": _closed("sunroof"),
    "open_trunk": _opened("trunk"),
    "close_trunk": _closed("trunk"),
    "start_charging": _flag("charging", True),
    "stop_charging": _flag("charging", False),
    "set_charge_limit": _near("charge_limit", "level", PERCENT),
    "defrost": _defrosting,
    "start_engine": _flag("engine_on", True),
    "stop_engine": _flag("engine_on", False),
}
"""What has to be seen, by function. Every function that is confirmed by state, and those of a house's timers."""
