"""Calls to adapters: the right one, all devices at once, failures as results."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.adapters.virtual import VirtualAdapter
from octopus_hub.config.errors import NotConfirmed, Rejected, Unavailable, Unsupported
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon import dispatcher as module
from octopus_hub.daemon.devices import carry_over, make_adapters, part_of
from octopus_hub.daemon.dispatcher import VIRTUAL, Dispatcher
from octopus_hub.daemon.replies import Code

HOUSE = House(
    devices=(
        Device("lamp", "Lamp", "light"),
        Device("desk", "Desk", "light"),
        Device("remote", "Remote", "light", home_assistant={"main": "light.remote"}),
    )
)


class Hanging:
    """An adapter that never answers."""

    name = "virtual"

    async def start(self) -> None:
        """Is away."""
        raise Unavailable("no route", adapter=self.name)

    async def stop(self) -> None:
        """Nothing to do."""

    def states(self) -> Mapping[str, DeviceState]:
        """Nothing is known."""
        return {}

    async def execute(self, call: Call, device_id: str) -> Result:
        """Never."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_all_devices_are_told_in_order() -> None:
    """One result a device, in the order of the call, and nothing to complain about."""
    async with Dispatcher(HOUSE, [VirtualAdapter(HOUSE)]) as dispatcher:
        carried = await dispatcher.carry_out(Call("turn_on", ("desk", "lamp")))
        assert carried.results == (Result("desk", "turn_on", Status.DONE), Result("lamp", "turn_on", Status.DONE))
        assert carried.codes == (None, None)
        assert dispatcher.states()["lamp"].state == "on"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable, Status.FAILED, Code.UNREACHABLE),
        (Rejected, Status.FAILED, Code.REJECTED),
        (Unsupported, Status.FAILED, Code.NOT_SUPPORTED),
        (NotConfirmed, Status.NOT_CONFIRMED, Code.NOT_CONFIRMED),
    ],
)
async def test_an_error_is_a_result(error: type[Unavailable], status: Status, code: Code) -> None:
    """The class of an error decides status and code; other devices are not touched by it."""
    adapter = VirtualAdapter(HOUSE)
    adapter.fail("desk", error)
    async with Dispatcher(HOUSE, [adapter]) as dispatcher:
        carried = await dispatcher.carry_out(Call("turn_on", ("lamp", "desk")))
    assert [result.status for result in carried.results] == [Status.DONE, status]
    assert carried.codes == (None, code)


async def test_no_answer_in_time_is_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that hangs holds nothing up for ever, and one that is away at the start is no reason not to start."""
    monkeypatch.setattr(module, "DEADLINE_S", 0.01)
    async with Dispatcher(HOUSE, [Hanging()]) as dispatcher:
        carried = await dispatcher.carry_out(Call("turn_on", ("lamp",)))
    assert carried.results == (Result("lamp", "turn_on", Status.NOT_CONFIRMED, "no answer within 0.01 s"),)


async def test_a_system_without_an_adapter_is_out_of_reach() -> None:
    """A device bound to something that is not set up fails in words, and nothing else does."""
    async with Dispatcher(HOUSE, make_adapters(HOUSE, HubSettings(), Server("127.0.0.1", 1))) as dispatcher:
        carried = await dispatcher.carry_out(Call("turn_on", ("remote", "lamp")))
    assert carried.results == (
        Result("remote", "turn_on", Status.FAILED, "home_assistant is not set up in hub.yaml"),
        Result("lamp", "turn_on", Status.DONE),
    )
    assert carried.codes == (Code.UNREACHABLE, None)


async def test_a_new_house_keeps_what_virtual_devices_were_set_to() -> None:
    """After a reload a lamp that was on is on, and a device that is gone is out of reach."""
    smaller = House(devices=HOUSE.devices[:1])
    async with Dispatcher(HOUSE, [VirtualAdapter(HOUSE)]) as dispatcher:
        await dispatcher.carry_out(Call("turn_on", ("lamp",)))
        new = [VirtualAdapter(smaller)]
        carry_over(HOUSE, dispatcher.adapters, smaller, new)
        await dispatcher.replace(smaller, new)
        assert dispatcher.states()["lamp"].state == "on"
        assert (await dispatcher.carry_out(Call("turn_on", ("desk",)))).results[0].status is Status.FAILED


async def test_a_device_that_became_another_keeps_no_virtual_state() -> None:
    """What is bound now, or of another kind, shows its own state after a reload."""
    changed = House(devices=(replace(HOUSE.devices[0], home_assistant={"main": "light.lamp"}), Device("desk", "Desk", "lock")))
    async with Dispatcher(HOUSE, [VirtualAdapter(HOUSE)]) as dispatcher:
        await dispatcher.carry_out(Call("turn_on", ("lamp", "desk")))
        new = VirtualAdapter(part_of(changed, VIRTUAL))
        carry_over(HOUSE, dispatcher.adapters, changed, [new])
        await dispatcher.replace(changed, [new])
        assert {device_id: state.state for device_id, state in dispatcher.states().items()} == {"desk": "locked"}


class Slow(VirtualAdapter):
    """It answers a while later, but not once it was stopped."""

    stopped = False

    async def stop(self) -> None:
        self.stopped = True
        await super().stop()

    async def execute(self, call: Call, device_id: str) -> Result:
        await asyncio.sleep(0.05)
        if self.stopped:
            raise NotConfirmed("stopped meanwhile", adapter=self.name)
        return await super().execute(call, device_id)


async def test_calls_under_way_end_with_the_adapters_of_the_old_house() -> None:
    """A house that is read again cuts nothing off; then the old adapters are stopped."""
    old, new = Slow(HOUSE), VirtualAdapter(HOUSE)
    async with Dispatcher(HOUSE, [old]) as dispatcher:
        under_way = asyncio.create_task(dispatcher.carry_out(Call("turn_on", ("lamp",))))
        await asyncio.sleep(0.01)
        await dispatcher.replace(HOUSE, [new])
        assert dispatcher.adapters == (new,)
        assert (await under_way).results[0].status is Status.DONE
        await asyncio.sleep(0.01)
        assert old.stopped
