"""Calls to adapters: which adapter has a device, all devices of a call at once, every failure told as a result.

Knows nothing of plans or permissions. An error's class decides what is said; its words are kept for whoever repairs things.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Self

from octopus_hub.adapters.protocol import Adapter
from octopus_hub.adapters.tasks import spawn
from octopus_hub.config.errors import AdapterError, NotConfirmed, Rejected, Unauthorized, Unavailable, Unsupported
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon.performance import Carried
from octopus_hub.daemon.replies import Code

logger = logging.getLogger(__name__)

DEADLINE_S = 8.0
SLOW_DEADLINE_S = 15.0
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 0.3
SLOW_KINDS = frozenset({"lock", "vehicle", "alarm_control_panel"})
"""Bolts turn, cars wake up: these are waited for a little longer."""

VIRTUAL, HOME_ASSISTANT, MQTT = "virtual", "home_assistant", "mqtt"

CODE_OF: tuple[tuple[type[AdapterError], Code], ...] = (
    (NotConfirmed, Code.NOT_CONFIRMED),
    (Rejected, Code.REJECTED),
    (Unsupported, Code.NOT_SUPPORTED),
    (Unavailable, Code.UNREACHABLE),
    (Unauthorized, Code.UNREACHABLE),
)


class Dispatcher:
    """The adapters of a house; inside its context they are started."""

    def __init__(self, house: House, adapters: Sequence[Adapter]) -> None:
        self._house = house
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._under_way = Counter[int]()
        self._ended = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await _start(self.adapters)
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await _stop(self.adapters)

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """The adapters in use."""
        return tuple(self._adapters.values())

    async def replace(self, house: House, adapters: Sequence[Adapter]) -> None:
        """Another house with other adapters, which are started first; calls under way end with the old ones."""
        await _start(adapters)
        old = self.adapters
        self._house, self._adapters = house, {adapter.name: adapter for adapter in adapters}
        if self._are_busy(old):
            task = spawn(self._let_go(old), "adapters of the old house")
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        else:
            await _stop(old)

    def _are_busy(self, adapters: Sequence[Adapter]) -> bool:
        return any(self._under_way[id(adapter)] for adapter in adapters)

    async def _let_go(self, adapters: Sequence[Adapter]) -> None:
        """Stops adapters when their calls have ended."""
        try:
            async with asyncio.timeout(SLOW_DEADLINE_S):
                while self._are_busy(adapters):
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            logger.warning("calls did not end in time, their adapters are stopped")
        finally:
            await _stop(adapters)

    def states(self) -> Mapping[str, DeviceState]:
        """What all adapters know now, by device id."""
        return {device_id: state for adapter in self._adapters.values() for device_id, state in adapter.states().items()}

    async def carry_out(self, call: Call) -> Carried:
        """The call on all its devices at once, results in the call's order."""
        attempts = await asyncio.gather(*(self._attempt(call, device_id) for device_id in call.device_ids))
        return Carried(tuple(result for result, _ in attempts), tuple(code for _, code in attempts))

    async def _attempt(self, call: Call, device_id: str) -> tuple[Result, Code | None]:
        device = self._house.by_id.get(device_id)
        adapter = None if device is None else self._adapters.get(adapter_name(device))
        if device is None or adapter is None:
            message = "it is no device of this house" if device is None else f"{adapter_name(device)} is not set up in hub.yaml"
            return Result(device_id, call.function, Status.FAILED, message), Code.UNREACHABLE
        deadline_s = SLOW_DEADLINE_S if device.kind in SLOW_KINDS else DEADLINE_S
        self._under_way[id(adapter)] += 1
        try:
            async with asyncio.timeout(deadline_s):
                return await adapter.execute(call, device_id), None
        except AdapterError as error:
            status = Status.NOT_CONFIRMED if isinstance(error, NotConfirmed) else Status.FAILED
            logger.warning("device failed device=%s function=%s adapter=%s error=%s", device_id, call.function, adapter.name, error)
            return Result(device_id, call.function, status, str(error)), code_of(error)
        except TimeoutError:
            return Result(device_id, call.function, Status.NOT_CONFIRMED, f"no answer within {deadline_s:g} s"), Code.NOT_CONFIRMED
        finally:
            self._under_way[id(adapter)] -= 1
            self._ended.set()


async def _start(adapters: Sequence[Adapter]) -> None:
    """One that can't be reached now is no reason not to start: it keeps trying, and its devices are out of reach meanwhile."""
    for adapter in adapters:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await adapter.start()
        except (AdapterError, TimeoutError) as error:
            logger.warning("adapter away adapter=%s error=%s", adapter.name, error)


async def _stop(adapters: Sequence[Adapter]) -> None:
    for adapter in adapters:
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await adapter.stop()
        except TimeoutError:
            logger.warning("adapter does not stop adapter=%s", adapter.name)


def adapter_name(device: Device) -> str:
    """Which adapter has the device: that of its binding; a device without one is virtual."""
    if device.home_assistant:
        return HOME_ASSISTANT
    return MQTT if device.mqtt else VIRTUAL


def code_of(error: AdapterError) -> Code:
    """What is said about an error of this class."""
    return next((code for kind, code in CODE_OF if isinstance(error, kind)), Code.FAILED)
