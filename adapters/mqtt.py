"""Devices behind MQTT: without Home Assistant, on the hub's own broker.

Commands go out with QoS 1 and count as done when the device's state shows it. States are those the broker retains and the devices
tell. After a lost session nothing is known until it is told again, and nothing is published twice: what was not acknowledged
failed.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from octopus_hub.adapters.confirmation import state_seen
from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.adapters.mqtt_commands import NAME, own_messages
from octopus_hub.adapters.mqtt_config import component_of, discovery_topic, read_discovery
from octopus_hub.adapters.mqtt_connection import Connection
from octopus_hub.adapters.mqtt_drivers import ComponentDriver, Driver, ServicesDriver, VssDriver
from octopus_hub.adapters.mqtt_states import misfits
from octopus_hub.adapters.protocol import device_for
from octopus_hub.adapters.tasks import spawn
from octopus_hub.adapters.watch import Watch, toggled
from octopus_hub.config.errors import InputError, Unavailable, Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Confirmation
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Result, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_S = 3.0
SETTLE_S = 0.6
"""How long after connecting retained states are waited for."""

logger = logging.getLogger(__name__)


class MqttAdapter:
    """The devices of a house that have a binding to MQTT."""

    name = NAME

    def __init__(self, house: House, server: Server) -> None:
        self._house = house
        self._watch = Watch(NAME, house.devices)
        self._connection = Connection(server, self._received, self._lost)
        self._drivers: dict[str, Driver] = {}
        self._discovered: dict[str, list[Device]] = {}
        self._listening: dict[str, list[Device]] = {}
        self._payloads: dict[str, str] = {}
        self._refused: set[tuple[str, str]] = set()
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        for device in house.devices:
            if "discovery" in device.mqtt:
                self._discovered.setdefault(discovery_topic(str(device.mqtt["discovery"])), []).append(device)
            else:
                self._drive(device, _driver_of(device))
        self._connection.want(self._discovered)

    async def start(self) -> None:
        """See `Adapter.start`; goes on trying where it raises."""
        if self._task is None:
            self._task = spawn(self._connection.run(), "mqtt devices")
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                await self._connection.up.wait()
        if not self._connection.up.is_set():
            raise self._connection.problem
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while len(self.states()) < len(self._house.devices):
                    self._told.clear()
                    await self._told.wait()

    async def stop(self) -> None:
        """See `Adapter.stop`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def states(self) -> Mapping[str, DeviceState]:
        """See `Adapter.states`."""
        return self._watch.states()

    async def execute(self, call: Call, device_id: str) -> Result:
        """See `Adapter.execute`."""
        device = device_for(call, device_id, self._house, NAME)
        driver, before = self._reachable(call, device)
        call = replace(call, arguments=toggled(call, before))
        try:
            messages = own_messages(call) or driver.messages(call, device, before)
        except Unsupported as error:
            why = f"{device.name} cannot {call.function}: {error}"
            raise Unsupported(why, adapter=NAME, function=call.function, device=device_id) from error
        for message in messages:
            await self._connection.publish(message)
        is_seen = bool(messages) and all(message.is_seen for message in messages)
        if by_name()[call.function].confirmation is Confirmation.SENT or not is_seen:
            return Result(device_id, call.function, Status.SENT)
        after = await self._watch.seen(call, device, before)
        return Result(device_id, call.function, Status.DONE, state_seen(after))

    def _reachable(self, call: Call, device: Device) -> tuple[Driver, DeviceState]:
        """How the device is told, and its state before. Raises Unavailable."""
        if not self._connection.up.is_set():
            raise self._connection.problem
        driver, before = self._drivers.get(device.id), self._watch.get(device.id)
        if driver is None:
            topic = discovery_topic(str(device.mqtt["discovery"]))
            raise Unavailable(f"nothing is known of {device.name}: no message on {topic}", adapter=NAME)
        if before is not None and before.state == "unavailable":
            raise Unavailable(f"{device.name} is unavailable", adapter=NAME, function=call.function, device=device.id)
        return driver, before or DeviceState("unknown")

    def silent(self, device: Device) -> str:
        """The topic on which nothing came that should say what the device is, or how it is; "" where all came, or nothing comes."""
        driver = self._drivers.get(device.id)
        if driver is None:
            return discovery_topic(str(device.mqtt["discovery"]))
        return ", ".join(sorted(driver.topics)) if driver.state() is None else ""

    def _drive(self, device: Device, driver: Driver | None) -> None:
        """The device is told and tells as this driver says from now on, also what was told before it; None: it is gone."""
        if driver is None:
            self._drivers.pop(device.id, None)
            self._watch.put(device.id, None)
            return
        self._drivers[device.id] = driver
        for problem in misfits(driver.component) if isinstance(driver, ComponentDriver) else ():
            self._refuse(device, problem, problem)
        filters = driver.topics
        for each in filters:
            listening = self._listening.setdefault(each, [])
            listening += [] if device in listening else [device]
            for topic in self._told_on(each):
                self._take(device, driver, topic, self._payloads[topic])
        self._connection.want(filters)
        self._watch.put(device.id, driver.state())

    def _told_on(self, topic_filter: str) -> list[str]:
        """The topics of a filter on which something was told."""
        if topic_filter in self._payloads:
            return [topic_filter]
        return [topic for topic in self._payloads if _level_of(topic) == topic_filter] if topic_filter.endswith("/+") else []

    def _received(self, topic: str, payload: str) -> None:
        self._payloads[topic] = payload
        for device in self._discovered.get(topic, ()):
            self._discover(device, payload)
        for topic_filter in (topic, _level_of(topic)):
            for device in self._listening.get(topic_filter, ()):
                if driver := self._drivers.get(device.id):
                    self._take(device, driver, topic, payload)
                    self._watch.put(device.id, driver.state())
        self._told.set()

    def _take(self, device: Device, driver: Driver, topic: str, payload: str) -> None:
        try:
            driver.receive(topic, payload)
        except InputError as error:
            self._refuse(device, topic, f"{topic}: {error}")

    def _refuse(self, device: Device, what: str, why: str) -> None:
        """Said once for each device and `what`."""
        if (device.id, what) not in self._refused:
            self._refused.add((device.id, what))
            logger.warning("not understood device=%s error=%s", device.id, why)

    def _discover(self, device: Device, payload: str) -> None:
        """A device told what it is, or that it is no more. What it told before of itself holds as long as it is the same."""
        try:
            component = read_discovery(str(device.mqtt["discovery"]), payload)
        except InputError as error:
            self._refuse(device, str(error), str(error))
            return
        known = self._drivers.get(device.id)
        if not isinstance(known, ComponentDriver) or known.component != component:
            self._drive(device, ComponentDriver(component) if component else None)

    def _lost(self) -> None:
        """Nothing that was told holds any more."""
        self._payloads.clear()
        for device in self._house.devices:
            self._drive(device, None if "discovery" in device.mqtt else _driver_of(device))
            self._watch.put(device.id, None)


def _level_of(topic: str) -> str:
    """The filter of all topics beside this one."""
    return f"{topic.rpartition('/')[0]}/+"


def _driver_of(device: Device) -> Driver:
    if "vss" in device.mqtt:
        return VssDriver(device)
    if "services" in device.mqtt:
        return ServicesDriver(device)
    return ComponentDriver(component_of(device))


def silent_topics(server: Server, devices: Sequence[Device]) -> dict[str, str]:
    """Of devices, by id, the topic on which nothing is retained: of its discovery, else of its state. Blocking. Raises Unavailable,
    Unauthorized."""
    return asyncio.run(_silent_topics(server, devices))


async def _silent_topics(server: Server, devices: Sequence[Device]) -> dict[str, str]:
    adapter = MqttAdapter(House(devices=tuple(devices)), server)
    try:
        await adapter.start()
        return {device.id: topic for device in devices if (topic := adapter.silent(device))}
    finally:
        await adapter.stop()
