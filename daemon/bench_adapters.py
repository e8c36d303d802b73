"""`octopus bench adapters`: how long a call takes from plan to confirmed state, and how many a second are carried out.

Devices are switched on and off for real. So only virtual ones are taken by themselves; others have to be named.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import ON_OFF_KINDS, by_name
from octopus_hub.config.house import ActionClass, Device, House
from octopus_hub.config.plan import Call, Status
from octopus_hub.daemon.bench_latency import machine, p95
from octopus_hub.daemon.cli import EX_OK, Found, Parser, add_config_option, count, find
from octopus_hub.daemon.devices import make_adapters
from octopus_hub.daemon.dispatcher import VIRTUAL, Dispatcher, adapter_name
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.policy import device_action_class

AT_ONCE = 10
SWITCHES = ("turn_on", "turn_off")


@dataclass(frozen=True, slots=True)
class AdapterFinding:
    """One adapter: of how many devices and calls, how long a call takes, how many a second, and how many were not confirmed."""

    adapter: str
    devices: int
    calls: int
    p50_ms: float
    p95_ms: float
    per_s: float
    unconfirmed: int


def adapters(arguments: Sequence[str]) -> int:
    """How long a call takes from plan to confirmed state, and how many calls a second an adapter sustains."""
    parser = Parser(prog="octopus bench adapters", description=f"{adapters.__doc__} Switches devices on and off.")
    parser.add_argument("--device", metavar="ID", action="append", default=[], help="also this device, for real")
    parser.add_argument("--calls", type=count, metavar="N", default=100, help="calls for each figure (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="as a JSON object, with the machine")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = find(options.config)
    findings = asyncio.run(_measure(found, _chosen(found.config.house, options.device), options.calls))
    if options.json:
        print(json.dumps({"machine": machine(), "findings": [asdict(finding) for finding in findings]}, indent=1))
    else:
        _print(findings)
    return EX_OK


def _chosen(house: House, named: Sequence[str]) -> list[Device]:
    """Harmless ones, and those that were named. Raises InputError."""
    if unknown := [device_id for device_id in named if device_id not in house.by_id]:
        raise InputError(f"expected ids of devices, got {', '.join(unknown)}")
    if wrong := [device_id for device_id in named if house.by_id[device_id].kind not in ON_OFF_KINDS]:
        raise InputError(f"expected devices that can be switched on and off, got {', '.join(wrong)}")
    return [*harmless_devices(house), *(house.by_id[device_id] for device_id in named)]


def harmless_devices(house: House) -> list[Device]:
    """Some virtual devices that may be switched without a thought."""
    turn_on = by_name()["turn_on"]
    virtual = [device for device in house.devices if device.kind in ON_OFF_KINDS and adapter_name(device) == VIRTUAL]
    return [device for device in virtual if device_action_class(turn_on, device) is ActionClass.COMFORT][:AT_ONCE]


async def _measure(found: Found, devices: Sequence[Device], calls: int) -> list[AdapterFinding]:
    config = found.config
    async with Dispatcher(config.house, make_adapters(config.house, config.hub, server_of(config.hub.mqtt))) as dispatcher:
        names = dict.fromkeys(adapter_name(device) for device in devices)
        return [await _of(name, [d for d in devices if adapter_name(d) == name], dispatcher, calls) for name in names]


async def _of(name: str, devices: Sequence[Device], dispatcher: Dispatcher, calls: int) -> AdapterFinding:
    times_ms: list[float] = []
    unconfirmed = 0

    async def switch(device: Device, turn: int) -> None:
        nonlocal unconfirmed
        started = time.perf_counter()
        carried = await dispatcher.carry_out(Call(SWITCHES[turn % 2], (device.id,)))
        times_ms.append(1000 * (time.perf_counter() - started))
        unconfirmed += sum(result.status is not Status.DONE for result in carried.results)

    async def keep_switching(device: Device, turns: int) -> None:
        for turn in range(turns):
            await switch(device, turn)

    await keep_switching(devices[0], calls)
    p50_ms, p95_ms = statistics.median(times_ms), p95(times_ms)
    started = time.perf_counter()
    turns = max(1, calls // len(devices))
    await asyncio.gather(*(keep_switching(device, turns) for device in devices))
    per_s = turns * len(devices) / (time.perf_counter() - started)
    return AdapterFinding(name, len(devices), calls, p50_ms, p95_ms, per_s, unconfirmed)


def _print(findings: Sequence[AdapterFinding]) -> None:
    console = Console(highlight=False)
    console.print(" · ".join(f"{key} {value}" for key, value in machine().items()))
    table = Table("adapter", "devices", "calls", "p50 ms", "p95 ms", "calls/s", "not confirmed", box=MARKDOWN)
    for each in findings:
        cells = (f"{each.p50_ms:.1f}", f"{each.p95_ms:.1f}", f"{each.per_s:.0f}", str(each.unconfirmed))
        table.add_row(each.adapter, str(each.devices), str(each.calls), *cells)
    console.print(table)
