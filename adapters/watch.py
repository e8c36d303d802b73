"""The states of an adapter's devices, and the wait until one shows what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from octopus_hub.adapters.confirmation import OFF_STATES, is_confirmed
from octopus_hub.config.errors import NotConfirmed
from octopus_hub.config.house import UNKNOWN_STATES, Device, DeviceState
from octopus_hub.config.plan import Call, Scalar

CONFIRM_S: Mapping[str, float] = {"lock": 12.0, "vehicle": 13.0, "alarm_control_panel": 12.0}
"""How long a state is waited for, by kind: bolts turn and cars wake up. Below the dispatcher's own deadline."""
CONFIRM_OTHERS_S = 6.0


class Watch:
    """What is known of each device, and who waits for it to change."""

    def __init__(self, adapter: str, devices: Iterable[Device]) -> None:
        self._adapter = adapter
        self._moved = {device.id: asyncio.Event() for device in devices}
        self._states: dict[str, DeviceState] = {}

    def states(self) -> Mapping[str, DeviceState]:
        """What is known now, by device id; a copy."""
        return dict(self._states)

    def get(self, device_id: str) -> DeviceState | None:
        """What is known now of a device."""
        return self._states.get(device_id)

    def put(self, device_id: str, state: DeviceState | None) -> None:
        """The device is in this state, or is not known any more."""
        if state is None:
            self._states.pop(device_id, None)
        else:
            self._states[device_id] = state
        self._moved[device_id].set()

    async def seen(self, call: Call, device: Device, before: DeviceState, wait_s: float | None = None) -> DeviceState:
        """The state that shows the call's effect, as soon as there is one; `wait_s` where not as long as the kind needs.

        Raises NotConfirmed where there is none in time.
        """
        wait_s = CONFIRM_S.get(device.kind, CONFIRM_OTHERS_S) if wait_s is None else wait_s
        moved, deadline = self._moved[device.id], asyncio.get_running_loop().time() + wait_s
        while True:
            after = self._states.get(device.id)
            if after is not None and is_confirmed(call, device, before, after):
                return after
            moved.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await moved.wait()
            except TimeoutError:
                shown = "nothing" if after is None else after.state
                raise NotConfirmed(f"{device.name} still shows {shown} after {wait_s:g} s", adapter=self._adapter) from None


def toggled(call: Call, state: DeviceState | None) -> Mapping[str, Scalar]:
    """The arguments; those of a toggle with the switching that it comes to, for it must not be done twice. What a state that is not
    known comes to only the device knows."""
    if call.function != "toggle" or state is None or state.state in UNKNOWN_STATES:
        return call.arguments
    return {"state": "on" if state.state in OFF_STATES else "off", **call.arguments}
