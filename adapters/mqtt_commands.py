"""Home Assistant's services as messages to a component behind MQTT. Pure.

A device that has no topic for what it is told is Unsupported. What a message is seen by afterwards is the key of a state's topic;
a component without it cannot show what it did.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from octopus_hub.adapters.colors import COLORS, CSS_NAMES
from octopus_hub.adapters.mqtt_config import Component
from octopus_hub.adapters.mqtt_templates import render
from octopus_hub.adapters.own_functions import filled, told
from octopus_hub.config.errors import Unsupported
from octopus_hub.config.house import DeviceState
from octopus_hub.config.plan import Call

NAME = "mqtt"
BY_CSS_NAME = {css: name for name, css in CSS_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """What is published, and whether the component has a topic on which its effect will show."""

    topic: str
    payload: str
    is_seen: bool = True
    retain: bool = False


@dataclass(frozen=True)
class Telling:
    """One service call to one component; `before` is its state."""

    component: Component
    service: str
    data: Mapping[str, Any]
    before: DeviceState
    messages: list[Message] = field(default_factory=list)

    def send(self, topic: str, template: str, value: object, seen_by: str, **more: object) -> None:
        """Publish `value`, through the component's template if it has one. Raises Unsupported where it has no such topic."""
        if not self.component.has(topic):
            raise Unsupported(f"it has no {topic}", adapter=NAME)
        payload: str | None = str(value)
        if text := self.component.text(template):
            payload = render(text, value=value, **more)
        if payload is None:
            raise Unsupported(f"its {template} fails for {value}", adapter=NAME)
        is_retained = self.component.config.get("retain") is True
        self.messages.append(Message(self.component.text(topic), payload, self.component.has(seen_by), is_retained))

    def command(self, payload: str, default: str, **more: object) -> None:
        """Publish one of the component's own words."""
        self.send("command_topic", "command_template", self.component.text(payload, default), "state_topic", **more)

    def value(self, name: str, value: object) -> None:
        """Publish a value where `<name>_command_topic` says; it shows on `<name>_state_topic`."""
        self.send(f"{name}_command_topic", f"{name}_command_template", value, f"{name}_state_topic")

    def number_before(self, name: str) -> float:
        """An attribute of the state before, as a number."""
        value = self.before.attributes.get(name)
        return float(value) if isinstance(value, int | float) else 0.0


def own_messages(call: Call) -> list[Message]:
    """What is published for a function that an installer made; nothing where it has no topic. Raises Unsupported."""
    own = told(call)
    return [Message(own.topic, filled(own.payload, call, NAME), is_seen=False)] if own and own.topic else []


def messages_for(component: Component, service: str, data: Mapping[str, Any], before: DeviceState) -> list[Message]:
    """What is published for a service, named without its domain. Raises Unsupported."""
    tell = COMMANDS.get((component.platform, service))
    if tell is None:
        raise Unsupported(f"a {component.platform} has no {service}", adapter=NAME)
    telling = Telling(component, service, data, before)
    tell(telling)
    return telling.messages


def _word(payload: str, default: str) -> Callable[[Telling], None]:
    return lambda telling: telling.command(payload, default)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


ON, OFF = _word("payload_on", "ON"), _word("payload_off", "OFF")


# Lights


def _light_on(telling: Telling) -> None:
    component, data = telling.component, dict(telling.data)
    if "brightness_step_pct" in data:
        is_off = telling.before.state == "off"  # a lamp may tell what it was set to
        now = 0.0 if is_off else telling.number_before("brightness") * 100 / 255
        data["brightness_pct"] = min(100, max(0, now + data.pop("brightness_step_pct")))
    if data.get("brightness_pct") == 0:
        _light_off(telling)
        return
    schema = component.text("schema", "default")
    (_json_light if schema == "json" else _template_light if schema == "template" else _default_light)(telling, data)


def _light_off(telling: Telling) -> None:
    schema = telling.component.text("schema", "default")
    if schema == "json":
        telling.send("command_topic", "", json.dumps({"state": "OFF"}), "state_topic")
    elif schema == "template":
        telling.send("command_topic", "command_off_template", "", "state_topic", state="off")
    else:
        OFF(telling)


