"""The hub's connection to a broker: one session kept up, messages handed in, payloads handed out.

Knows topics, not commands. MQTT 5, clean start, session expiry 0: nothing sent while the hub was away is delivered later. Reason
codes are looked at, for MQTT acknowledges what the broker's ACL dropped. Every wait has a timeout, since aiomqtt's own may hang.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.config.errors import HubError, UnavailableService
from octopus_hub.daemon.wire import SCHEMA, dump

logger = logging.getLogger(__name__)
client_logger = logging.getLogger(f"{__name__}.client")

OPERATION_TIMEOUT_S = 3.0
GOODBYE_TIMEOUT_S = 0.3
KEEPALIVE_S = 20
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
REFUSED_DELAY_S = 60.0
QOS = 1
FAILURE = 128
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""

REFUSALS = (132, 133, 134, 135, 138, 140)
"""Unsupported protocol version, bad client id, bad user name or password, not authorized, banned, bad method: no retry helps."""


class BrokerRefused(HubError):
    """The broker does not want us: credentials, client id or protocol. Fatal at start (EX_NOPERM)."""

    exit_code = 77


@dataclass(frozen=True, slots=True)
class Server:
    """A broker and who we are to it. Without `client_id` one is made up, so that nobody can take the session over by name."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    client_id: str | None = None
    base: str = "octopus"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


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
        self._client: aiomqtt.Client | None = None
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
                await asyncio.sleep(_delay_s(error, failures))

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None) -> bool:
        """Sends with QoS 1; False when it did not reach the broker."""
        if self._client is None:
            return False
        properties = _properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        if correlation is not None:
            properties.CorrelationData = correlation
        try:
            await self._client.publish(topic, payload, QOS, retain, properties)
        except aiomqtt.MqttError as error:
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
    async def _session(self) -> AsyncIterator[aiomqtt.Client]:
        client = self._new_client()
        try:
            await client.__aenter__()
        except MqttConnectError as error:
            code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
            who = f'user "{self._server.username}"' if self._server.username else "a client without a user name"
            message = f"the broker at {self._server} refuses {who}: {error.rc}"
            raise (BrokerRefused if code in REFUSALS else UnavailableService)(message) from error
        except aiomqtt.MqttError:
            client.hang_up()
            raise
        try:
            await self._subscribe(client)
            self._client = client
            await self.announce()
            yield client
        finally:
            self._client = None
            await _leave(client, self._status_topic)

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        options = SubscribeOptions(QOS, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        for channel in self._channels:
            topic = f"{self._server.base}/{channel}/+"
            for granted in await client.subscribe(topic, options=options):
                code = granted.value if isinstance(granted, ReasonCode) else granted
                if code >= FAILURE:
                    raise BrokerRefused(f"the broker at {self._server} refuses the subscription to {topic}: {granted}")

    async def _serve(
        self,
        client: aiomqtt.Client,
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

    def _new_client(self) -> _CheckedClient:
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        return _CheckedClient(
            self._server.host,
            self._server.port,
            username=self._server.username,
            password=self._server.password,
            tls_context=self._server.tls,
            identifier=self._server.client_id or f"octopus-hub-{uuid.uuid4().hex[:12]}",
            logger=client_logger,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(self._status_topic, OFFLINE, QOS, retain=True),
            clean_start=True,
            timeout=OPERATION_TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            properties=properties,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _warn_once(self, error: Exception) -> None:
        message = str(error)
        level = logging.DEBUG if message == self._warned else logging.WARNING
        logger.log(level, "mqtt away broker=%s error=%s; trying again", self._server, message)
        self._warned = message


OFFLINE = dump({"schema": SCHEMA, "state": "offline"})


class _CheckedClient(aiomqtt.Client):
    """aiomqtt throws the reason code of a publish away, and leaves the socket of a connect that was not answered open."""

    def hang_up(self) -> None:
        """Closes the socket, if there is one."""
        self._client.disconnect()

    def _on_publish(self, client: PahoClient, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties) -> None:
        if reason_code.value >= FAILURE:  # acknowledged and dropped
            logger.warning("the broker refused a publication reason=%s; check its ACL for the hub's topics", reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho has no annotation here


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


async def _leave(client: aiomqtt.Client, status_topic: str) -> None:
    """Says goodbye and hangs up; the broker may be gone or slow, and the reason why we leave must not be hidden by that."""
    try:
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            await client.publish(status_topic, OFFLINE, QOS, retain=True)
    except (aiomqtt.MqttError, TimeoutError) as error:
        logger.debug("mqtt goodbye not said error=%s", error)
    try:
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            await client.__aexit__(None, None, None)
    except (aiomqtt.MqttError, TimeoutError) as error:
        logger.debug("mqtt not hung up error=%s", error)


def _delay_s(error: Exception, failures: int) -> float:
    """Full jitter: anything up to twice the last ceiling; the longest pause after a refusal."""
    ceiling = REFUSED_DELAY_S if isinstance(error, BrokerRefused) else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures, 10))
    return random.uniform(0 if ceiling < REFUSED_DELAY_S else ceiling / 2, ceiling)
