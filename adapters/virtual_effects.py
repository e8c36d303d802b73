"""What a call does to the state of a virtual device, by function. Pure: a state in, a state out.

A value that a real device would refuse raises Rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NoReturn

from octopus_hub.adapters.colors import COLORS
from octopus_hub.adapters.virtual_vehicle import VEHICLE_EFFECTS, doors_locked
from octopus_hub.config.errors import Rejected
from octopus_hub.config.house import Device, DeviceState
from octopus_hub.config.plan import Call

Effect = Callable[[Call, Device, DeviceState], DeviceState]

ON_THE_WAY: Mapping[str, str] = {
    "lock": "locking",
    "unlock": "unlocking",
    "open": "opening",
    "close": "closing",
    "alarm_arm": "arming",
    "return_to_base": "returning",
}


def on_the_way(call: Call, before: DeviceState) -> DeviceState | None:
    """What is shown while the device is busy with the call, if that shows."""
    moving = ON_THE_WAY.get(call.function)
    return None if moving is None else DeviceState(moving, before.attributes)


def changed(state: DeviceState, to: str | None = None, **attributes: object) -> DeviceState:
    """The state with these differences."""
    return DeviceState(state.state if to is None else to, {**state.attributes, **attributes})


def _becomes(to: str | None = None, **attributes: object) -> Effect:
    return lambda call, device, state: changed(state, to, **attributes)


def _takes(attribute: str, argument: str, to: str | None = None) -> Effect:
    """The attribute becomes what was said, if the device offers it."""

    def effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
        _check_option(call, device, state, call.arguments[argument])
        return changed(state, to, **{attribute: call.arguments[argument]})

    return effect


def _number(call: Call, name: str) -> float:
    return float(call.arguments[name])


def _shown(state: DeviceState, name: str, default: float = 0) -> float:
    value = state.attributes.get(name)
    return float(value) if isinstance(value, int | float) else default


def _between(call: Call, device: Device, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        _reject(call, device, f"{value:g} is not between {low:g} and {high:g}")
    return value


def _reject(call: Call, device: Device, why: str) -> NoReturn:
    raise Rejected(f"{device.name}: {why}", adapter="virtual", function=call.function, device=device.id)


OFFERS: Mapping[str, str] = {
    "set_effect": "effect_list",
    "set_hvac_mode": "hvac_modes",
    "set_preset": "preset_modes",
    "set_fan_mode": "fan_modes",
    "set_mode": "available_modes",
    "select_source": "source_list",
    "set_sound_mode": "sound_mode_list",
    "select_option": "options",
}


def _check_option(call: Call, device: Device, state: DeviceState, value: object) -> None:
    offered = device.options.get(OFFERS.get(call.function, ""), ())
    if offered and value not in offered:
        _reject(call, device, f"no {value}; it has {', '.join(offered)}")


def _direction(call: Call) -> int:
    return 1 if call.arguments["direction"] in ("up", "open") else -1


# Power and light


def _on_state(device: Device) -> str:
    return {"media_player": "idle", "climate": "heat", "water_heater": "eco"}.get(device.kind, "on")


def _turn_on(call: Call, device: Device, state: DeviceState) -> DeviceState:
    to = _on_state(device) if state.state in ("off", "standby") else None
    lit = {"brightness": 255} if device.kind == "light" and not state.attributes.get("brightness") else {}
    turning = {"percentage": 50} if device.kind == "fan" and not state.attributes.get("percentage") else {}
    return changed(state, to, **lit, **turning)


def _turn_off(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, "off", **({"percentage": 0} if device.kind == "fan" else {}))


def _toggle(call: Call, device: Device, state: DeviceState) -> DeviceState:
    is_on = state.state not in ("off", "standby")
    goes_on = call.arguments.get("state", "off" if is_on else "on") == "on"
    return (_turn_on if goes_on else _turn_off)(call, device, state)


def _lit(state: DeviceState, percent: float) -> DeviceState:
    if percent <= 0:
        return changed(state, "off", brightness=None)
    return changed(state, "on", brightness=round(min(percent, 100) * 2.55))


def _set_brightness(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _lit(state, _between(call, device, _number(call, "level"), 0, 100))


def _step_brightness(call: Call, device: Device, state: DeviceState) -> DeviceState:
    present = _shown(state, "brightness", 255) / 2.55 if state.state == "on" else 0
    return _lit(state, present + _direction(call) * float(call.arguments.get("amount", 20)))


def _set_color(call: Call, device: Device, state: DeviceState) -> DeviceState:
    name = str(call.arguments["color"])
    return changed(_turn_on(call, device, state), rgb_color=COLORS[name], color_mode="hs")


def _set_kelvin(argument: str) -> Effect:
    def effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
        low, high = _shown(state, "min_color_temp_kelvin", 1500), _shown(state, "max_color_temp_kelvin", 10000)
        kelvin = _between(call, device, _number(call, argument), low, high)
        return changed(_turn_on(call, device, state), color_temp_kelvin=int(kelvin), color_mode="color_temp", rgb_color=None)

    return effect


def _set_effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _takes("effect", "effect")(call, device, _turn_on(call, device, state))


# Covers and climate


def _at_position(call: Call, device: Device, state: DeviceState) -> DeviceState:
    position = _between(call, device, _number(call, "position"), 0, 100)
    return changed(state, "open" if position > 0 else "closed", current_position=position)


def _set_tilt(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, current_tilt_position=_between(call, device, _number(call, "position"), 0, 100))


def _stop(call: Call, device: Device, state: DeviceState) -> DeviceState:
    if device.kind in ("cover", "valve"):
        return changed(state, "open" if _shown(state, "current_position") > 0 else "closed")
    return changed(state, {"vacuum": "idle"}.get(device.kind, "paused"))


def _degrees(*names: str) -> Effect:
    """Sets the attributes named like the arguments' targets, within the device's own limits."""

    def effect(call: Call, device: Device, state: DeviceState) -> DeviceState:
        low, high = _shown(state, "min_temp", -30), _shown(state, "max_temp", 212)
        found = {
            attribute: _between(call, device, _number(call, argument), low, high)
            for attribute, argument in zip(names[::2], names[1::2], strict=True)
        }
        mode = call.arguments.get("mode")
        return changed(state, None if mode is None else str(mode), **found)

    return effect


def _set_hvac_mode(call: Call, device: Device, state: DeviceState) -> DeviceState:
    mode = str(call.arguments["mode"])
    _check_option(call, device, state, mode)
    return changed(state, mode)


def _set_mode(call: Call, device: Device, state: DeviceState) -> DeviceState:
    mode = str(call.arguments["mode"])
    _check_option(call, device, state, mode)
    return changed(state, mode, operation_mode=mode) if device.kind == "water_heater" else changed(state, mode=mode)


def _set_humidity(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, humidity=_between(call, device, _number(call, "humidity"), 0, 100))


def _set_preset(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _takes("preset_mode", "preset")(call, device, _turn_on(call, device, state) if device.kind == "fan" else state)


# Media and fans


def _set_volume(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, volume_level=_between(call, device, _number(call, "level"), 0, 100) / 100)


def _step_volume(call: Call, device: Device, state: DeviceState) -> DeviceState:
    if "level" in call.arguments:
        return _set_volume(call, device, state)
    step = _direction(call) * float(call.arguments.get("amount", 10)) / 100
    return changed(state, volume_level=min(max(round(_shown(state, "volume_level") + step, 3), 0), 1))


def _skip(step: int) -> Effect:
    return lambda call, device, state: changed(state, "playing", media_track=max(1, int(_shown(state, "media_track", 1)) + step))


def _play_media(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, "playing", media_title=str(call.arguments["query"]))


def _flag(attribute: str, argument: str) -> Effect:
    return lambda call, device, state: changed(state, None, **{attribute: call.arguments[argument] == "on"})


def _at_speed(call: Call, device: Device, state: DeviceState, percent: float) -> DeviceState:
    return changed(state, "on" if percent > 0 else "off", percentage=percent)


def _set_fan_speed(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _at_speed(call, device, state, _between(call, device, _number(call, "level"), 0, 100))


def _step_fan_speed(call: Call, device: Device, state: DeviceState) -> DeviceState:
    step = _direction(call) * float(call.arguments.get("amount", 20))
    return _at_speed(call, device, state, min(max(_shown(state, "percentage") + step, 0), 100))


# The rest of a home


def _start(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, "mowing" if device.kind == "lawn_mower" else "cleaning")


def _clean_area(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, "cleaning", cleaning_area=call.arguments["area"])


def _arm(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, f"armed_{call.arguments.get('mode', 'away')}")


def _set_value(call: Call, device: Device, state: DeviceState) -> DeviceState:
    value = _between(call, device, _number(call, "value"), _shown(state, "min", -1e9), _shown(state, "max", 1e9))
    return changed(state, f"{value:g}")


def _select_option(call: Call, device: Device, state: DeviceState) -> DeviceState:
    option = str(call.arguments["option"])
    _check_option(call, device, state, option)
    return changed(state, option)


def _run(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return changed(state, runs=int(_shown(state, "runs")) + 1)


def _items(state: DeviceState) -> list[str]:
    items = state.attributes.get("items")
    return [str(item) for item in items] if isinstance(items, Sequence) else []


def _with_items(state: DeviceState, items: list[str]) -> DeviceState:
    return changed(state, str(len(items)), items=items)


def _todo_add(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _with_items(state, [*_items(state), str(call.arguments["item"])])


def _todo_remove(call: Call, device: Device, state: DeviceState) -> DeviceState:
    wanted = str(call.arguments["item"]).casefold()
    left = [item for item in _items(state) if item.casefold() != wanted]
    if len(left) == len(_items(state)):
        _reject(call, device, f"{call.arguments['item']} is not on it")
    return _with_items(state, left)


def _timer_start(call: Call, device: Device, state: DeviceState) -> DeviceState:
    return _with_time_left(changed(state, "active"), _number(call, "duration"))


def _timer_extend(call: Call, device: Device, state: DeviceState) -> DeviceState:
    if state.state == "idle":
        _reject(call, device, "it is not running")
    return _with_time_left(state, max(0, _shown(state, "remaining_s") + _direction(call) * _number(call, "duration")))


def _with_time_left(state: DeviceState, seconds: float) -> DeviceState:
    return changed(state, remaining=str(timedelta(seconds=int(seconds))), remaining_s=seconds)


def noted(call: Call, device: Device, state: DeviceState) -> DeviceState:
    """A function that an installer made does nothing here, but that it was asked for can be seen."""
    return DeviceState(state.state, {**state.attributes, call.function: dict(call.arguments)})


def _locked(becomes: str) -> Effect:
    plain, of_vehicle = _becomes(becomes), doors_locked(becomes == "locked")
    return lambda call, device, state: (of_vehicle if device.kind == "vehicle" else plain)(call, device, state)


EFFECTS: Mapping[str, Effect] = {
    "turn_on": _turn_on,
    "turn_off": _turn_off,
    "toggle": _toggle,
    "set_brightness": _set_brightness,
    "step_brightness": _step_brightness,
    "set_color": _set_color,
    "set_color_temperature": _set_kelvin("temperature"),
    "step_color_temperature": _set_kelvin("kelvin"),
    "set_effect": _set_effect,
    "lock": _locked("locked"),
    "unlock": _locked("unlocked"),
    "open": _becomes("open", current_position=100),
    "close": _becomes("closed", current_position=0),
    "stop": _stop,
    "set_position": _at_position,
    "step_position": _at_position,
    "set_tilt": _set_tilt,
    "set_temperature": _degrees("temperature", "temperature"),
    "set_temperature_range": _degrees("target_temp_low", "low", "target_temp_high", "high"),
    "step_temperature": _degrees("temperature", "temperature"),
    "set_hvac_mode": _set_hvac_mode,
    "set_preset": _set_preset,
    "set_fan_mode": _takes("fan_mode", "mode"),
    "set_humidity": _set_humidity,
    "step_humidity": _set_humidity,
    "set_mode": _set_mode,
    "media_play": _becomes("playing"),
    "media_pause": _becomes("paused"),
    "media_stop": _becomes("idle"),
    "media_next": _skip(1),
    "media_previous": _skip(-1),
    "set_volume": _set_volume,
    "step_volume": _step_volume,
    "mute": _becomes(is_volume_muted=True),
    "unmute": _becomes(is_volume_muted=False),
    "play_media": _play_media,
    "select_source": _takes("source", "source"),
    "set_sound_mode": _takes("sound_mode", "mode"),
    "set_shuffle": _flag("shuffle", "shuffle"),
    "set_repeat": _takes("repeat", "repeat"),
    "announce": _takes("announced", "message"),
    "set_fan_speed": _set_fan_speed,
    "step_fan_speed": _step_fan_speed,
    "set_oscillation": _flag("oscillating", "oscillating"),
    "set_fan_direction": _takes("direction", "direction"),
    "start": _start,
    "pause": _becomes("paused"),
    "return_to_base": _becomes("docked"),
    "locate": _run,
    "clean_area": _clean_area,
    "alarm_arm": _arm,
    "alarm_disarm": _becomes("disarmed"),
    "alarm_trigger": _becomes("triggered"),
    "press": _run,
    "set_value": _set_value,
    "step_value": _set_value,
    "select_option": _select_option,
    "send_command": _run,
    "activate": _run,
    "run": _run,
    "todo_add": _todo_add,
    "todo_complete": _todo_remove,
    "todo_remove": _todo_remove,
    "timer_start": _timer_start,
    "timer_pause": _becomes("paused"),
    "timer_resume": _becomes("active"),
    "timer_extend": _timer_extend,
    "timer_cancel": _becomes("idle", remaining="0:00:00", remaining_s=0),
    **VEHICLE_EFFECTS,
}
"""Every function that does something to a device."""