def _color(data: Mapping[str, Any]) -> tuple[int, int, int] | None:
    if "rgb_color" in data:
        red, green, blue = data["rgb_color"]
        return red, green, blue
    name = data.get("color_name")
    return COLORS[BY_CSS_NAME.get(str(name), str(name))] if name else None


def _scaled(telling: Telling, percent: float) -> int:
    return max(1, round(percent * telling.component.number("brightness_scale", 255) / 100))


def _color_temp(telling: Telling, kelvin: float) -> int:
    return round(kelvin if telling.component.config.get("color_temp_kelvin") else 1_000_000 / kelvin)


def _hue_saturation(rgb: tuple[int, int, int]) -> tuple[float, float]:
    hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb))
    return round(360 * hue, 2), round(100 * saturation, 2)


def xy_of(rgb: tuple[int, int, int]) -> tuple[float, float]:
    """sRGB (IEC 61966-2-1) as CIE 1931 x, y."""
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (channel / 255 for channel in rgb))
    big_x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    big_y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    total = big_x + big_y + 0.0193 * red + 0.1192 * green + 0.9505 * blue
    return (round(big_x / total, 4), round(big_y / total, 4)) if total else (0.3127, 0.329)


def _json_light(telling: Telling, data: Mapping[str, Any]) -> None:
    message: dict[str, Any] = {"state": "ON"}
    if "brightness_pct" in data:
        message["brightness"] = _scaled(telling, data["brightness_pct"])
    if "color_temp_kelvin" in data:
        message["color_temp"] = _color_temp(telling, data["color_temp_kelvin"])
    if rgb := _color(data):
        modes = telling.component.config.get("supported_color_modes") or ()
        if "xy" in modes:
            message["color"] = dict(zip("xy", xy_of(rgb), strict=True))
        elif "hs" in modes:
            message["color"] = dict(zip("hs", _hue_saturation(rgb), strict=True))
        else:
            message["color"] = dict(zip("rgb", rgb, strict=True))
    if "effect" in data:
        message["effect"] = data["effect"]
    telling.send("command_topic", "", json.dumps(message), "state_topic")


def _template_light(telling: Telling, data: Mapping[str, Any]) -> None:
    more: dict[str, Any] = {"state": "on"}
    if "brightness_pct" in data:
        more["brightness"] = round(data["brightness_pct"] * 255 / 100)
    if "color_temp_kelvin" in data:
        more["color_temp"] = _color_temp(telling, data["color_temp_kelvin"])
    if rgb := _color(data):
        more |= dict(zip(("red", "green", "blue"), rgb, strict=True)) | dict(zip(("hue", "sat"), _hue_saturation(rgb), strict=True))
    if "effect" in data:
        more["effect"] = data["effect"]
    telling.send("command_topic", "command_on_template", "", "state_topic", **more)


def _default_light(telling: Telling, data: Mapping[str, Any]) -> None:
    component = telling.component
    order = component.text("on_command_type", "last")
    if order == "first":
        ON(telling)
    if rgb := _color(data):
        spoken = {"rgb": rgb, "hs": _hue_saturation(rgb), "xy": xy_of(rgb)}
        name = next((each for each in spoken if component.has(f"{each}_command_topic")), "rgb")
        values = spoken[name]
        names = ("red", "green", "blue") if name == "rgb" else ("hue", "sat") if name == "hs" else ("x", "y")
        text, template = ",".join(map(str, values)), f"{name}_command_template"
        telling.send(f"{name}_command_topic", template, text, f"{name}_state_topic", **dict(zip(names, values, strict=True)))
    if "color_temp_kelvin" in data:
        telling.value("color_temp", _color_temp(telling, data["color_temp_kelvin"]))
    if "effect" in data:
        telling.value("effect", data["effect"])
    if "brightness_pct" in data:
        telling.value("brightness", _scaled(telling, data["brightness_pct"]))
    elif order == "brightness" and not telling.messages:
        telling.value("brightness", round(component.number("brightness_scale", 255)))
    if order == "last" and component.has("command_topic"):
        ON(telling)


# What moves


def _between(telling: Telling, percent: float, low: str, high: str) -> int | float:
    least, most = telling.component.number(low, 0), telling.component.number(high, 100)
    return round(least + (most - least) * percent / 100)


def _cover_position(telling: Telling) -> None:
    percent = telling.data["position"]
    value = _between(telling, percent, "position_closed", "position_open")
    seen_by = "position_topic" if telling.component.has("position_topic") else "state_topic"
    telling.send("set_position_topic", "set_position_template", value, seen_by, position=percent)


