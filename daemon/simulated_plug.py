"""`octopus simulate plug`: a switch that is not there, as zigbee2mqtt has it, to try things out and to measure MQTT with."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.mqtt_client import QOS, Server, connect, delay_s, disconnect, subscribe
from octopus_hub.config.errors import UnavailableService
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.simulated_car import checked_topic

logger = logging.getLogger(__name__)


async def simulate(server: Server, topic: str) -> None:
    """Be that plug, until cancelled: ON and OFF at `<topic>/set`, its state as JSON at `topic`."""
    failures, state = 0, "OFF"
    while True:
        try:
            client = await connect(server, name="octopus-plug")
            try:
                await subscribe(client, server, [f"{topic}/set"], SubscribeOptions(QOS))
                logger.info("a simulated plug is at %s on %s", topic, server)
                await client.publish(topic, json.dumps({"state": state}), QOS, True)
                async for message in client.messages:
                    told = message.payload.decode("utf-8", "replace") if isinstance(message.payload, bytes) else ""
                    state = told if told in ("ON", "OFF") else state
                    await client.publish(topic, json.dumps({"state": state}), QOS, True)
            finally:
                await disconnect(client)
        except (aiomqtt.MqttError, UnavailableService) as error:
            failures += 1
            logger.warning("plug away broker=%s error=%s; trying again", server, error)
            await asyncio.sleep(delay_s(error, failures))


def main(arguments: Sequence[str]) -> int:
    """Runs until it is interrupted."""
    parser = Parser(prog="octopus simulate plug", description="A switch that is not there, on the configuration's broker.")
    parser.add_argument("--topic", default="plugs/demo", help="where it tells its state (default: plugs/demo)")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    topic = checked_topic(options.topic)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(simulate(server_of(find(options.config).config.hub.mqtt), topic))
    return EX_OK
