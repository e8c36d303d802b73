"""`octopus simulate plug`: a switch that is not there, as zigbee2mqtt has it, to try things out and to measure MQTT with."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from octopus_hub.adapters.mqtt_client import QOS, Client, Server
from octopus_hub.daemon.simulation import keep, run

logger = logging.getLogger(__name__)


async def simulate(server: Server, topic: str) -> None:
    """Be that plug, until cancelled: ON and OFF at `<topic>/set`, its state as JSON at `topic`."""
    state = "OFF"

    async def session(client: Client) -> None:
        nonlocal state
        logger.info("a simulated plug is at %s on %s", topic, server)
        await client.publish(topic, json.dumps({"state": state}), QOS, True)
        async for message in client.messages:
            told = message.payload.decode("utf-8", "replace") if isinstance(message.payload, bytes) else ""
            state = told if told in ("ON", "OFF") else state
            await client.publish(topic, json.dumps({"state": state}), QOS, True)

    await keep(server, "plug", f"{topic}/set", session)


def main(arguments: Sequence[str]) -> int:
    """Runs until it is interrupted."""
    return run(arguments, "plug", "A switch that is not there,", "plugs/demo", simulate)