def _cover_way(payload: str, default: str, percent: int) -> Callable[[Telling], None]:
    """By its word, or, where it only takes positions, by that."""

    def tell(telling: Telling) -> None:
        if telling.component.has("command_topic"):
            seen_by = "state_topic" if telling.component.has("state_topic") else "position_topic"
            telling.send("command_topic", "command_template", telling.component.text(payload, default), seen_by)
        else:
            _cover_position(Telling(telling.component, "", {"position": percent}, telling.before, telling.messages))

    return tell


def _tilt(telling: Telling) -> None:
    percent = telling.data["tilt_position"]
    value = _between(telling, percent, "tilt_min", "tilt_max")
    telling.send("tilt_command_topic", "tilt_command_template", value, "tilt_status_topic", tilt_position=percent)


def _valve_position(telling: Telling) -> None:
    if not telling.component.has("reports_position"):
        raise Unsupported("it has no positions", adapter=NAME)
    value = _between(telling, telling.data["position"], "position_closed", "position_open")
    telling.send("command_topic", "command_template", value, "state_topic")


def _valve_way(payload: str, default: str, percent: int) -> Callable[[Telling], None]:
    def tell(telling: Telling) -> None:
        if telling.component.has("reports_position"):
            _valve_position(Telling(telling.component, "", {"position": percent}, telling.before, telling.messages))
        else:
            telling.command(payload, default)

    return tell


def _fan_speed(telling: Telling) -> None:
    percent = telling.data["percentage"]
    if percent <= 0:
        OFF(telling)
        return
    least, most = telling.component.number("speed_range_min", 1), telling.component.number("speed_range_max", 100)
    telling.value("percentage", max(round(least), round(least - 1 + (most - least + 1) * percent / 100)))


def _fan_step(sign: int) -> Callable[[Telling], None]:
    def tell(telling: Telling) -> None:
        component = telling.component
        steps = max(1, component.number("speed_range_max", 100) - component.number("speed_range_min", 1) + 1)
        step = telling.data.get("percentage_step", max(10, 100 / steps))
        wanted = min(100, max(0, telling.number_before("percentage") + sign * step))
        _fan_speed(Telling(component, "", {"percentage": wanted}, telling.before, telling.messages))

    return tell


def _oscillate(telling: Telling) -> None:
    payload, default = ("payload_oscillation_on", "oscillate_on")
    if not telling.data["oscillating"]:
        payload, default = ("payload_oscillation_off", "oscillate_off")
    telling.value("oscillation", telling.component.text(payload, default))


# Air and water


def _temperature(telling: Telling) -> None:
    data = telling.data
    for mode in ("hvac_mode", "operation_mode"):
        if mode in data:
            telling.value("mode", data[mode])
    names = {"temperature": "temperature", "target_temp_low": "temperature_low", "target_temp_high": "temperature_high"}
    for key, name in names.items():
        if key in data:
            telling.value(name, _whole(data[key]))


def _climate_power(on: bool) -> Callable[[Telling], None]:
    """By its power switch, else by a mode: the first that is not off."""

    def tell(telling: Telling) -> None:
        component = telling.component
        if component.has("power_command_topic"):
            payload = component.text("payload_on", "ON") if on else component.text("payload_off", "OFF")
            seen_by = "power_state_topic" if component.has("power_state_topic") else "mode_state_topic"
            telling.send("power_command_topic", "power_command_template", payload, seen_by)
            return
        modes = [str(mode) for mode in component.config.get("modes") or ("off", "heat")]
        telling.value("mode", next((mode for mode in modes if (mode != "off") == on), "off"))

    return tell


def _sent(name: str, key: str) -> Callable[[Telling], None]:
    return lambda telling: telling.value(name, telling.data[key])


# The others


def _mower(payload: str) -> Callable[[Telling], None]:
    topic, template = f"{payload}_command_topic", f"{payload}_command_template"
    return lambda telling: telling.send(topic, template, payload, "activity_state_topic")


def _alarm(payload: str, default: str) -> Callable[[Telling], None]:
    def tell(telling: Telling) -> None:
        word = telling.component.text(payload, default)
        code = telling.component.config.get("code")
        telling.send("command_topic", "command_template", word, "state_topic", action=word, code=code)

    return tell


