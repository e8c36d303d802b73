"""Devices behind MQTT for tests: as zigbee2mqtt has them (one JSON state a device, discovery messages with templates), and others
that speak in services. Each is a small device of its own; nothing here is shared with the adapter but the keys of the format.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiomqtt import ProtocolVersion

from octopus_hub.adapters.mqtt_client import Client
from octopus_hub.config.house import Device, DeviceState, House

BY_SERVICES = frozenset({"media_player", "remote", "todo", "timer", "script", "automation"})
"""Kinds that Home Assistant's MQTT integration does not have."""

Json = dict[str, Any]


@dataclass
class FakeDevice:
    """One device below `topic`; `state` is what it tells, as JSON."""

    device: Device
    topic: str
    state: Json = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.device.kind

    @property
    def binding(self) -> str:
        """The device's discovery, without /config."""
        return f"homeassistant/{self.kind}/{self.topic.replace('/', '_')}/{self.kind}"

    def config(self) -> Json:
        """Its discovery message."""
        return {
            "name": None, "unique_id": self.topic, "device": {"name": self.device.name, "ids": [self.topic]},
            "availability": [{"topic": f"{self.topic}/availability", "value_template": "{{ value_json.state }}"}],
            **CONFIGS[self.kind](self.topic),
        }  # fmt: skip

    def obey(self, place: str, payload: str) -> None:
        """A message at <topic>/<place>."""
        if self.kind in BY_SERVICES:
            told = json.loads(payload)
            _serve(self.state, told["service"].partition(".")[2], told["data"])
        else:
            OBEY.get(self.kind, _set_state)(self.state, place.removesuffix("/set"), payload)


def _value(key: str) -> str:
    return f"{{{{ value_json.{key} }}}}"


def _stated(topic: str, **more: Any) -> Json:
    return {"state_topic": topic, "command_topic": f"{topic}/set", "value_template": _value("state"), **more}


def _switched(topic: str, **more: Any) -> Json:
    return {"stat_t": topic, "cmd_t": f"{topic}/set", "stat_val_tpl": _value("state"), **more}


def _part(topic: str, name: str, template: str = "value_template", key: str = "") -> Json:
    return {
        f"{name}_command_topic": f"{topic}/{key or name}/set",
        f"{name}_state_topic": topic,
        f"{name}_{template}": _value(key or name),
    }


def _measured(topic: str) -> Json:
    return {
        "current_temperature_topic": topic, "current_temperature_template": _value("local_temperature"),
        "current_humidity_topic": topic, "current_humidity_template": _value("local_humidity"),
    }  # fmt: skip


def _climate(topic: str) -> Json:
    names = ("mode", "temperature", "temperature_high", "temperature_low", "fan_mode", "target_humidity")
    parts: Json = {}
    for name in names:
        parts |= _part(topic, name, "state_template")
    modes = ["off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"]
    return {**parts, **_part(topic, "preset_mode"), **_measured(topic), "modes": modes, "min_temp": 7, "max_temp": 35,
            "temperature_unit": "C"}  # fmt: skip


CONFIGS: Mapping[str, Callable[[str], Json]] = {
    "light": lambda topic: {
        "schema": "json", "~": topic, "stat_t": "~", "cmd_t": "~/set", "brightness": True, "brightness_scale": 254,
        "effect": True, "supported_color_modes": ["xy", "color_temp"], "effect_list": ["rainbow", "candle"],
    },
    "switch": _stated,
    "lock": lambda topic: _stated(
        topic, payload_lock="LOCK", payload_unlock="UNLOCK", state_locked="LOCK", state_unlocked="UNLOCK"
    ),
    "cover": lambda topic: {
        "command_topic": f"{topic}/set", "state_topic": topic, "value_template": _value("motion"),
        "position_topic": topic, "position_template": _value("position"), "set_position_topic": f"{topic}/position/set",
        "set_position_template": '{ "position": {{ position }} }',
        "tilt_status_topic": topic, "tilt_status_template": _value("tilt"), "tilt_command_topic": f"{topic}/tilt/set",
        "state_open": "open", "state_closed": "closed", "state_opening": "opening",
    },
    "valve": lambda topic: {"state_topic": topic, "command_topic": f"{topic}/set", "reports_position": True},
    "fan": lambda topic: _switched(
        topic, **_part(topic, "percentage", key="speed"), **_part(topic, "preset_mode"), **_part(topic, "oscillation"),
        **_part(topic, "direction"), speed_range_min=1, speed_range_max=10,
    ),
    "climate": _climate,
    "water_heater": lambda topic: {
        **_part(topic, "mode", "state_template"), **_part(topic, "temperature", "state_template"), **_measured(topic),
        "modes": ["off", "eco", "electric", "performance", "auto", "boost"], "min_temp": 30, "max_temp": 80,
    },
    "humidifier": lambda topic: _switched(
        topic, **_part(topic, "target_humidity", "state_template"), **_part(topic, "mode", "state_template"),
        modes=["auto", "sleep"],
    ),
    "vacuum": lambda topic: {"state_topic": topic, "command_topic": f"{topic}/set"},
    "lawn_mower": lambda topic: {
        "activity_state_topic": topic, "activity_value_template": _value("state"),
        **{f"{word}_command_topic": f"{topic}/{word}/set" for word in ("start_mowing", "pause", "dock")},
    },
    "alarm_control_panel": _stated,
    "siren": lambda topic: {"state_topic": topic, "state_value_template": _value("state"), "command_topic": f"{topic}/set"},
    "button": lambda topic: {"command_topic": f"{topic}/set"},
    "number": lambda topic: _stated(topic, min=0, max=1000, step=0.5),
    "select": lambda topic: _stated(topic, options=["a", "b"]),
    "scene": lambda topic: {"command_topic": f"{topic}/set", "payload_on": "1"},
    "sensor": lambda topic: {"state_topic": topic, "value_template": _value("state")},
    "binary_sensor": lambda topic: {"state_topic": topic, "value_template": _value("state"), "pl_on": "true", "pl_off": "false"},
}  # fmt: skip
Obey = Callable[[Json, str, str], None]


