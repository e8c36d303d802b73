"""`octopus simulate car`: a car that is not there, in VSS over MQTT, to try things out with and to test against.

It tells each signal, retained, at `<base>/<path>`, and takes what it is told at `<base>/<path>/set`, a moment later.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from octopus_hub.adapters.mqtt_client import QOS, Client, Server
from octopus_hub.config import vss_signals as vss
from octopus_hub.config.errors import InputError
from octopus_hub.daemon.simulation import keep, run

logger = logging.getLogger(__name__)

MOMENT_S = 0.4
PULSE_S = 3.0
"""How long the lights flash and the horn sounds."""

ONLY_TOLD = frozenset(
    {
        vss.SPEED,
        vss.LATITUDE,
        vss.LONGITUDE,
        vss.CHARGING,
        vss.PLUGGED_IN,
        vss.DRIVER_POSITION,
        *vss.WHEELS,
    }
)
"""Signals that nobody can set; the car's own doings change them."""


def first_signals() -> dict[str, Any]:
    """Parked at the plug, locked, everything shut and off."""
    signals: dict[str, Any] = {
        vss.SPEED: 0.0, vss.MILEAGE: 23_456.0, vss.RANGE: 312_000,
        vss.CHARGE_LEVEL: 64.0, vss.CHARGING: False, vss.PLUGGED_IN: True, vss.CHARGE: "STOP",
        vss.CHARGE_LIMIT: 80, vss.ENGINE: False, vss.CLIMATE: False, vss.DRIVER_POSITION: "LEFT", vss.SUNROOF: 0, vss.TRUNK: False,
        vss.FLASH: False, vss.HORN: False, vss.DESTINATION: "", vss.LATITUDE: 48.1372, vss.LONGITUDE: 11.5756,
        vss.AMBIENT: 17.5,
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
    """Be that car below the topic `base`, until cancelled."""

    async def session(client: Client) -> None:
        doing: set[asyncio.Task[None]] = set()
        await _tell(client, base, car.signals)
        logger.info("a simulated car is below %s on %s", base, server)
        try:
            async for message in client.messages:
                path = message.topic.value.removeprefix(f"{base}/").removesuffix("/set")
                task = asyncio.create_task(_obey(car, client, base, path, bytes(message.payload or b""), moment_s))
                doing.add(task)
                task.add_done_callback(doing.discard)
        finally:
            for task in doing:
                task.cancel()

    await keep(server, "car", f"{base}/+/set", session)


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
    description = "A car that is not there, in COVESA VSS,"
    return run(arguments, "car", description, "cars/demo", lambda server, topic: simulate(SimulatedCar(), server, topic))
