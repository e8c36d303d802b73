"""The table of Home Assistant services: one row for each function and kind. Pure.

Source: the `services.yaml` of Home Assistant's integrations (2024.3 to 2025.4). Vehicles, for which it has no domain, are in
`service_vehicle`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from octopus_hub.adapters.colors import color_data
from octopus_hub.config.function_table import ON_OFF_KINDS
from octopus_hub.config.house import Device
from octopus_hub.config.kinds import ALIAS_KINDS
from octopus_hub.config.plan import Scalar

Json = str | int | float | bool | list[int] | None
Data = Mapping[str, Json]
Arguments = Mapping[str, Scalar]

DEFAULT_TTS = "tts.piper"
"""The entity that speaks where a player names none as its `tts`: Home Assistant's local engine."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity's id, and what it is."""

    id: str

    @property
    def domain(self) -> str:
        """The part before the dot."""
        return self.id.partition(".")[0]

    @property
    def kind(self) -> str:
        """The kind that entities of its domain are."""
        return ALIAS_KINDS.get(self.domain, self.domain)


@dataclass(frozen=True, slots=True)
class Row:
    """A service: its name and data, by the arguments; `domain` where it is not the entity's.

    `role` is where another entity than the main one is called: its role, and the entity where that is not bound.
    """

    service: Callable[[Arguments], str]
    data: Callable[[Arguments, Device], Data]
    domain: str = ""
    role: tuple[str, str] | None = None

    def target(self, entity: Entity, device: Device) -> str:
        """The id of the entity that is called."""
        return entity.id if self.role is None else device.home_assistant.get(self.role[0], self.role[1])


def _row(service: str | Callable[[Arguments], str], data: Callable[[Arguments], Data] = lambda _: {}) -> Row:
    name = service if callable(service) else lambda _: service
    return Row(name, lambda arguments, _: data(arguments))


def _set(service: str, **names: str) -> Row:
    """A service whose data are arguments under Home Assistant's names; arguments that were not said are left out."""
    return _row(service, lambda given: {key: given[name] for key, name in names.items() if name in given})


def _each(kinds: tuple[str, ...], functions: Mapping[str, Row]) -> dict[tuple[str, str], Row]:
    return {(function, kind): row for function, row in functions.items() for kind in kinds}


def _signed(given: Arguments) -> int | float:
    amount = given["amount"]
    assert isinstance(amount, int | float)  # the resolver made it a number
    return amount if given["direction"] == "up" else -amount


def _share(name: str) -> Callable[[Arguments], Data]:
    """Home Assistant's volume goes from 0 to 1."""
    return lambda given: {"volume_level": round(float(given[name]) / 100, 4)}


def _toggle(given: Arguments) -> str:
    return f"turn_{given['state']}" if "state" in given else "toggle"


def _step_volume(given: Arguments) -> str:
    return "volume_set" if "level" in given else f"volume_{given['direction']}"


def _step_fan(given: Arguments) -> str:
    return "increase_speed" if given["direction"] == "up" else "decrease_speed"


def _temperature(given: Arguments) -> Data:
    mode: Data = {"hvac_mode": given["mode"]} if "mode" in given else {}
    return {"temperature": given["temperature"], **mode}


def _hot_water(given: Arguments) -> Data:
    mode: Data = {"operation_mode": given["mode"]} if "mode" in given else {}
    return {"temperature": given["temperature"], **mode}


def _fixed(**data: Json) -> Callable[[Arguments], Data]:
    return lambda _: data


def _extension(given: Arguments) -> Data:
    seconds = int(given["duration"])
    return {"duration": seconds if given["direction"] == "up" else -seconds}


def _spoken(given: Arguments, device: Device) -> Data:
    return {"media_player_entity_id": device.home_assistant["main"], "message": given["message"]}


_POWER = {"turn_on": _row("turn_on"), "turn_off": _row("turn_off"), "toggle": _row(_toggle)}

_LIGHT = {
    "set_brightness": _set("turn_on", brightness_pct="level"),
    "step_brightness": _row("turn_on", lambda given: {"brightness_step_pct": _signed(given)}),
    "set_color": _row("turn_on", lambda given: color_data(str(given["color"]))),
    "set_color_temperature": _set("turn_on", color_temp_kelvin="temperature"),
    "step_color_temperature": _set("turn_on", color_temp_kelvin="kelvin"),
    "set_effect": _set("turn_on", effect="effect"),
}

_COVER = {
    "open": _row("open_cover"),
    "close": _row("close_cover"),
    "stop": _row("stop_cover"),
    "set_position": _set("set_cover_position", position="position"),
    "step_position": _set("set_cover_position", position="position"),
    "set_tilt": _set("set_cover_tilt_position", tilt_position="position"),
}

_VALVE = {
    "open": _row("open_valve"),
    "close": _row("close_valve"),
    "stop": _row("stop_valve"),
    "set_position": _set("set_valve_position", position="position"),
    "step_position": _set("set_valve_position", position="position"),
}

