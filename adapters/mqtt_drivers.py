"""The three ways in which a device is behind MQTT, each with its topics, what it tells and what it is told. No connection here.

* a component of Home Assistant's MQTT integration: from its discovery message, or from the keys in the house's YAML;
* services: Home Assistant's words as JSON, for whatever has no such component: `{"service": "media_player.media_pause",
  "data": {}}` to the topic `services`, `{"state": "paused", "attributes": {}}` or only the state from the topic `state`;
* VSS: a car, one topic a signal: `<base>/Vehicle.Speed` has its value as JSON, `<base>/Vehicle.Body.Horn.IsActive/set` is told
  one.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from octopus_hub.adapters import vss
from octopus_hub.adapters.mqtt_commands import NAME, Message, messages_for
from octopus_hub.adapters.mqtt_config import Component, is_topic
from octopus_hub.adapters.mqtt_states import availability_of, readings_of, state_of, values_in
from octopus_hub.adapters.mqtt_templates import UNREADABLE, parsed, read
from octopus_hub.adapters.service_rows import ROWS
from octopus_hub.config.errors import InputError, Unsupported
from octopus_hub.config.house import Device, DeviceState, number
from octopus_hub.config.plan import Call

UNAVAILABLE = DeviceState("unavailable")


class Driver(Protocol):
    """One device."""

    @property
    def topics(self) -> frozenset[str]:
        """Where it tells something; MQTT's wildcards are allowed."""

    def receive(self, topic: str, payload: str) -> None:
        """Takes a message of one of the topics. Raises InputError where it tells nothing that fits."""

    def state(self) -> DeviceState | None:
        """What is known now; None where nothing was told yet."""

    def messages(self, call: Call, device: Device, before: DeviceState) -> list[Message]:
        """What is published for a call. Raises Unsupported."""


class ComponentDriver:
    """A component of Home Assistant's MQTT integration."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self._values: dict[str, str] = {}
        self._state = None if readings_of(component) else state_of(component, {})
        self._is_there: dict[str, bool] = {}
        self._availability = availability_of(component)

    @property
    def topics(self) -> frozenset[str]:
        """Of its readings and its availability."""
        readings = (self.component.text(reading.topic) for reading in readings_of(self.component))
        return frozenset(filter(is_topic, (*readings, *(place[0] for place in self._availability))))

    def receive(self, topic: str, payload: str) -> None:
        """See `Driver`."""
        for place, template, yes, no in self._availability:
            if place == topic and (word := read(template, payload)) in (yes, no):
                self._is_there.pop(place, None)
                self._is_there[place] = word == yes
        if found := values_in(self.component, topic, payload):
            try:
                self._state = state_of(self.component, self._values | found)
            except UNREADABLE as error:
                raise InputError(f"no state of a {self.component.platform}: {payload[:60]!r}: {error}") from error
            self._values |= found

    def state(self) -> DeviceState | None:
        """See `Driver`."""
        if self._is_there and not self._is_available(list(self._is_there.values())):
            return UNAVAILABLE
        return self._state

    def _is_available(self, told: list[bool]) -> bool:
        mode = self.component.text("availability_mode", "latest")
        return all(told) if mode == "all" else any(told) if mode == "any" else told[-1]

    def messages(self, call: Call, device: Device, before: DeviceState) -> list[Message]:
        """See `Driver`."""
        row = ROWS.get((call.function, device.kind))
        if row is None or row.role is not None:
            raise Unsupported(f"{device.name} cannot {call.function}", adapter=NAME)
        return messages_for(self.component, row.service(call.arguments), row.data(call.arguments, device), before)


class ServicesDriver:
    """A device that takes services and tells states in Home Assistant's words."""

    def __init__(self, device: Device) -> None:
        self._services, self._state_topic = str(device.mqtt["services"]), str(device.mqtt.get("state", ""))
        self._state: DeviceState | None = None if self._state_topic else DeviceState("unknown")

    @property
    def topics(self) -> frozenset[str]:
        """That of its state."""
        return frozenset({self._state_topic} - {""})

    def receive(self, topic: str, payload: str) -> None:
        """See `Driver`."""
        told = parsed(payload)
        if isinstance(told, dict):
            more = told.get("attributes")
            self._state = DeviceState(str(told.get("state", "unknown")), more if isinstance(more, dict) else {})
        else:
            self._state = DeviceState(payload)

    def state(self) -> DeviceState | None:
        """See `Driver`."""
        return self._state

    def messages(self, call: Call, device: Device, before: DeviceState) -> list[Message]:
        """See `Driver`."""
        row = ROWS.get((call.function, device.kind))
        if row is None:
            raise Unsupported(f"{device.name} cannot {call.function}", adapter=NAME)
        service = f"{row.domain or device.kind}.{row.service(call.arguments)}"
        data = {"message": call.arguments["message"]} if row.role is not None else row.data(call.arguments, device)
        payload = json.dumps({"service": service, "data": dict(data)}, ensure_ascii=False)
        return [Message(self._services, payload, is_seen=bool(self._state_topic))]


class VssDriver:
    """A car."""

    def __init__(self, device: Device) -> None:
        self._base = str(device.mqtt["vss"])
        self._signals: dict[str, Any] = {}

    @property
    def topics(self) -> frozenset[str]:
        """All its signals."""
        return frozenset({f"{self._base}/+"})

    def receive(self, topic: str, payload: str) -> None:
        """See `Driver`."""
        path = topic.removeprefix(f"{self._base}/")
        self._signals.pop(path, None)
        value = parsed(payload)
        if isinstance(value, bool | str) or number(value) is not None:
            self._signals[path] = value
        elif isinstance(value, float | int | list | dict):
            raise InputError(f"expected a text, a truth or a number, got {payload[:60]!r}")

    def state(self) -> DeviceState | None:
        """See `Driver`."""
        return vss.state_of(self._signals) if self._signals else None

    def messages(self, call: Call, device: Device, before: DeviceState) -> list[Message]:
        """See `Driver`."""
        tell = vss.TELL.get(call.function)
        if tell is None:
            raise Unsupported(f"{device.name} cannot {call.function}", adapter=NAME)
        told = tell(call.arguments, self._signals)
        return [Message(f"{self._base}/{path}/set", json.dumps(value, ensure_ascii=False)) for path, value in told]
