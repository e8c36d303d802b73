"""`octopus bench publish`: from a command on MQTT to its Outcome, through the daemon that runs, beside what understanding takes."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters.mqtt_client import QOS, Client, Server, connect, disconnect, subscribe
from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.daemon.bench_adapters import harmless_devices
from octopus_hub.daemon.bench_latency import machine, p95
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, count, find
from octopus_hub.daemon.control_client import status_of
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.places import socket_candidates

SOURCE = "bench"
ANSWER_S = 30.0


def publish(arguments: Sequence[str]) -> int:
    """How long the running daemon takes from a command on MQTT to its Outcome, over understanding it and what the device takes."""
    parser = Parser(prog="octopus bench publish", description=f"{publish.__doc__} Switches virtual devices on and off.")
    parser.add_argument("--commands", type=count, metavar="N", default=40, help="how many (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="as a JSON object, with the machine")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = find(options.config)
    status = status_of(socket_candidates(found.state, os.environ))
    names = [device.name for device in harmless_devices(found.config.house)]
    if not names or options.commands < 1:
        raise InputError("expected virtual devices to switch and at least one command, got none")
    host, _, port = str(status["broker"]).rpartition(":")
    server = replace(server_of(found.config.hub.mqtt), host=host, port=int(port), base=str(status["base_topic"]))
    sentences = [f"turn {('on', 'off')[n % 2]} the {names[n // 2 % len(names)]}" for n in range(options.commands)]
    times = asyncio.run(_measure(server, sentences))
    _print(times, is_json=options.json)
    return EX_OK


async def _measure(server: Server, sentences: Sequence[str]) -> list[tuple[float, float]]:
    """By sentence: milliseconds from publishing to the Outcome, and of these for understanding it and for the device."""
    client = await connect(server, name="octopus-bench")
    try:
        await subscribe(client, server, [f"{server.base}/out/{SOURCE}"], SubscribeOptions(qos=QOS))
        return [await _round(client, server, sentence) for sentence in sentences]
    except TimeoutError as error:
        raise UnavailableService(f"expected an Outcome on {server.base}/out/{SOURCE} within {ANSWER_S:g} s, got none") from error
    finally:
        await disconnect(client)


async def _round(client: Client, server: Server, sentence: str) -> tuple[float, float]:
    wanted = uuid.uuid4().hex
    began_s = time.perf_counter()
    await client.publish(f"{server.base}/in/{SOURCE}", json.dumps({"id": wanted, "text": sentence}), qos=QOS)
    async with asyncio.timeout(ANSWER_S):
        async for message in client.messages:
            told = json.loads(bytes(message.payload)) if isinstance(message.payload, bytes | bytearray) else {}
            if told.get("command_id") == wanted:
                return 1000 * (time.perf_counter() - began_s), _inside(told["times_ms"])
    raise UnavailableService(f"the broker at {server} hung up")


def _inside(times_ms: Mapping[str, float]) -> float:
    return sum(times_ms.get(stage, 0.0) for stage in ("interpret", "execute"))


def _print(times: Sequence[tuple[float, float]], *, is_json: bool) -> None:
    whole, over = [total for total, _ in times], [total - inside for total, inside in times]
    findings = {
        "commands": len(times),
        "publish_to_outcome_p50_ms": round(statistics.median(whole), 1),
        "publish_to_outcome_p95_ms": round(p95(whole), 1),
        "over_p50_ms": round(statistics.median(over), 2),
        "over_p95_ms": round(p95(over), 2),
    }
    if is_json:
        print(json.dumps({"machine": machine(), "findings": findings}, indent=1))
        return
    print(" · ".join(f"{key} {value}" for key, value in machine().items()))
    print(f"publish to Outcome, {findings['commands']} commands: p50 {findings['publish_to_outcome_p50_ms']} ms,", end=" ")
    print(f"p95 {findings['publish_to_outcome_p95_ms']} ms")
    print(f"of these besides understanding and the device: p50 {findings['over_p50_ms']} ms, p95 {findings['over_p95_ms']} ms")
