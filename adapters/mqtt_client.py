"""One session with an MQTT broker, as the hub's own topics and devices behind MQTT both need it.

MQTT 5, clean start, session expiry 0: nothing sent while we were away is delivered later. Reason codes are looked at, for MQTT
acknowledges what the broker's ACL dropped. Every wait has a timeout, since aiomqtt's own may hang.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
import uuid
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.config.errors import HubError, UnavailableService

logger = logging.getLogger(__name__)
client_logger = logging.getLogger(f"{__name__}.client")

T = TypeVar("T")

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


class SubscriptionRefused(BrokerRefused):
    """The broker has us, and not this topic."""


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


class Client(aiomqtt.Client):
    """aiomqtt throws the reason code of a publish away, leaves the socket of a connect that was not answered open, and loses a
    cancellation that comes with an answer: before Python 3.12 `asyncio.wait_for` does."""

    def hang_up(self) -> None:
        """Closes the socket, if there is one."""
        if self._connected.cancelled():  # aiomqtt asks it for its exception
            self._connected = asyncio.Future()
        self._client.disconnect()

    def _on_publish(self, client: PahoClient, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties) -> None:
        if reason_code.value >= FAILURE:  # acknowledged and dropped
            logger.warning("the broker refused a publication reason=%s; check its ACL for the hub's topics", reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 -- aiomqtt has it so
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None


async def connect(server: Server, *, name: str, will: aiomqtt.Will | None = None) -> Client:
    """A session that is up; `name` begins the client id. Raises BrokerRefused, UnavailableService, MqttError."""
    client = _new_client(server, name, will)
    entering = asyncio.create_task(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except MqttConnectError as error:
        code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
        who = f'user "{server.username}"' if server.username else "a client without a user name"
        message = f"the broker at {server} refuses {who}: {error.rc}"
        raise (BrokerRefused if code in REFUSALS else UnavailableService)(message) from error
    except aiomqtt.MqttError:
        client.hang_up()
        raise
    except asyncio.CancelledError:
        try:
            async with asyncio.timeout(GOODBYE_TIMEOUT_S):
                await entering  # a thread connects: before it is done there may be no socket to close
        except (aiomqtt.MqttError, TimeoutError) as error:
            logger.debug("mqtt given up while connecting error=%s", error)
        finally:
            client.hang_up()
        raise
    return client


async def subscribe(client: Client, server: Server, topics: Iterable[str], options: SubscribeOptions) -> None:
    """Each of the topics. Raises SubscriptionRefused, MqttError."""
    for topic in topics:
        for granted in await client.subscribe(topic, options=options):
            code = granted.value if isinstance(granted, ReasonCode) else granted
            if code >= FAILURE:
                raise SubscriptionRefused(f"the broker at {server} refuses the subscription to {topic}: {granted}")


async def disconnect(client: Client) -> None:
    """Hangs up; the broker may be gone or slow."""
    try:
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            await client.__aexit__(None, None, None)
    except (aiomqtt.MqttError, TimeoutError) as error:
        logger.debug("mqtt not hung up error=%s", error)


def properties_of(packet_type: int) -> Properties:
    """Empty properties of a packet of `PacketTypes`."""
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho has no annotation here


def delay_s(error: Exception, failures: int) -> float:
    """Full jitter: anything up to twice the last ceiling; the longest pause after a refusal."""
    ceiling = REFUSED_DELAY_S if isinstance(error, BrokerRefused) else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures, 10))
    return random.uniform(0 if ceiling < REFUSED_DELAY_S else ceiling / 2, ceiling)


def _new_client(server: Server, name: str, will: aiomqtt.Will | None) -> Client:
    properties = properties_of(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 0
    return Client(
        server.host,
        server.port,
        username=server.username,
        password=server.password,
        tls_context=server.tls,
        identifier=server.client_id or f"{name}-{uuid.uuid4().hex[:12]}",
        logger=client_logger,
        protocol=aiomqtt.ProtocolVersion.V5,
        will=will,
        clean_start=True,
        timeout=OPERATION_TIMEOUT_S,
        keepalive=KEEPALIVE_S,
        properties=properties,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
