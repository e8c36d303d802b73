"""The hub's own topics: one session kept up, messages handed in, payloads handed out. Knows topics, not commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.mqtt_client import (
    GOODBYE_TIMEOUT_S,
    QOS,
    BrokerRefused,
    Client,
    Server,
    connect,
    delay_s,
    disconnect,
    properties_of,
    subscribe,
)
from octopus_hub.config.errors import UnavailableService
from octopus_hub.daemon.wire import SCHEMA, dump

logger = logging.getLogger(__name__)

OFFLINE = dump({"schema": SCHEMA, "state": "offline"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message on `<base>/<channel>/<source>`; `retained` also when its sender only asked for it to be kept."""

    channel: str
    source: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None


class Link:
    """One broker session at a time, made again with full jitter whenever it is lost."""

    def __init__(
        self,
        server: Server,
        channels: tuple[str, ...],
        status: Callable[[], Mapping[str, object]],
    ) -> None:
        self._server = server
        self._channels = channels
        self._status = status
        self._client: Client | None = None
        self._was_connected = False
        self._warned = ""

    @property
    def connected(self) -> bool:
        """Is there a session now?"""
        return self._client is not None

    async def run(self, on_message: Callable[[Incoming], Awaitable[None]], on_connect: Callable[[], Awaitable[None]]) -> None:
        """Keeps the session up until cancelled. Raises BrokerRefused when the very first one is refused."""
        failures = 0
        while True:
            try:
                async with self._session() as client:
                    failures = 0
                    await self._serve(client, on_message, on_connect)
            except (aiomqtt.MqttError, BrokerRefused, UnavailableService) as error:
                if isinstance(error, BrokerRefused) and not self._was_connected:
                    raise
                failures += 1
                self._warn_once(error)
                await asyncio.sleep(delay_s(error, failures))

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None) -> bool:
        """Sends with QoS 1; False when it did not reach the broker, or can't be sent at all."""
        if self._client is None:
            return False
        properties = properties_of(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        if correlation is not None:
            properties.CorrelationData = correlation
        try:
            await self._client.publish(topic, payload, QOS, retain, properties)
        except (aiomqtt.MqttError, ValueError) as error:  # paho's for a topic that is too long
            logger.warning("publish failed topic=%s error=%s", topic, error)
            return False
        return True

    async def announce(self) -> None:
        """Publishes the retained status again, after it changed."""
        await self.publish(self._status_topic, dump(self._status()), retain=True)

    @property
    def _status_topic(self) -> str:
        return f"{self._server.base}/status"

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Client]:
        will = aiomqtt.Will(self._status_topic, OFFLINE, QOS, retain=True)
        client = await connect(self._server, name="octopus-hub", will=will)
        try:
            options = SubscribeOptions(QOS, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            await subscribe(client, self._server, [f"{self._server.base}/{channel}/+" for channel in self._channels], options)
            self._client = client
            await self.announce()
            yield client
        finally:
            self._client = None
            await _leave(client, self._status_topic)

    async def _serve(
        self,
        client: Client,
        on_message: Callable[[Incoming], Awaitable[None]],
        on_connect: Callable[[], Awaitable[None]],
    ) -> None:
        logger.info("mqtt connected broker=%s base=%s", self._server, self._server.base)
        self._was_connected, self._warned = True, ""
        await on_connect()
        async for message in client.messages:
            incoming = _incoming(message)
            if incoming is not None:
                await on_message(incoming)

    def _warn_once(self, error: Exception) -> None:
        message = str(error)
        level = logging.DEBUG if message == self._warned else logging.WARNING
        logger.log(level, "mqtt away broker=%s error=%s; trying again", self._server, message)
        self._warned = message


def _incoming(message: aiomqtt.Message) -> Incoming | None:
    _, channel, source = message.topic.value.rsplit("/", 2)
    if not isinstance(message.payload, bytes):
        return None
    properties = message.properties
    return Incoming(
        channel=channel,
        source=source,
        payload=message.payload,
        retained=message.retain,
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
    )


async def _leave(client: Client, status_topic: str) -> None:
    """Says goodbye and hangs up; the reason why we leave must not be hidden by a broker that is gone or slow."""
    try:
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            await client.publish(status_topic, OFFLINE, QOS, retain=True)
    except (aiomqtt.MqttError, TimeoutError) as error:
        logger.debug("mqtt goodbye not said error=%s", error)
    await disconnect(client)