def _set_state(state: Json, place: str, payload: str) -> None:
    state["state"] = payload


def _light(state: Json, place: str, payload: str) -> None:
    told = json.loads(payload)
    if "color_temp" in told or "color" in told:
        told["color_mode"] = "color_temp" if "color_temp" in told else "xy"
    state.update(told)


def _cover(state: Json, place: str, payload: str) -> None:
    if place == "set" and payload == "STOP":
        state["motion"] = "open"
    elif place == "tilt":
        state["tilt"] = int(payload)
    else:
        state["position"] = {"OPEN": 100, "CLOSE": 0}.get(payload) if place == "set" else json.loads(payload)["position"]
        state["motion"] = "closed" if state["position"] == 0 else "open"


def _valve(state: Json, place: str, payload: str) -> None:
    state |= {"position": int(payload) if payload != "STOP" else state.get("position", 50), "state": "open"}


def _parts(state: Json, place: str, payload: str) -> None:
    key = "state" if place == "set" else place
    state[key] = float(payload) if payload.replace(".", "").isdigit() else payload


def _vacuum(state: Json, place: str, payload: str) -> None:
    words = {"start": "cleaning", "pause": "paused", "stop": "idle", "return_to_base": "returning"}
    state["state"] = words.get(payload, state["state"])


def _mower(state: Json, place: str, payload: str) -> None:
    state["state"] = {"start_mowing": "mowing", "pause": "paused", "dock": "docked"}[payload]


def _alarm(state: Json, place: str, payload: str) -> None:
    words = {"DISARM": "disarmed", "TRIGGER": "triggered"}
    state["state"] = words.get(payload) or payload.lower().replace("arm_", "armed_")


def _siren(state: Json, place: str, payload: str) -> None:
    state["state"] = json.loads(payload)["state"]


OBEY: Mapping[str, Obey] = {
    "light": _light, "cover": _cover, "valve": _valve, "fan": _parts, "climate": _parts, "water_heater": _parts,
    "humidifier": _parts, "vacuum": _vacuum, "lawn_mower": _mower, "alarm_control_panel": _alarm, "siren": _siren,
}  # fmt: skip


def _serve(state: Json, service: str, data: Json) -> None:
    """What players, lists and timers do when they are told in services."""
    more = state["attributes"]
    words = {
        "turn_on": "on", "turn_off": "off", "media_play": "playing", "media_pause": "paused", "media_stop": "idle",
        "start": "active", "pause": "paused", "cancel": "idle", "play_media": "playing",
    }  # fmt: skip
    state["state"] = words.get(service, state["state"])
    named = {"volume_set": "volume_level", "volume_mute": "is_volume_muted", "select_source": "source", "repeat_set": "repeat",
             "select_sound_mode": "sound_mode", "shuffle_set": "shuffle"}  # fmt: skip
    if service in named:
        more[named[service]] = next(iter(data.values()))
    if service in ("volume_up", "volume_down"):
        more["volume_level"] = more.get("volume_level", 0.5) + (0.1 if service == "volume_up" else -0.1)
    if service == "add_item":
        more["items"] = [*more.get("items", []), data["item"]]
    if service in ("update_item", "remove_item"):
        more["items"] = [item for item in more["items"] if item.lower() != data["item"].lower()]
    if service.endswith("_item"):
        state["state"] = str(len(more["items"]))


