"""The session with the broker that devices are behind: kept up, its messages handed on, commands published."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.mqtt_client import (
    QOS,
    BrokerRefused,
    Client,
    Server,
    SubscriptionRefused,
    connect,
    delay_s,
    disconnect,
    subscribe,
)
from octopus_hub.adapters.mqtt_commands import NAME, Message
from octopus_hub.config.errors import AdapterError, Unauthorized, Unavailable, UnavailableService, Unsupported

logger = logging.getLogger(__name__)


class Connection:
    """To one broker. `received` is called with each message (topic, text); `lost` when nothing that was told holds any more."""

    def __init__(self, server: Server, received: Callable[[str, str], None], lost: Callable[[], None]) -> None:
        self._server = server
        self._received = received
        self._lost = lost
        self._topics: set[str] = set()
        self._more = asyncio.Event()
        self._refused: set[str] = set()
        self._was_up = False
        self._client: Client | None = None
        self.problem: AdapterError = Unavailable("not connected yet", adapter=NAME)
        self.up = asyncio.Event()

    def want(self, topics: Iterable[str]) -> None:
        """Messages of these topics too, from now on."""
        new = set(topics) - self._topics
        self._topics |= new
        if new:
            self._more.set()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        failures = 0
        while True:
            try:
                await self._live()
            except (aiomqtt.MqttError, BrokerRefused, UnavailableService) as error:
                failures = 1 if self._end(error) else failures + 1
                await asyncio.sleep(delay_s(error, failures))

    async def publish(self, message: Message) -> None:
        """Send, and wait until the broker has it. Raises Unavailable, Unauthorized, Unsupported."""
        if self._client is None:
            raise self.problem
        try:
            await self._client.publish(message.topic, message.payload, QOS, message.retain)
        except aiomqtt.MqttError as error:
            raise Unavailable(f"the broker at {self._server} did not take it: {error}", adapter=NAME) from error
        except ValueError as error:
            raise Unsupported(f"nothing can be published to {message.topic!r}: {error}", adapter=NAME) from error

    async def _live(self) -> None:
        """One session, until it is lost."""
        client = await connect(self._server, name="octopus-hub-devices")
        tasks: list[asyncio.Task[None]] = []
        try:
            self._client = client
            tasks = [asyncio.create_task(self._subscribe(client)), asyncio.create_task(self._read(client))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._client = None
            self.up.clear()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await disconnect(client)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _subscribe(self, client: Client) -> None:
        """To every topic that is wanted; retained messages come with each. One that the broker refuses is done without, and said
        once; where it refuses all of them, that is raised."""
        options, asked, granted = SubscribeOptions(QOS), set[str](), 0
        while True:
            self._more.clear()
            refusal: SubscriptionRefused | None = None
            for topic in sorted(self._topics - asked):
                asked.add(topic)
                try:
                    await subscribe(client, self._server, [topic], options)
                    granted += 1
                except SubscriptionRefused as error:
                    refusal = error
                    if topic not in self._refused:
                        self._refused.add(topic)
                        logger.warning("mqtt devices not heard topic=%s error=%s", topic, error)
            if refusal and not granted:
                raise refusal
            if self._client is not client:  # aiomqtt may swallow that we were cancelled meanwhile
                return
            if not self.up.is_set():
                logger.info("mqtt devices connected broker=%s topics=%d", self._server, granted)
                self._was_up = True
                self.up.set()
            await self._more.wait()

    async def _read(self, client: Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                self._received(message.topic.value, message.payload.decode("utf-8", "replace"))

    def _end(self, error: Exception) -> bool:
        """Say once why, and forget what was told. Was there a session?"""
        kind = Unauthorized if isinstance(error, BrokerRefused) else Unavailable
        problem = kind(f"the broker at {self._server} cannot be used: {error}", adapter=NAME)
        was_up = self._was_up
        if was_up or str(problem) != str(self.problem):
            logger.warning("mqtt devices away broker=%s error=%s", self._server, error)
        self._was_up, self.problem = False, problem
        self._lost()
        return was_up
