"""A Home Assistant integration with an entity of every kind, which does what it is told: hardware for the hub's tests.

Runs inside Home Assistant. `testhouse.set` gives an entity a state and attributes; `testhouse.fault` makes it slow, silent (it
accepts and does nothing), failing or unavailable.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from homeassistant.components import alarm_control_panel as alarm
from homeassistant.components import (
    button,
    climate,
    cover,
    fan,
    humidifier,
    lawn_mower,
    light,
    lock,
    media_player,
    number,
    remote,
    select,
    siren,
    switch,
    text,
    todo,
    vacuum,
    valve,
    water_heater,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_component
from homeassistant.setup import async_setup_component

DOMAIN = "testhouse"
EVERYTHING = 0x7FFFFFFF


class Thing:
    """What all entities have: attributes by name, and faults."""

    _attr_should_poll = False
    state_name = "state"
    fault: str = ""
    delay_s: float = 0.0

    def __init__(self, name: str) -> None:
        self._attr_name = name
        self._attr_unique_id = f"testhouse-{self.__class__.__name__}-{name}"

    async def become(self, **attributes: Any) -> None:
        """Take these attributes, unless a fault is set."""
        if self.fault == "error":
            raise HomeAssistantError("the motor is stuck")
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.fault != "silent":
            self.set(attributes)

    def set(self, attributes: dict[str, Any]) -> None:
        """Take them in any case."""
        for name, value in attributes.items():
            setattr(self, f"_attr_{name}", value)
        self.async_write_ha_state()

    def given(self, state: str, attributes: dict[str, Any]) -> dict[str, Any]:
        """A state and attributes as Home Assistant shows them, in this entity's own."""
        return {**attributes, self.state_name: state}


class OnOff(Thing):
    """Something that is on or off."""

    def given(self, state, attributes):
        return {**attributes, "is_on": state == "on"}

    async def async_turn_on(self, **more):
        await self.become(is_on=True)

    async def async_turn_off(self, **more):
        await self.become(is_on=False)


class Light(OnOff, light.LightEntity):
    """A lamp with everything."""

    _attr_is_on = False
    _attr_supported_color_modes = {"color_temp", "rgb"}
    _attr_color_mode = "color_temp"
    _attr_supported_features = light.LightEntityFeature.EFFECT
    _attr_effect_list = ["candle", "rainbow"]
    _attr_min_color_temp_kelvin, _attr_max_color_temp_kelvin = 2000, 6535
    _attr_brightness, _attr_color_temp_kelvin = 255, 4000

    def given(self, state, attributes):
        return {name: value for name, value in super().given(state, attributes).items() if name != "supported_color_modes"}

    async def async_turn_on(self, **more):
        modes = (
            {"color_mode": "rgb"} if "rgb_color" in more else {"color_mode": "color_temp"} if "color_temp_kelvin" in more else {}
        )
        known = {name: more[name] for name in ("brightness", "rgb_color", "color_temp_kelvin", "effect") if name in more}
        await self.become(is_on=True, **known, **modes)


class Switch(OnOff, switch.SwitchEntity):
    """A switch."""

    _attr_is_on = False


class Siren(OnOff, siren.SirenEntity):
    """A siren."""

    _attr_is_on = False
    _attr_supported_features = siren.SirenEntityFeature.TURN_ON | siren.SirenEntityFeature.TURN_OFF


class Remote(OnOff, remote.RemoteEntity):
    """A remote control."""

    _attr_is_on = False

    async def async_send_command(self, command, **more):
        await self.become(activity=None)


class Fan(OnOff, fan.FanEntity):
    """A fan."""

    _attr_percentage = 0
    _attr_percentage_step = 1
    _attr_supported_features = fan.FanEntityFeature(EVERYTHING & 63)
    _attr_preset_modes = ["auto", "sleep"]
    _attr_current_direction, _attr_oscillating, _attr_preset_mode = "forward", False, None

    @property
    def is_on(self):
        return bool(self._attr_percentage)

    def given(self, state, attributes):
        share = attributes.get("percentage") or (50 if state == "on" else 0)
        return {"percentage": share if state == "on" else 0, "oscillating": attributes.get("oscillating", False)}

    async def async_turn_on(self, percentage=None, preset_mode=None, **more):
        await self.become(percentage=percentage or 50)

    async def async_turn_off(self, **more):
        await self.become(percentage=0)

    async def async_set_percentage(self, percentage):
        await self.become(percentage=percentage)

    async def async_set_preset_mode(self, preset_mode):
        await self.become(preset_mode=preset_mode, percentage=self._attr_percentage or 50)

    async def async_set_direction(self, direction):
        await self.become(current_direction=direction)

    async def async_oscillate(self, oscillating):
        await self.become(oscillating=oscillating)


