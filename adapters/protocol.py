"""What every adapter is: it carries calls out, one device at a time, and knows the states of its devices.

Knows nothing of models, plans or permissions. States are in Home Assistant's words, whatever is behind the adapter. A vehicle, for
which Home Assistant has no domain, is `locked` or `unlocked`, and its attributes are:

=================================== ==========================================================================
`engine_on`, `climate_on`           bool
`charging`, `plugged_in`            bool
`temperature`                       target of the cabin, in `temperature_unit`
`temperature_<seat>`                target of a seat's zone, where the vehicle has zones
`current_temperature`               inside, in `temperature_unit`
`seat_heating_<seat>`               off, low, medium, high; seats: driver, passenger, rear_left, rear_right
`seat_position_<seat>`              0 (far back) to 100 (far forward); `seat_height_<seat>` likewise
`window_<place>`                    0 closed to 100 open; places: front_left, front_right, rear_left, rear_right
`locked_<place>`                    bool, of the door there
`drives_right`                      True where the driver sits on the right
`sunroof`, `trunk`                  0 closed to 100 open
`defrost_front`, `_rear`, `_mirrors` bool
`charge_limit`, `battery_level`     %
`range`, `mileage`                  km
`speed`                             km/h
`tire_pressure`                     kPa, the lowest of all
`location`, `destination`           text
=================================== ==========================================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from octopus_hub.config.errors import AdapterError, NotConfirmed, Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Result, Status


class Adapter(Protocol):
    """One system that has devices. All methods are called from one event loop."""

    @property
    def name(self) -> str:
        """What it is called in messages and logs: `virtual`, `home_assistant`, `mqtt`."""

    async def start(self) -> None:
        """Connects and learns the states. Raises AdapterError; may be called again after `stop`."""

    async def stop(self) -> None:
        """Lets go of everything; never raises."""

    def states(self) -> Mapping[str, DeviceState]:
        """What is known now, by device id; a copy that later changes do not touch. Unknown devices are missing."""

    async def execute(self, call: Call, device_id: str) -> Result:
        """Carries the call out on one of its devices, and waits until the state shows it.

        The result is DONE where the state was seen, SENT where the function's rule is that nothing can be seen; its message is the
        state that was seen, where it is still on its way (`opening`, `arming`). Raises AdapterError otherwise: Unavailable,
        Unauthorized, Rejected, Unsupported, or NotConfirmed when it was sent and the state did not show it in time.
        """


def device_for(call: Call, device_id: str, house: House, adapter: str) -> Device:
    """The device of `house` that the call is carried out on. Raises Unsupported where there is none that the function takes."""
    device = house.by_id.get(device_id)
    if device is None or not by_name()[call.function].takes(device):
        raise Unsupported(f"no {call.function} for {device_id}", adapter=adapter, function=call.function, device=device_id)
    return device


async def attempt(adapter: Adapter, call: Call, device_id: str, deadline_s: float) -> Result:
    """`execute` with every AdapterError, and a deadline that passes, told as a Result."""
    try:
        async with asyncio.timeout(deadline_s):
            return await adapter.execute(call, device_id)
    except NotConfirmed as error:
        return Result(device_id, call.function, Status.NOT_CONFIRMED, str(error))
    except AdapterError as error:
        return Result(device_id, call.function, Status.FAILED, str(error))
    except TimeoutError:
        return Result(device_id, call.function, Status.NOT_CONFIRMED, f"no answer within {deadline_s:g} s")


async def attempt_all(adapter: Adapter, call: Call, deadline_s: float) -> tuple[Result, ...]:
    """The call on all its devices at once; one result a device, in the call's order."""
    return tuple(await asyncio.gather(*(attempt(adapter, call, device_id, deadline_s) for device_id in call.device_ids)))
