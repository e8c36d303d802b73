"""What every adapter promises, walked over every function and kind. An adapter without a maker here fails the suite."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import inspect
import pkgutil
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
from support.ha_house import bound, home_assistant_in, put, settings_of
from support.home_assistant import HomeAssistant
from support.mqtt_devices import mqtt_house
from support.processes import eventually, free_port, mosquitto
from support.sample_calls import ACTING, NAMES, sample_call

import octopus_hub.adapters
from octopus_hub.adapters.confirmation import is_confirmed
from octopus_hub.adapters.home_assistant import HomeAssistantAdapter
from octopus_hub.adapters.mqtt import MqttAdapter
from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.adapters.protocol import Adapter, attempt, attempt_all
from octopus_hub.adapters.vehicle import PLACES
from octopus_hub.adapters.virtual import VirtualAdapter
from octopus_hub.config import vss_signals as vss
from octopus_hub.config.errors import NotConfirmed, Rejected, Unavailable, Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Confirmation, Function
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon.simulated_car import SimulatedCar, simulate

Opened = AbstractAsyncContextManager[Adapter]
Make = Callable[[House, Mapping[str, DeviceState]], Opened]


@asynccontextmanager
async def virtual(house: House, states: Mapping[str, DeviceState]) -> AsyncIterator[Adapter]:
    adapter = VirtualAdapter(house)
    await adapter.start()
    for device_id, state in states.items():
        adapter.set_state(device_id, state)
    yield adapter
    await adapter.stop()


@cache
def server() -> HomeAssistant:
    """One Home Assistant for the whole suite; it is ended with the process of the tests."""
    directory = Path(tempfile.mkdtemp(prefix="octopus-home-assistant-"))
    made = home_assistant_in(directory)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(made.stop)
    made.start()
    return made


@asynccontextmanager
async def home_assistant(house: House, states: Mapping[str, DeviceState]) -> AsyncIterator[Adapter]:
    house = bound(house)
    plain = VirtualAdapter(house)
    await plain.start()
    for device in house.devices:
        put(server(), device, states.get(device.id, plain.states()[device.id]))
    adapter = HomeAssistantAdapter(house, settings_of(server()))
    await adapter.start()
    yield adapter
    await adapter.stop()


@cache
def broker() -> int:
    """The port of one mosquitto for the whole suite, ended with the process of the tests."""
    directory, port = Path(tempfile.mkdtemp(prefix="octopus-mosquitto-")), free_port()
    running = mosquitto(directory, port)
    running.__enter__()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(running.__exit__, None, None, None)
    return port


@asynccontextmanager
async def mqtt(house: House, states: Mapping[str, DeviceState]) -> AsyncIterator[Adapter]:
    plain = VirtualAdapter(house)
    await plain.start()
    states = {**plain.states(), **states}
    server = Server("127.0.0.1", broker())
    place = f"cars/{secrets.token_hex(4)}"  # a car's signals are retained: each test has one of its own
    async with mqtt_house(server.port, house, states, place) as played:
        cars = [
            asyncio.create_task(simulate(car_in(states[device.id]), server, f"{place}/{device.id}", moment_s=0))
            for device in house.devices
            if device.kind == "vehicle"
        ]
        adapter = MqttAdapter(played.house, server)
        await adapter.start()
        await eventually(
            lambda: all(adapter.states().get(d.id, NOT_TOLD).state != "unknown" or d.kind in UNTOLD for d in house.devices)
        )
        yield adapter
        await adapter.stop()
        for car in cars:
            car.cancel()
            await asyncio.wait([car])


NOT_TOLD = DeviceState("unknown")
UNTOLD = frozenset({"button", "scene", "script", "remote", "automation"})
"""Kinds that tell nothing of themselves, or nothing that matters."""


def car_in(state: DeviceState) -> SimulatedCar:
    """A simulated car in this state."""
    more = state.attributes
    opened = {f"{door}.Window.Position": more.get(f"window_{place}", 0) for door, place in zip(vss.DOORS, PLACES, strict=True)}
    return SimulatedCar(
        {
            **dict.fromkeys(vss.LOCKS, state.state == "locked"),
            **opened,
            vss.CLIMATE: bool(more.get("climate_on")),
            vss.CHARGING: bool(more.get("charging")),
            vss.ENGINE: bool(more.get("engine_on")),
            vss.SUNROOF: more.get("sunroof", 0),
            vss.TRUNK: bool(more.get("trunk")),
        }
    )


MAKERS: Mapping[str, Make] = {"VirtualAdapter": virtual, "HomeAssistantAdapter": home_assistant, "MqttAdapter": mqtt}
"""How to have each adapter with a house whose devices are in these states."""

TESTED_ELSEWHERE: Mapping[str, str] = {}
"""Adapters that need more than this suite can start, with the test that walks the same calls."""


@pytest.fixture(params=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Make:
    return MAKERS[request.param]


def test_every_adapter_is_walked() -> None:
    """An adapter that is in the package has a maker, or a test of its own."""
    modules = [
        importlib.import_module(f"octopus_hub.adapters.{each.name}") for each in pkgutil.iter_modules(octopus_hub.adapters.__path__)
    ]
    classes = {name for module in modules for name, value in inspect.getmembers(module, inspect.isclass) if value is not Adapter}
    assert {name for name in classes if name.endswith("Adapter")} == {*MAKERS, *TESTED_ELSEWHERE}


BEFORE: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "turn_off": ("on", {}),
    "toggle": ("off", {}),
    "unlock": ("locked", {}),
    "lock": ("unlocked", {}),
    "close": ("open", {"current_position": 100}),
    "stop": ("opening", {"current_position": 50}),
    "step_brightness": ("on", {"brightness": 60}),
    "step_color_temperature": ("on", {"color_temp_kelvin": 4000}),
    "step_fan_speed": ("on", {"percentage": 20}),
    "media_play": ("paused", {}),
    "media_pause": ("playing", {}),
    "media_stop": ("playing", {}),
    "unmute": ("playing", {"is_volume_muted": True}),
    "pause": ("cleaning", {}),
    "return_to_base": ("cleaning", {}),
    "alarm_disarm": ("armed_away", {}),
    "todo_complete": ("2", {"items": ["milk", "Eggs"]}),
    "todo_remove": ("2", {"items": ["milk", "Eggs"]}),
    "timer_pause": ("active", {"remaining_s": 60}),
    "timer_resume": ("paused", {"remaining_s": 60}),
    "timer_extend": ("active", {"remaining_s": 60}),
    "timer_cancel": ("active", {"remaining_s": 60}),
    "vehicle_climate_stop": ("locked", {"climate_on": True}),
    "close_window": ("locked", {"window_front_left": 100}),
    "close_sunroof": ("locked", {"sunroof": 100}),
    "close_trunk": ("locked", {"trunk": 100}),
    "stop_charging": ("locked", {"charging": True}),
    "stop_engine": ("locked", {"engine_on": True}),
}
"""A state, by function, in which the effect of the call does not show yet."""

SEEN_BEFORE = frozenset({"timer_extend"})
"""Functions whose effect no state tells from what was before."""


async def first_states(device: Device, function: Function) -> dict[str, DeviceState]:
    """What the device is like before the call: as a virtual one begins, but for what the function needs."""
    plain = VirtualAdapter(House(devices=(device,)))
    await plain.start()
    first = plain.states()[device.id]
    state, attributes = BEFORE.get(function.name, (first.state, {}))
    if function.name == "turn_on":
        state = "off"
    if function.name == "stop" and device.kind in ("vacuum", "lawn_mower"):
        state = "cleaning"
    return {device.id: DeviceState(state, {**first.attributes, **attributes})}


@pytest.mark.parametrize(("function", "kind"), ACTING, ids=NAMES)
async def test_a_call_shows_or_is_only_sent(make: Make, function: Function, kind: str) -> None:
    """After a call the state shows its effect, which it did not before; where nothing can be seen, only `sent` is claimed."""
    device = Device("it", "It", kind)
    states = await first_states(device, function)
    call = sample_call(function, kind)
    async with make(House(devices=(device,)), states) as adapter:
        before = adapter.states()["it"]
        result = await adapter.execute(call, "it")
        after = adapter.states()["it"]
    if function.confirmation is Confirmation.SENT:
        assert result == Result("it", function.name, Status.SENT)
        return
    assert result.status is Status.DONE
    assert is_confirmed(call, device, before, after)
    assert function.name in SEEN_BEFORE or not is_confirmed(call, device, before, before)


async def test_one_door_of_a_vehicle(make: Make) -> None:
    """One door is unlocked and the others stay locked, so that the vehicle no longer counts as locked."""
    car = Device("it", "It", "vehicle")
    states = await first_states(car, by_name()["unlock"])
    async with make(House(devices=(car,)), states) as adapter:
        result = await adapter.execute(Call("unlock", ("it",), {"door": "rear left"}), "it")
        after = adapter.states()["it"]
        assert result.status is Status.DONE
        assert after.state == "unlocked"
        assert {place: after.attributes[f"locked_{place}"] for place in PLACES} == {p: p != "rear_left" for p in PLACES}
        assert (await adapter.execute(Call("unlock", ("it",)), "it")).status is Status.DONE
        assert not any(adapter.states()["it"].attributes[f"locked_{place}"] for place in PLACES)


LAMP = Device("lamp", "Lamp", "light")
DOOR = Device("door", "Door", "lock")


async def test_unavailable_devices_are_not_asked(make: Make) -> None:
    """A device that is unavailable raises Unavailable, and its state stays."""
    async with make(House(devices=(LAMP,)), {"lamp": DeviceState("unavailable")}) as adapter:
        with pytest.raises(Unavailable) as caught:
            await adapter.execute(Call("turn_on", ("lamp",)), "lamp")
        assert adapter.states()["lamp"].state == "unavailable"
    assert (caught.value.function, caught.value.device) == ("turn_on", "lamp")


async def test_a_function_of_another_kind_is_unsupported(make: Make) -> None:
    """A lamp cannot be locked."""
    async with make(House(devices=(LAMP,)), {}) as adapter:
        with pytest.raises(Unsupported):
            await adapter.execute(Call("lock", ("lamp",)), "lamp")


async def test_an_unknown_device_is_unsupported(make: Make) -> None:
    """A device that the adapter does not have is told apart from one that does not answer."""
    async with make(House(devices=(LAMP,)), {}) as adapter:
        with pytest.raises(Unsupported):
            await adapter.execute(Call("turn_on", ("ghost",)), "ghost")


async def test_states_are_a_copy(make: Make) -> None:
    """What was told of the states stays as it was told."""
    async with make(House(devices=(LAMP,)), {}) as adapter:
        told = adapter.states()
        await adapter.execute(Call("turn_on", ("lamp",)), "lamp")
        assert told["lamp"].state == "off"
        assert adapter.states()["lamp"].state == "on"


# The virtual adapter's own knobs


async def started(*devices: Device, **more: Mapping[str, float]) -> VirtualAdapter:
    adapter = VirtualAdapter(House(devices=devices), delays_s=more.get("delays_s"), confirm_s=0.001)
    await adapter.start()
    return adapter


async def test_faults() -> None:
    """A device can be made to fail or to stay silent, and be mended."""
    adapter = await started(DOOR)
    adapter.fail("door", Rejected)
    with pytest.raises(Rejected):
        await adapter.execute(Call("unlock", ("door",)), "door")
    adapter.mend("door")
    adapter.never_confirm("door")
    with pytest.raises(NotConfirmed, match="Door still shows locked"):
        await adapter.execute(Call("unlock", ("door",)), "door")
    adapter.mend("door")
    assert (await adapter.execute(Call("unlock", ("door",)), "door")).status is Status.DONE


async def test_a_lock_takes_its_moment() -> None:
    """While a slow lock turns it is neither locked nor unlocked, and a deadline is not success."""
    adapter = await started(DOOR, delays_s={"lock": 30.0})
    result = await attempt(adapter, Call("unlock", ("door",)), "door", deadline_s=0.01)
    assert result.status is Status.NOT_CONFIRMED
    assert adapter.states()["door"].state == "unlocking"


REJECTED = [
    (Device("nest", "Nest", "climate"), Call("set_temperature", ("nest",), {"temperature": 99})),
    (Device("car", "Car", "vehicle"), Call("set_cabin_temperature", ("car",), {"temperature": 99})),
    (Device("tv", "TV", "media_player", options={"source_list": ("A",)}), Call("select_source", ("tv",), {"source": "B"})),
    (Device("list", "List", "todo"), Call("todo_remove", ("list",), {"item": "milk"})),
    (Device("lamp", "Lamp", "light"), Call("set_brightness", ("lamp",), {"level": 130})),
]


@pytest.mark.parametrize(("device", "call"), REJECTED, ids=lambda value: getattr(value, "name", ""))
async def test_what_a_device_refuses(device: Device, call: Call) -> None:
    """What a real device would refuse is refused, and changes nothing."""
    adapter = await started(device)
    before = adapter.states()
    with pytest.raises(Rejected):
        await adapter.execute(call, device.id)
    assert adapter.states() == before


async def test_results_of_a_whole_call() -> None:
    """One result a device: failures do not hide each other, nor what worked."""
    adapter = await started(LAMP, DOOR, Device("spot", "Spot", "light"), Device("bulb", "Bulb", "light"))
    adapter.fail("spot")
    adapter.never_confirm("bulb")
    results = await attempt_all(adapter, Call("turn_on", ("lamp", "spot", "bulb")), deadline_s=1)
    assert [result.status for result in results] == [Status.DONE, Status.FAILED, Status.NOT_CONFIRMED]


async def test_starting_again_keeps_states() -> None:
    """Devices keep their states when the adapter is stopped and started."""
    adapter = await started(LAMP)
    await adapter.execute(Call("turn_on", ("lamp",)), "lamp")
    await adapter.stop()
    await adapter.start()
    assert adapter.states()["lamp"].state == "on"
