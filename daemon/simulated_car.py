"""`octopus simulate car`: a car that is not there, in VSS over MQTT, to try things out with and to test against.

It tells each signal, retained, at `<base>/<path>`, and takes what it is told at `<base>/<path>/set`, a moment later.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from octopus_hub.adapters import vss
from octopus_hub.adapters.mqtt_client import QOS, Client, Server, connect, delay_s, disconnect, subscribe
from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.mqtt_server import server_of

logger = logging.getLogger(__name__)

MOMENT_S = 0.4
PULSE_S = 3.0
"""How long the lights flash and the horn sounds."""

ONLY_TOLD = frozenset({vss.SPEED, vss.LATITUDE, vss.LONGITUDE, vss.CHARGING, vss.PLUGGED_IN, vss.DRIVER_POSITION, *vss.WHEELS})
"""Signals that nobody can set; the car's own doings change them."""


def first_signals() -> dict[str, Any]:
    """Parked at the plug, locked, everything shut and off."""
    signals: dict[str, Any] = {
        vss.SPEED: 0.0, "Vehicle.TraveledDistance": 23_456.0, "Vehicle.Powertrain.Range": 312_000,
        f"{vss.BATTERY}.StateOfCharge.Displayed": 64.0, vss.CHARGING: False, vss.PLUGGED_IN: True, vss.CHARGE: "STOP",
        vss.CHARGE_LIMIT: 80, vss.ENGINE: False, vss.CLIMATE: False, vss.DRIVER_POSITION: "LEFT", vss.SUNROOF: 0, vss.TRUNK: False,
        vss.FLASH: False, vss.HORN: False, vss.DESTINATION: "", vss.LATITUDE: 48.1372, vss.LONGITUDE: 11.5756,
        f"{vss.HVAC}.AmbientAirTemperature": 17.5,
        **dict.fromkeys(vss.WHEELS, 240), **dict.fromkeys(vss.LOCKS, True),
        **{f"{door}.Window.Position": 0 for door in vss.DOORS},
        **{path: False for paths in vss.DEFROSTERS.values() for path in paths},
    }  # fmt: skip
    for row in (1, 2):
        signals |= {f"{vss.HVAC}.Station.Row{row}.{side}.Temperature": 20.0 for side in ("Left", "Right")}
        for side in ("DriverSide", "PassengerSide"):
            seat = f"{vss.CABIN}.Seat.Row{row}.{side}"
            signals |= {f"{seat}.Heating": 0, f"{seat}.Position": 150, f"{seat}.Height": 50}
    return signals


class SimulatedCar:
    """The signals of a car, and what becomes of them when some are set."""

    def __init__(self, signals: Mapping[str, Any] | None = None) -> None:
        self.signals = first_signals() | dict(signals or {})

    def set(self, path: str, value: Any) -> dict[str, Any]:
        """Set a signal; everything that changes by it. Raises InputError for one that the car has not, or of another type."""
        if path not in self.signals or path in ONLY_TOLD:
            raise InputError(f"expected a signal that can be set, got {path}")
        now = self.signals[path]
        if isinstance(now, bool) != isinstance(value, bool) or isinstance(now, str) != isinstance(value, str):
            raise InputError(f"{path}: expected a value like {json.dumps(now)}, got {json.dumps(value)}")
        changes = {path: value}
        if path == vss.CHARGE:
            changes[vss.CHARGING] = value == "START" and self.signals[vss.PLUGGED_IN]
        self.signals |= changes
        return changes


async def simulate(car: SimulatedCar, server: Server, base: str, moment_s: float = MOMENT_S) -> None:
    """Be that car below the topic `base`, until cancelled; a broker that goes away is waited for."""
    failures = 0
    while True:
        try:
            await _one_session(car, server, base, moment_s)
        except (aiomqtt.MqttError, UnavailableService) as error:
            failures += 1
            logger.warning("car away broker=%s error=%s; trying again", server, error)
            await asyncio.sleep(delay_s(error, failures))


async def _one_session(car: SimulatedCar, server: Server, base: str, moment_s: float) -> None:
    client = await connect(server, name="octopus-car")
    doing: set[asyncio.Task[None]] = set()
    try:
        await subscribe(client, server, [f"{base}/+/set"], SubscribeOptions(QOS))
        await _tell(client, base, car.signals)
        logger.info("a simulated car is below %s on %s", base, server)
        async for message in client.messages:
            path = message.topic.value.removeprefix(f"{base}/").removesuffix("/set")
            task = asyncio.create_task(_obey(car, client, base, path, bytes(message.payload or b""), moment_s))
            doing.add(task)
            task.add_done_callback(doing.discard)
    finally:
        for task in doing:
            task.cancel()
        await disconnect(client)


async def _obey(car: SimulatedCar, client: Client, base: str, path: str, payload: bytes, moment_s: float) -> None:
    await asyncio.sleep(moment_s)
    try:
        changes = car.set(path, json.loads(payload))
    except (InputError, ValueError) as error:
        logger.warning("the car was told nonsense: %s", error)
        return
    logger.info("the car was told %s = %s", path, payload.decode("utf-8", "replace"))
    await _tell(client, base, changes)
    if path in (vss.FLASH, vss.HORN) and changes[path]:
        await asyncio.sleep(PULSE_S)
        await _tell(client, base, car.set(path, False))


async def _tell(client: Client, base: str, signals: Mapping[str, Any]) -> None:
    for path, value in signals.items():
        await client.publish(f"{base}/{path}", json.dumps(value), QOS, True)


def main(arguments: Sequence[str]) -> int:
    """Runs until it is interrupted."""
    parser = Parser(
        prog="octopus simulate car", description="A car that is not there, in COVESA VSS on the configuration's broker."
    )
    parser.add_argument("--topic", default="cars/demo", help="below which its signals are (default: cars/demo)")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    topic = checked_topic(options.topic)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(simulate(SimulatedCar(), server_of(find(options.config).config.hub.mqtt), topic))
    return EX_OK


def checked_topic(topic: str) -> str:
    """The topic. Raises InputError where devices cannot be below it."""
    if any(sign in topic for sign in "+#") or topic.strip("/") != topic or not topic:
        raise InputError(f"expected a topic without wildcards, and without a slash at its ends, got {topic!r}")
    return topic