_CLIMATE = {
    "set_temperature": _row("set_temperature", _temperature),
    "set_temperature_range": _set("set_temperature", target_temp_low="low", target_temp_high="high"),
    "step_temperature": _set("set_temperature", temperature="temperature"),
    "set_hvac_mode": _set("set_hvac_mode", hvac_mode="mode"),
    "set_preset": _set("set_preset_mode", preset_mode="preset"),
    "set_fan_mode": _set("set_fan_mode", fan_mode="mode"),
    "set_humidity": _set("set_humidity", humidity="humidity"),
    "step_humidity": _set("set_humidity", humidity="humidity"),
}

_WATER_HEATER = {
    "set_temperature": _row("set_temperature", _hot_water),
    "step_temperature": _set("set_temperature", temperature="temperature"),
    "set_mode": _set("set_operation_mode", operation_mode="mode"),
}

_HUMIDIFIER = {
    "set_humidity": _set("set_humidity", humidity="humidity"),
    "step_humidity": _set("set_humidity", humidity="humidity"),
    "set_mode": _set("set_mode", mode="mode"),
}

_MEDIA_PLAYER = {
    "media_play": _row("media_play"),
    "media_pause": _row("media_pause"),
    "media_stop": _row("media_stop"),
    "media_next": _row("media_next_track"),
    "media_previous": _row("media_previous_track"),
    "set_volume": _row("volume_set", _share("level")),
    "step_volume": _row(_step_volume, lambda given: _share("level")(given) if "level" in given else {}),
    "mute": _row("volume_mute", _fixed(is_volume_muted=True)),
    "unmute": _row("volume_mute", _fixed(is_volume_muted=False)),
    "play_media": _row("play_media", lambda given: {"media_content_type": "music", "media_content_id": given["query"]}),
    "select_source": _set("select_source", source="source"),
    "set_sound_mode": _set("select_sound_mode", sound_mode="mode"),
    "set_shuffle": _row("shuffle_set", lambda given: {"shuffle": given["shuffle"] == "on"}),
    "set_repeat": _set("repeat_set", repeat="repeat"),
    "announce": Row(lambda _: "speak", _spoken, domain="tts", role=("tts", DEFAULT_TTS)),
}

_FAN = {
    "set_fan_speed": _set("set_percentage", percentage="level"),
    "step_fan_speed": _row(_step_fan, lambda given: {"percentage_step": given["amount"]} if "amount" in given else {}),
    "set_oscillation": _row("oscillate", lambda given: {"oscillating": given["oscillating"] == "on"}),
    "set_fan_direction": _set("set_direction", direction="direction"),
    "set_preset": _set("set_preset_mode", preset_mode="preset"),
}

_VACUUM = {
    "start": _row("start"),
    "pause": _row("pause"),
    "stop": _row("stop"),
    "return_to_base": _row("return_to_base"),
    "locate": _row("locate"),
    # Rooms are each maker's own affair; the robot cleans what it would clean.
    "clean_area": _row("start"),
}

_LAWN_MOWER = {
    "start": _row("start_mowing"),
    "pause": _row("pause"),
    # There is no stop; paused it stands where it is.
    "stop": _row("pause"),
    "return_to_base": _row("dock"),
}

_ALARM = {
    "alarm_arm": _row(lambda given: f"alarm_arm_{given.get('mode', 'away')}"),
    "alarm_disarm": _row("alarm_disarm"),
    "alarm_trigger": _row("alarm_trigger"),
}

_TODO = {
    "todo_add": _set("add_item", item="item"),
    "todo_complete": _row("update_item", lambda given: {"item": given["item"], "status": "completed"}),
    "todo_remove": _set("remove_item", item="item"),
}

_TIMER = {
    "timer_start": _set("start", duration="duration"),
    "timer_pause": _row("pause"),
    "timer_resume": _row("start"),
    "timer_extend": _row("change", _extension),
    "timer_cancel": _row("cancel"),
}

ROWS: Mapping[tuple[str, str], Row] = {
    **_each(ON_OFF_KINDS, _POWER),
    # Hot water has no toggle of its own.
    ("toggle", "water_heater"): Row(_toggle, lambda given, _: {}, domain="homeassistant"),
    **_each(("light",), _LIGHT),
    **_each(("lock",), {"lock": _row("lock"), "unlock": _row("unlock")}),
    **_each(("cover",), _COVER),
    **_each(("valve",), _VALVE),
    **_each(("climate",), _CLIMATE),
    **_each(("water_heater",), _WATER_HEATER),
    **_each(("humidifier",), _HUMIDIFIER),
    **_each(("media_player",), _MEDIA_PLAYER),
    **_each(("fan",), _FAN),
    **_each(("vacuum",), _VACUUM),
    **_each(("lawn_mower",), _LAWN_MOWER),
    **_each(("alarm_control_panel",), _ALARM),
    **_each(("todo",), _TODO),
    **_each(("timer",), _TIMER),
    ("press", "button"): _row("press"),
    ("set_value", "number"): _set("set_value", value="value"),
    ("step_value", "number"): _set("set_value", value="value"),
    ("select_option", "select"): _set("select_option", option="option"),
    ("send_command", "remote"): _set("send_command", command="command"),
    ("activate", "scene"): _row("turn_on"),
    ("run", "script"): _row("turn_on"),
    ("run", "automation"): _row("trigger"),
}
"""The service for every function that does something, by kind."""
