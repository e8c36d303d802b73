"""Devices that are not there: states that follow the calls, for the demo house, for tests and for trying things out.

Deterministic. A kind may take its time (`delays_s`), and a device may be made to fail, to be away, or to obey without showing it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from octopus_hub.adapters.confirmation import is_confirmed, state_seen
from octopus_hub.adapters.protocol import device_for
from octopus_hub.adapters.virtual_effects import EFFECTS, Effect, noted, on_the_way
from octopus_hub.adapters.virtual_initial import initial_state
from octopus_hub.config.errors import AdapterError, NotConfirmed, Unavailable
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Confirmation
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Result, Status

MOMENTS_S: Mapping[str, float] = {"lock": 0.4, "cover": 0.8, "valve": 0.8, "vehicle": 0.6, "alarm_control_panel": 0.3}
"""How long things take that have motors or radio; for showing, not measured."""


class VirtualAdapter:
    """Every device of a house, without the devices."""

    name = "virtual"

    def __init__(self, house: House, *, delays_s: Mapping[str, float] | None = None, confirm_s: float = 0.05) -> None:
        """`delays_s` by kind; `confirm_s` is how long a state that never shows is waited for."""
        self._house = house
        self._delays_s = delays_s or {}
        self._confirm_s = confirm_s
        self._states: dict[str, DeviceState] = {}
        self._failures: dict[str, type[AdapterError]] = {}
        self._silent: set[str] = set()

    async def start(self) -> None:
        """Every device in its first state; states that are there already stay."""
        for device in self._house.devices:
            self._states.setdefault(device.id, initial_state(device, self._house.units))

    async def stop(self) -> None:
        """Nothing to let go of."""

    def states(self) -> Mapping[str, DeviceState]:
        """What is known now, by device id."""
        return dict(self._states)

    async def execute(self, call: Call, device_id: str) -> Result:
        """See `octopus_hub.adapters.protocol.Adapter.execute`."""
        device, effect = device_for(call, device_id, self._house, self.name), EFFECTS.get(call.function, noted)
        before = self._states[device_id]
        if before.state == "unavailable":
            raise self._error(Unavailable, call, device_id, f"{device.name} is unavailable")
        if device_id in self._failures:
            raise self._error(self._failures[device_id], call, device_id, f"{device.name} was told to fail")
        if by_name()[call.function].confirmation is Confirmation.SENT:
            await self._take_time(device)
            self._states[device_id] = effect(call, device, before)
            return Result(device_id, call.function, Status.SENT)
        return await self._confirmed(call, device, before, effect)

    # Knobs

    def set_state(self, device_id: str, state: DeviceState) -> None:
        """The device is in this state from now on."""
        self._states[device_id] = state

    def fail(self, device_id: str, error: type[AdapterError] = Unavailable) -> None:
        """Every call to the device raises this from now on."""
        self._failures[device_id] = error

    def never_confirm(self, device_id: str) -> None:
        """The device's state follows no call from now on."""
        self._silent.add(device_id)

    def mend(self, device_id: str) -> None:
        """Takes `fail` and `never_confirm` back."""
        self._failures.pop(device_id, None)
        self._silent.discard(device_id)

    async def _confirmed(self, call: Call, device: Device, before: DeviceState, effect: Effect) -> Result:
        after = effect(call, device, before)
        if device.id in self._silent:
            await asyncio.sleep(self._confirm_s)
            raise self._error(NotConfirmed, call, device.id, f"{device.name} still shows {before.state}")
        moving = on_the_way(call, before)
        if moving is not None and self._delays_s.get(device.kind):
            self._states[device.id] = moving
        await self._take_time(device)
        self._states[device.id] = after
        if not is_confirmed(call, device, before, after):
            raise self._error(NotConfirmed, call, device.id, f"{device.name} shows {after.state}")
        return Result(device.id, call.function, Status.DONE, state_seen(after))

    async def _take_time(self, device: Device) -> None:
        delay_s = self._delays_s.get(device.kind, 0)
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    def _error(self, error: type[AdapterError], call: Call, device_id: str, message: str) -> AdapterError:
        return error(message, adapter=self.name, function=call.function, device=device_id)