class Lock(Thing, lock.LockEntity):
    """A lock."""

    _attr_is_locked = True

    def given(self, state, attributes):
        return {"is_locked": state == "locked"}

    async def async_lock(self, **more):
        await self.become(is_locked=True)

    async def async_unlock(self, **more):
        await self.become(is_locked=False)


class Cover(Thing, cover.CoverEntity):
    """A cover with a position and slats."""

    _attr_current_cover_position, _attr_current_cover_tilt_position = 0, 0
    _attr_is_opening = _attr_is_closing = False
    _attr_supported_features = cover.CoverEntityFeature(255)

    @property
    def is_closed(self):
        return self._attr_current_cover_position == 0

    def given(self, state, attributes):
        position = attributes.get("current_position", 0)
        return {"current_cover_position": position, "is_opening": state == "opening", "is_closing": state == "closing"}

    async def async_open_cover(self, **more):
        await self.become(current_cover_position=100)

    async def async_close_cover(self, **more):
        await self.become(current_cover_position=0)

    async def async_stop_cover(self, **more):
        await self.become(is_opening=False, is_closing=False)

    async def async_set_cover_position(self, position, **more):
        await self.become(current_cover_position=position)

    async def async_set_cover_tilt_position(self, tilt_position, **more):
        await self.become(current_cover_tilt_position=tilt_position)


class Valve(Thing, valve.ValveEntity):
    """A valve with a position."""

    _attr_reports_position = True
    _attr_current_valve_position = 0
    _attr_is_opening = _attr_is_closing = False
    _attr_supported_features = valve.ValveEntityFeature(15)

    def given(self, state, attributes):
        position = attributes.get("current_position", 0)
        return {"current_valve_position": position, "is_opening": state == "opening", "is_closing": state == "closing"}

    async def async_open_valve(self):
        await self.become(current_valve_position=100)

    async def async_close_valve(self):
        await self.become(current_valve_position=0)

    async def async_stop_valve(self):
        await self.become(is_opening=False, is_closing=False)

    async def async_set_valve_position(self, position):
        await self.become(current_valve_position=position)


class Climate(Thing, climate.ClimateEntity):
    """A thermostat with everything."""

    _enable_turn_on_off_backwards_compatibility = False
    _attr_temperature_unit = "°C"
    _attr_hvac_modes = ["off", "heat", "cool", "heat_cool"]
    _attr_hvac_mode = "heat"
    _attr_preset_modes, _attr_preset_mode = ["none", "eco", "sleep"], "none"
    _attr_fan_modes, _attr_fan_mode = ["auto", "low", "high"], "auto"
    _attr_target_temperature, _attr_current_temperature = 20.0, 20.5
    _attr_target_temperature_low, _attr_target_temperature_high = 18.0, 24.0
    _attr_target_humidity, _attr_current_humidity = 45, 47
    _attr_target_temperature_step = 0.5
    _attr_supported_features = climate.ClimateEntityFeature(1 | 2 | 4 | 8 | 16 | 128 | 256)

    def given(self, state, attributes):
        target = {"target_temperature": attributes["temperature"]} if "temperature" in attributes else {}
        return {"hvac_mode": "heat" if state == "on" else state, **target}

    async def async_turn_on(self):
        await self.become(hvac_mode="heat")

    async def async_turn_off(self):
        await self.become(hvac_mode="off")

    async def async_set_temperature(self, **more):
        names = {"temperature": "target_temperature", "target_temp_low": "target_temperature_low",
                 "target_temp_high": "target_temperature_high", "hvac_mode": "hvac_mode"}  # fmt: skip
        await self.become(**{names[name]: value for name, value in more.items() if name in names})

    async def async_set_hvac_mode(self, hvac_mode):
        await self.become(hvac_mode=hvac_mode)

    async def async_set_preset_mode(self, preset_mode):
        await self.become(preset_mode=preset_mode)

    async def async_set_fan_mode(self, fan_mode):
        await self.become(fan_mode=fan_mode)

    async def async_set_humidity(self, humidity):
        await self.become(target_humidity=humidity)


