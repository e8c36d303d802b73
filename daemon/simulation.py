"""What the simulated devices have in common: `octopus simulate` and the connection that is kept up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.mqtt_client import QOS, Client, Server, connect, delay_s, disconnect, subscribe
from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.mqtt_server import server_of

logger = logging.getLogger(__name__)

Session = Callable[[Client], Awaitable[None]]
Simulate = Callable[[Server, str], Coroutine[object, object, None]]
"""Is the device on a broker, at a topic, until cancelled."""


async def keep(server: Server, name: str, topics: str, session: Session) -> None:
    """Connect as `octopus-<name>`, subscribe to the filter and run the session, again and again, until cancelled; a broker that
    goes away is waited for."""
    failures = 0
    while True:
        try:
            client = await connect(server, name=f"octopus-{name}")
            try:
                await subscribe(client, server, [topics], SubscribeOptions(QOS))
                await session(client)
            finally:
                await disconnect(client)
        except (aiomqtt.MqttError, UnavailableService) as error:
            failures += 1
            logger.warning("%s away broker=%s error=%s; trying again", name, server, error)
            await asyncio.sleep(delay_s(error, failures))


def run(
    arguments: Sequence[str],
    name: str,
    description: str,
    default_topic: str,
    simulate: Simulate,
) -> int:
    """`octopus simulate <name>`, until it is interrupted."""
    parser = Parser(prog=f"octopus simulate {name}", description=f"{description} on the configuration's broker.")
    parser.add_argument("--topic", default=default_topic, help=f"where it is (default: {default_topic})")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    topic = checked_topic(options.topic)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(simulate(server_of(find(options.config).config.hub.mqtt), topic))
    return EX_OK


def checked_topic(topic: str) -> str:
    """The topic. Raises InputError where devices cannot be below it."""
    if any(sign in topic for sign in "+#") or topic.strip("/") != topic or not topic:
        raise InputError(f"expected a topic without wildcards, and without a slash at its ends, got {topic!r}")
    return topic