def _siren(on: bool) -> Callable[[Telling], None]:
    def tell(telling: Telling) -> None:
        component = telling.component
        word = component.text("payload_on", "ON") if on else component.text("payload_off", "OFF")
        payload = word if component.has("command_template") else json.dumps({"state": word})
        telling.send("command_topic", "command_template", payload, "state_topic")

    return tell


def _plain(key: str) -> Callable[[Telling], None]:
    return lambda telling: telling.send("command_topic", "command_template", _tidy(telling.data[key]), "state_topic")


def _tidy(value: object) -> object:
    return _whole(value) if isinstance(value, float) else value


def _each(platform: str, services: Mapping[str, Callable[[Telling], None]]) -> dict[tuple[str, str], Callable[[Telling], None]]:
    return {(platform, service): tell for service, tell in services.items()}


ARMED = ("away", "home", "night", "vacation")

COMMANDS: Mapping[tuple[str, str], Callable[[Telling], None]] = {
    **_each("switch", {"turn_on": ON, "turn_off": OFF}),
    **_each("light", {"turn_on": _light_on, "turn_off": _light_off}),
    **_each("lock", {"lock": _word("payload_lock", "LOCK"), "unlock": _word("payload_unlock", "UNLOCK")}),
    **_each("cover", {
        "open_cover": _cover_way("payload_open", "OPEN", 100), "close_cover": _cover_way("payload_close", "CLOSE", 0),
        "stop_cover": _word("payload_stop", "STOP"), "set_cover_position": _cover_position, "set_cover_tilt_position": _tilt,
    }),
    **_each("valve", {
        "open_valve": _valve_way("payload_open", "OPEN", 100), "close_valve": _valve_way("payload_close", "CLOSE", 0),
        "stop_valve": _word("payload_stop", "STOP"), "set_valve_position": _valve_position,
    }),
    **_each("fan", {
        "turn_on": ON, "turn_off": OFF, "set_percentage": _fan_speed, "increase_speed": _fan_step(1),
        "decrease_speed": _fan_step(-1), "oscillate": _oscillate, "set_direction": _sent("direction", "direction"),
        "set_preset_mode": _sent("preset_mode", "preset_mode"),
    }),
    **_each("climate", {
        "turn_on": _climate_power(True), "turn_off": _climate_power(False), "set_temperature": _temperature,
        "set_hvac_mode": _sent("mode", "hvac_mode"), "set_preset_mode": _sent("preset_mode", "preset_mode"),
        "set_fan_mode": _sent("fan_mode", "fan_mode"), "set_humidity": _sent("target_humidity", "humidity"),
    }),
    **_each("water_heater", {
        "turn_on": _climate_power(True), "turn_off": _climate_power(False), "set_temperature": _temperature,
        "set_operation_mode": _sent("mode", "operation_mode"),
    }),
    **_each("humidifier", {
        "turn_on": ON, "turn_off": OFF, "set_humidity": _sent("target_humidity", "humidity"), "set_mode": _sent("mode", "mode"),
    }),
    **_each("vacuum", {
        word: _word(f"payload_{word}", word) for word in ("start", "pause", "stop", "return_to_base", "locate", "clean_spot")
    }),
    **_each("lawn_mower", {word: _mower(word) for word in ("start_mowing", "pause", "dock")}),
    **_each("alarm_control_panel", {
        **{f"alarm_arm_{how}": _alarm(f"payload_arm_{how}", f"ARM_{how.upper()}") for how in ARMED},
        "alarm_disarm": _alarm("payload_disarm", "DISARM"), "alarm_trigger": _alarm("payload_trigger", "TRIGGER"),
    }),
    **_each("siren", {"turn_on": _siren(True), "turn_off": _siren(False)}),
    **_each("button", {"press": _word("payload_press", "PRESS")}),
    **_each("scene", {"turn_on": ON, "trigger": ON, "turn_off": OFF}),
    **_each("number", {"set_value": _plain("value")}),
    **_each("select", {"select_option": _plain("option")}),
    **_each("text", {"set_value": _plain("value")}),
    **_each("notify", {"turn_on": ON, "turn_off": OFF, "send_command": _plain("command"), "send_message": _plain("message")}),
}  # fmt: skip
"""What is published, by platform and service."""