class MediaPlayer(Thing, media_player.MediaPlayerEntity):
    """A player with everything."""

    _attr_supported_features = media_player.MediaPlayerEntityFeature(EVERYTHING & ~(1 << 21))
    _attr_state = "idle"
    _attr_volume_level, _attr_is_volume_muted, _attr_shuffle, _attr_repeat = 0.3, False, False, "off"
    _attr_source_list, _attr_sound_mode_list = ["HDMI 1", "HDMI 2", "Radio"], ["movie", "music"]

    def given(self, state, attributes):
        known = ("volume_level", "is_volume_muted", "shuffle", "repeat")
        return {"state": state, **{name: value for name, value in attributes.items() if name in known}}

    async def async_turn_on(self):
        await self.become(state="on")

    async def async_turn_off(self):
        await self.become(state="off")

    async def async_media_play(self):
        await self.become(state="playing")

    async def async_media_pause(self):
        await self.become(state="paused")

    async def async_media_stop(self):
        await self.become(state="idle")

    async def async_media_next_track(self):
        await self.become(media_title="next")

    async def async_media_previous_track(self):
        await self.become(media_title="previous")

    async def async_set_volume_level(self, volume):
        await self.become(volume_level=volume)

    async def async_mute_volume(self, mute):
        await self.become(is_volume_muted=mute)

    async def async_play_media(self, media_type, media_id, **more):
        await self.become(state="playing", media_title=media_id)

    async def async_select_source(self, source):
        await self.become(source=source)

    async def async_select_sound_mode(self, sound_mode):
        await self.become(sound_mode=sound_mode)

    async def async_set_shuffle(self, shuffle):
        await self.become(shuffle=shuffle)

    async def async_set_repeat(self, repeat):
        await self.become(repeat=repeat)


VACUUM_STATE = "activity" if hasattr(vacuum, "VacuumActivity") else "state"
ALARM_STATE = "alarm_state" if hasattr(alarm, "AlarmControlPanelState") else "state"
"""What these entities call their state, in newer and older versions."""
Activity = getattr(vacuum, "VacuumActivity", str)
AlarmState = getattr(alarm, "AlarmControlPanelState", str)


class Vacuum(Thing, vacuum.StateVacuumEntity):
    """A vacuum."""

    _attr_supported_features = vacuum.VacuumEntityFeature(4 | 8 | 16 | 512 | 4096 | 8192)
    if VACUUM_STATE == "activity":
        _attr_activity = Activity("docked")
    else:
        _attr_state = "docked"

    def given(self, state, attributes):
        return {VACUUM_STATE: Activity(state)}

    async def async_start(self):
        await self.become(**{VACUUM_STATE: Activity("cleaning")})

    async def async_pause(self):
        await self.become(**{VACUUM_STATE: Activity("paused")})

    async def async_stop(self, **more):
        await self.become(**{VACUUM_STATE: Activity("idle")})

    async def async_return_to_base(self, **more):
        await self.become(**{VACUUM_STATE: Activity("returning")})

    async def async_locate(self, **more):
        await self.become()


class LawnMower(Thing, lawn_mower.LawnMowerEntity):
    """A mower."""

    _attr_supported_features = lawn_mower.LawnMowerEntityFeature(7)
    _attr_activity = "docked"

    def given(self, state, attributes):
        return {"activity": "mowing" if state == "cleaning" else state}

    @property
    def state(self):
        return str(self._attr_activity)

    async def async_start_mowing(self):
        await self.become(activity="mowing")

    async def async_pause(self):
        await self.become(activity="paused")

    async def async_dock(self):
        await self.become(activity="docked")


class AlarmPanel(Thing, alarm.AlarmControlPanelEntity):
    """An alarm without a code."""

    _attr_code_arm_required = False
    _attr_supported_features = alarm.AlarmControlPanelEntityFeature(1 | 2 | 4 | 8 | 32)
    if ALARM_STATE == "alarm_state":
        _attr_alarm_state = AlarmState("disarmed")
    else:
        _attr_state = "disarmed"

    def given(self, state, attributes):
        return {ALARM_STATE: AlarmState(state)}

    async def async_alarm_disarm(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("disarmed")})

    async def async_alarm_arm_home(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("armed_home")})

    async def async_alarm_arm_away(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("armed_away")})

    async def async_alarm_arm_night(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("armed_night")})

    async def async_alarm_arm_vacation(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("armed_vacation")})

    async def async_alarm_trigger(self, code=None):
        await self.become(**{ALARM_STATE: AlarmState("triggered")})


class Humidifier(OnOff, humidifier.HumidifierEntity):
    """A humidifier with modes."""

    _attr_is_on = False
    _attr_available_modes, _attr_mode = ["auto", "boost", "sleep"], "auto"
    _attr_target_humidity, _attr_current_humidity = 45, 41
    _attr_supported_features = humidifier.HumidifierEntityFeature.MODES

    def given(self, state, attributes):
        return {"is_on": state == "on"}

    async def async_set_humidity(self, humidity):
        await self.become(target_humidity=humidity)

    async def async_set_mode(self, mode):
        await self.become(mode=mode)