def told_of(device: Device, state: DeviceState) -> Json:
    """What such a device tells when it is in this state."""
    more: Json = dict(state.attributes)
    if device.kind in BY_SERVICES:
        return {"state": state.state, "attributes": more}
    told: Json = {"state": state.state}
    if device.kind in ("light", "switch", "fan", "humidifier", "siren"):
        told["state"] = state.state.upper()
    if device.kind == "light":
        told |= {"brightness": round(more.get("brightness", 0) * 254 / 255), "color_mode": "color_temp"}
        told["color_temp"] = round(1e6 / (more.get("color_temp_kelvin") or 2700))
    if device.kind == "lock":
        told["state"] = {"locked": "LOCK", "unlocked": "UNLOCK"}.get(state.state, state.state)
    if device.kind in ("cover", "valve"):
        position = more.get("current_position", 0 if state.state == "closed" else 100)
        told |= {"position": position, "tilt": 0, "motion": state.state}
    if device.kind == "fan":
        told |= {"speed": round(more.get("percentage", 0) / 10), "direction": more.get("direction", "forward")}
    if device.kind in ("climate", "water_heater"):
        told |= {"mode": state.state, "temperature": more.get("temperature", 20), "target_humidity": more.get("humidity", 40)}
    if device.kind == "humidifier":
        told["target_humidity"] = more.get("humidity", 40)
    return told


@dataclass(frozen=True)
class MqttHouse:
    """A house whose devices are on a broker: bound as they are to be bound, and what they tell by device."""

    house: House
    fakes: Mapping[str, FakeDevice]
    client: Client

    def told(self, device_id: str) -> Json:
        """What a device tells now."""
        return self.fakes[f"z2m/{device_id}"].state

    async def put(self, device_id: str, state: DeviceState) -> None:
        """Bring a device into a state."""
        fake = self.fakes[f"z2m/{device_id}"]
        fake.state = told_of(fake.device, state)
        await self.client.publish(fake.topic, json.dumps(fake.state), 1, True)


@asynccontextmanager
async def mqtt_house(port: int, house: House, states: Mapping[str, DeviceState], cars: str = "cars") -> AsyncIterator[MqttHouse]:
    """The house with its devices on this broker, each in its state; they obey until the end. Cars are below the topic `cars`."""
    fakes = {f"z2m/{device.id}": FakeDevice(device, f"z2m/{device.id}") for device in house.devices if device.kind != "vehicle"}
    for fake in fakes.values():
        fake.state = told_of(fake.device, states[fake.device.id])
    async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
        await client.subscribe("z2m/#", qos=1)
        for fake in fakes.values():
            is_there = states[fake.device.id].state != "unavailable"
            if fake.kind not in BY_SERVICES:
                told = {"state": "online" if is_there else "offline"}
                await client.publish(f"{fake.topic}/availability", json.dumps(told), 1, True)
                await client.publish(f"{fake.binding}/config", json.dumps(fake.config()), 1, True)
            await client.publish(fake.topic, json.dumps(fake.state), 1, True)
        playing = asyncio.create_task(_play(client, fakes))
        try:
            bound = replace(house, devices=tuple(_bound(device, fakes, cars) for device in house.devices))
            yield MqttHouse(bound, fakes, client)
        finally:
            playing.cancel()
            await asyncio.wait([playing])
            for fake in fakes.values():  # the next test's house begins empty
                for topic in (fake.topic, f"{fake.topic}/availability", f"{fake.binding}/config"):
                    await client.publish(topic, b"", 1, True)


def _bound(device: Device, fakes: Mapping[str, FakeDevice], cars: str) -> Device:
    fake = fakes.get(f"z2m/{device.id}")
    if fake is None:
        return replace(device, mqtt={"vss": f"{cars}/{device.id}"})
    if fake.kind in BY_SERVICES:
        return replace(device, mqtt={"services": f"{fake.topic}/set", "state": fake.topic})
    return replace(device, mqtt={"discovery": fake.binding})


async def _play(client: Client, fakes: Mapping[str, FakeDevice]) -> None:
    async for message in client.messages:
        base = "/".join(message.topic.value.split("/")[:2])
        place = message.topic.value.removeprefix(f"{base}/")
        if base not in fakes or not place.endswith("set"):
            continue
        assert isinstance(message.payload, bytes)
        fakes[base].obey(place, message.payload.decode())
        await client.publish(base, json.dumps(fakes[base].state), 1, True)