class WaterHeater(Thing, water_heater.WaterHeaterEntity):
    """A boiler."""

    _attr_temperature_unit = "°C"
    _attr_operation_list, _attr_current_operation = ["eco", "boost", "off"], "eco"
    _attr_target_temperature, _attr_current_temperature = 50.0, 48.0
    _attr_min_temp, _attr_max_temp = 30, 70
    _attr_supported_features = water_heater.WaterHeaterEntityFeature(1 | 2 | 8)

    def given(self, state, attributes):
        return {"current_operation": "eco" if state == "on" else state}

    async def async_turn_on(self, **more):
        await self.become(current_operation="eco")

    async def async_turn_off(self, **more):
        await self.become(current_operation="off")

    async def async_set_temperature(self, **more):
        await self.become(target_temperature=more["temperature"])

    async def async_set_operation_mode(self, operation_mode):
        await self.become(current_operation=operation_mode)


class Button(Thing, button.ButtonEntity):
    """A button."""

    def given(self, state, attributes):
        return {}

    async def async_press(self):
        await self.become()


class Number(Thing, number.NumberEntity):
    """A number."""

    _attr_native_value, _attr_native_min_value, _attr_native_max_value, _attr_native_step = 0.0, 0.0, 100.0, 1.0

    def given(self, state, attributes):
        return {"native_value": float(state)}

    async def async_set_native_value(self, value):
        await self.become(native_value=value)


class Select(Thing, select.SelectEntity):
    """A selector."""

    _attr_options = ["one", "two", "quick", "off", "low", "medium", "high"]
    _attr_current_option = "one"

    def given(self, state, attributes):
        return {"current_option": state}

    async def async_select_option(self, option):
        await self.become(current_option=option)


class Text(Thing, text.TextEntity):
    """A text."""

    state_name = "native_value"
    _attr_native_value = ""

    async def async_set_value(self, value):
        await self.become(native_value=value)


class TodoList(Thing, todo.TodoListEntity):
    """A list."""

    _attr_supported_features = todo.TodoListEntityFeature(7)
    _attr_todo_items = []

    def given(self, state, attributes):
        named = enumerate(attributes.get("items", []))
        return {"todo_items": [todo.TodoItem(summary=item, uid=str(i), status="needs_action") for i, item in named]}

    async def async_create_todo_item(self, item):
        new = todo.TodoItem(summary=item.summary, uid=str(len(self._attr_todo_items)), status="needs_action")
        await self.become(todo_items=[*self._attr_todo_items, new])

    async def async_update_todo_item(self, item):
        others = [old for old in self._attr_todo_items if old.uid != item.uid]
        await self.become(todo_items=[*others, item])

    async def async_delete_todo_items(self, uids):
        await self.become(todo_items=[old for old in self._attr_todo_items if old.uid not in uids])


CLASSES = {
    "light": Light, "switch": Switch, "fan": Fan, "lock": Lock, "cover": Cover, "media_player": MediaPlayer, "climate": Climate,
    "vacuum": Vacuum, "valve": Valve, "alarm_control_panel": AlarmPanel, "humidifier": Humidifier, "water_heater": WaterHeater,
    "lawn_mower": LawnMower, "siren": Siren, "remote": Remote, "button": Button, "number": Number, "select": Select,
    "text": Text, "todo": TodoList,
}  # fmt: skip


async def async_setup(hass, config):
    """`testhouse:` with `entities:`, a list of ids such as `light.kitchen`."""
    things = {}
    for domain, make in CLASSES.items():
        names = [entity_id.partition(".")[2] for entity_id in config[DOMAIN]["entities"] if entity_id.startswith(f"{domain}.")]
        if not names:
            continue
        importlib.import_module(f"homeassistant.components.{domain}")
        await async_setup_component(hass, domain, {})
        component = hass.data.get(domain) or hass.data[entity_component.DATA_INSTANCES][domain]
        made = [make(name) for name in names]
        await component.async_add_entities(made)
        things |= {thing.entity_id: thing for thing in made}

    async def set_state(call):
        thing = things[call.data["entity_id"]]
        thing.set(thing.given(call.data["state"], call.data.get("attributes", {})))

    async def fault(call):
        thing = things[call.data["entity_id"]]
        thing.fault, thing.delay_s = call.data.get("fault", ""), call.data.get("delay_s", 0.0)
        thing.set({"available": thing.fault != "unavailable"})

    async def speak(call):
        """A voice without a sound."""

    hass.services.async_register("tts", "speak", speak)
    hass.services.async_register(DOMAIN, "set", set_state)
    hass.services.async_register(DOMAIN, "fault", fault)
    return True
