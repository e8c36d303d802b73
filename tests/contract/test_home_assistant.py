"""The adapter against a real Home Assistant that is slow, away, frozen, restarted, refusing: one honest result each time."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.ha_house import CAR, PLACES, home_assistant_in, settings_of
from support.home_assistant import HomeAssistant
from support.processes import eventually, free_port

from octopus_hub.adapters import ha_connection
from octopus_hub.adapters.ha_connection import Connection
from octopus_hub.adapters.ha_timers import time_left_s
from octopus_hub.adapters.home_assistant import HomeAssistantAdapter
from octopus_hub.adapters.protocol import attempt, attempt_all
from octopus_hub.config.errors import NotConfirmed, Rejected, Unauthorized, Unavailable, Unsupported
from octopus_hub.config.functions import Told
from octopus_hub.config.house import Device, House
from octopus_hub.config.hub import Secret
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon.__main__ import main

pytestmark = pytest.mark.timeout(60)

LAMPS = tuple(Device(name, name.title(), "light", home_assistant={"main": f"light.{name}"}) for name in ("it", "other", "third"))
DOOR = Device("door", "Door", "lock", home_assistant={"main": "lock.it"})
LIST = Device("list", "Shopping List", "todo", home_assistant={"main": "todo.it"})
GHOST = Device("ghost", "Ghost", "light", home_assistant={"main": "light.ghost"})
CAR_DEVICE = Device("car", "Volvo", "vehicle", home_assistant=CAR)
TIMER = Device("timer", "Timer", "timer", home_assistant={"main": "timer.it"})
DIAL = Device("dial", "Dial", "number", home_assistant={"main": "number.it"})
SKY = Device("sky", "Sky", "weather", home_assistant={"main": "weather.it"})
HOUSE = House(devices=(*LAMPS, DOOR, LIST, TIMER, DIAL, SKY, GHOST, CAR_DEVICE))
ALL_ON = Call("turn_on", tuple(lamp.id for lamp in LAMPS))
ON, OFF, LOCK = Call("turn_on", ("it",)), Call("turn_off", ("it",)), Call("lock", ("door",))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """One server for this file."""
    made = home_assistant_in(tmp_path_factory.mktemp("home-assistant"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def server(running: HomeAssistant) -> HomeAssistant:
    """It, with lamps that are off and whole, and a door that is open."""
    for lamp in LAMPS:
        running.fault(f"light.{lamp.id}")
        running.set(f"light.{lamp.id}", "off")
    running.fault("lock.it")
    running.set("lock.it", "unlocked")
    return running


@asynccontextmanager
async def adapter_of(server: HomeAssistant) -> AsyncIterator[HomeAssistantAdapter]:
    """A started adapter."""
    adapter = HomeAssistantAdapter(HOUSE, settings_of(server))
    await adapter.start()
    yield adapter
    await adapter.stop()


# Telling


async def test_devices_that_are_told_the_same_are_told_together(server: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lamps on are one service call."""
    told: list[tuple[str, Sequence[str]]] = []
    call = Connection.call

    async def recorded(self: Connection, service: str, entity_ids: Sequence[str], data: Mapping[str, Any]) -> None:
        told.append((service, list(entity_ids)))
        await call(self, service, entity_ids, data)

    monkeypatch.setattr(Connection, "call", recorded)
    async with adapter_of(server) as adapter:
        results = await attempt_all(adapter, ALL_ON, 5)
    assert [result.status for result in results] == [Status.DONE] * 3
    assert told == [("light.turn_on", ["light.it", "light.other", "light.third"])]


async def test_one_that_fails_does_not_fail_the_others(server: HomeAssistant) -> None:
    """Home Assistant says one error for all; each device gets its own result."""
    server.fault("light.other", "error")
    async with adapter_of(server) as adapter:
        results = await attempt_all(adapter, ALL_ON, 5)
    assert [result.status for result in results] == [Status.DONE, Status.FAILED, Status.DONE]
    assert "the motor is stuck" in results[1].message
    assert [server.state(f"light.{lamp.id}") for lamp in LAMPS] == ["on", "off", "on"]


async def test_success_without_an_effect_is_not_believed(server: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant says success; the lamp stays off."""
    monkeypatch.setattr("octopus_hub.adapters.watch.CONFIRM_OTHERS_S", 0.3)
    server.fault("light.it", "silent")
    async with adapter_of(server) as adapter:
        with pytest.raises(NotConfirmed, match=r"It still shows off after 0\.3 s"):
            await adapter.execute(ON, "it")


async def test_a_slow_device_is_waited_for(server: HomeAssistant) -> None:
    """A bolt takes its time."""
    server.fault("lock.it", delay_s=0.7)
    async with adapter_of(server) as adapter:
        started = time.monotonic()
        assert (await adapter.execute(LOCK, "door")).status is Status.DONE
        assert time.monotonic() - started > 0.6


async def test_a_device_says_no(server: HomeAssistant) -> None:
    """With Home Assistant's words, and what it was about."""
    server.fault("lock.it", "error")
    async with adapter_of(server) as adapter:
        with pytest.raises(Rejected, match="the motor is stuck") as caught:
            await adapter.execute(LOCK, "door")
    assert (caught.value.function, caught.value.device) == ("lock", "door")


async def test_an_entity_that_is_not_there(server: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """Home Assistant would say success. It is warned of once, and told when it is asked for."""
    caplog.set_level(logging.WARNING)
    async with adapter_of(server) as adapter:
        with pytest.raises(Unavailable, match=r"Home Assistant has no light\.ghost"):
            await adapter.execute(Call("turn_on", ("ghost",)), "ghost")
        assert "ghost" not in adapter.states()
    assert "entities that Home Assistant does not have count=1: light.ghost" in caplog.text


async def test_a_service_for_which_nothing_is_bound(server: HomeAssistant) -> None:
    """A seat without an entity cannot be moved."""
    async with adapter_of(server) as adapter:
        with pytest.raises(Unsupported):
            await adapter.execute(Call("move_seat", ("car",), {"direction": "up"}), "car")


# Seeing


async def test_states_follow_what_others_do(server: HomeAssistant) -> None:
    """A lamp that is switched at the wall."""
    async with adapter_of(server) as adapter:
        assert adapter.states()["it"].state == "off"
        server.set("light.it", "on", {"brightness": 77})
        await eventually(lambda: adapter.states()["it"].state == "on", 3)
        assert adapter.states()["it"].attributes["brightness"] == 77


async def test_items_of_a_list(server: HomeAssistant) -> None:
    """They are no part of its state in Home Assistant, and follow it."""
    server.set("todo.it", "1", {"items": ["milk"]})
    async with adapter_of(server) as adapter:
        await eventually(lambda: adapter.states()["list"].attributes.get("items") == ["milk"], 3)
        await adapter.execute(Call("todo_add", ("list",), {"item": "eggs"}), "list")
        await eventually(lambda: adapter.states()["list"].attributes.get("items") == ["milk", "eggs"], 3)


async def test_the_weather_of_the_next_days(server: HomeAssistant) -> None:
    """Home Assistant tells it only when asked; it is beside the state then."""
    async with adapter_of(server) as adapter:
        await eventually(lambda: "forecast" in adapter.states()["sky"].attributes, 5)
        told = adapter.states()["sky"].attributes
    assert told["forecast"] == [{"datetime": "2030-05-02T00:00:00+00:00", "condition": "rainy", "temperature": 12}]
    assert told["hourly_forecast"] == [{"datetime": "2030-05-01T22:00:00+00:00", "condition": "cloudy", "temperature": 8}]


async def test_a_timer_gets_longer_than_it_was(server: HomeAssistant) -> None:
    """Home Assistant refuses to change it so: it is started anew with what is left and more."""
    server.set("timer.it", "active")
    async with adapter_of(server) as adapter:
        call = Call("timer_extend", ("timer",), {"direction": "up", "duration": 300})
        assert (await adapter.execute(call, "timer")).status is Status.DONE
        await eventually(lambda: (time_left_s(adapter.states()["timer"]) or 0) > 850, 3)
    server.set("timer.it", "idle")


async def test_a_function_of_ones_own(server: HomeAssistant, own_function: Callable[..., None]) -> None:
    """Is the service that functions.yaml names, told the device's entity, with data over the arguments."""
    told = Told(service="number.set_value", data={"value": "{{ level * 2 }}"})
    own_function("double", kinds=("number",), told=told)
    server.set("number.it", "3")
    async with adapter_of(server) as adapter:
        result = await adapter.execute(Call("double", ("dial",), {"level": 21}), "dial")
        assert result == Result("dial", "double", Status.SENT)
        await eventually(lambda: adapter.states()["dial"].state == "42.0", 3)


async def test_a_car_is_one_device(server: HomeAssistant) -> None:
    """Of many entities: in the words of the protocol."""
    for place in PLACES:
        server.set(CAR[f"lock_{place}"], "locked")
    server.set(CAR["window_rear_left"], "open", {"current_position": 30})
    server.set(CAR["charging"], "on")
    async with adapter_of(server) as adapter:
        car = adapter.states()["car"]
    assert car.state == "locked"
    assert car.attributes["window_rear_left"] == 30
    assert car.attributes["charging"] is True
    assert car.attributes["temperature_unit"] == "°C"


# Home Assistant itself


async def test_every_loss_is_told(server: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """The second restart as well as the first, each in one line."""
    caplog.set_level(logging.WARNING)
    async with adapter_of(server) as adapter:
        for _ in range(2):
            server.stop()
            await eventually(lambda: not adapter.states(), 20)
            server.start()
            await eventually(lambda: "it" in adapter.states(), 20)
    assert sum("error=Home Assistant cannot be reached: the connection was closed" in line for line in caplog.messages) == 2


async def test_restart(server: HomeAssistant) -> None:
    """While it is away nothing is known and nothing is told; afterwards all is as before."""
    async with adapter_of(server) as adapter:
        server.stop()
        await eventually(lambda: not adapter.states(), 5)
        with pytest.raises(Unavailable, match="Home Assistant cannot be reached"):
            await adapter.execute(ON, "it")
        server.start()
        await eventually(lambda: "it" in adapter.states(), 20)
        assert (await adapter.execute(ON, "it")).status is Status.DONE


async def test_away_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the adapter goes on trying."""
    monkeypatch.setattr("octopus_hub.adapters.home_assistant.START_S", 0.5)
    late = home_assistant_in(tmp_path)
    adapter = HomeAssistantAdapter(HOUSE, settings_of(late))
    try:
        with pytest.raises(Unavailable, match="Home Assistant cannot be reached"):
            await adapter.start()
        late.start()
        await eventually(lambda: "it" in adapter.states(), 20)
    finally:
        await adapter.stop()
        late.stop()


async def test_lost_in_the_middle_of_a_call(server: HomeAssistant) -> None:
    """Nobody knows whether it was done: never more than was seen, and no hanging."""
    server.fault("light.it", delay_s=30)
    async with adapter_of(server) as adapter:
        asked = time.monotonic()
        server.send(signal.SIGSTOP)
        result = await attempt(adapter, ON, "it", 0.5)
        assert result.status is Status.NOT_CONFIRMED
        server.send(signal.SIGCONT)
        server.stop()
        result = await attempt(adapter, ON, "it", 3)
        assert result.status in (Status.FAILED, Status.NOT_CONFIRMED)
        assert time.monotonic() - asked < 40
    server.start()


async def test_frozen(server: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers nothing is given up, and found again when it does."""
    monkeypatch.setattr(ha_connection, "QUIET_S", 0.2)
    monkeypatch.setattr(ha_connection, "ANSWER_S", 2.0)
    async with adapter_of(server) as adapter:
        server.send(signal.SIGSTOP)
        try:
            await eventually(lambda: not adapter.states(), 5)
        finally:
            server.send(signal.SIGCONT)
        await eventually(lambda: "it" in adapter.states(), 20)
        assert (await adapter.execute(ON, "it")).status is Status.DONE


async def test_a_token_that_is_refused(server: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """One line, without the token; calls are told why."""
    caplog.set_level(logging.DEBUG)
    settings = replace(settings_of(server), token=Secret("not-a-token-at-all"))
    adapter = HomeAssistantAdapter(HOUSE, settings)
    with pytest.raises(Unauthorized, match="Home Assistant refuses the token"):
        await adapter.start()
    with pytest.raises(Unauthorized):
        await adapter.execute(OFF, "it")
    await adapter.stop()
    assert sum("home assistant away" in line for line in caplog.messages) == 1
    assert "not-a-token-at-all" not in caplog.text


# octopus check --live


def configured(directory: Path, server: HomeAssistant, token: str, *entities: str) -> Path:
    """A configuration with lamps that are bound to these entities."""
    (directory / "hub.yaml").write_text(f"version: 1\nhome_assistant: {{url: '{server.url}', token: !secret token}}\n")
    (directory / "secrets.yaml").write_text(f"token: {token}\n")
    (directory / "secrets.yaml").chmod(0o600)
    lamps = [f"  - {{name: Lamp {i}, kind: light, home_assistant: {entity}}}" for i, entity in enumerate(entities)]
    (directory / "house.yaml").write_text("\n".join(["version: 1", "devices:", *lamps, ""]))
    return directory


def test_check_live(server: HomeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything is there."""
    server.fault("light.other", "unavailable")
    assert main(["check", "--live", str(configured(tmp_path, server, server.token, "light.it", "light.other"))]) == 0
    assert capsys.readouterr().out.endswith("Home Assistant has all 2 entities; unavailable now: light.other\n")


def test_check_live_names_what_is_not_there(server: HomeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line and column, and what was probably meant."""
    assert main(["check", "--live", str(configured(tmp_path, server, server.token, "light.it", "light.othr"))]) == 78
    assert capsys.readouterr().out.endswith(
        f"{tmp_path}/house.yaml:4:49: devices.1.home_assistant: Home Assistant has no entity 'light.othr'; "
        "did you mean 'light.other'?\n"
    )


def test_check_live_with_a_wrong_token(server: HomeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, without the token."""
    assert main(["check", "--live", str(configured(tmp_path, server, "no-token", "light.it"))]) != 0
    assert capsys.readouterr().err == f"octopus: Home Assistant at {server.url} refuses the token\n"


def test_check_live_without_home_assistant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told where it was looked for."""
    nowhere = HomeAssistant(tmp_path / "nowhere", free_port(), [])
    assert main(["check", "--live", str(configured(tmp_path, nowhere, "x", "light.it"))]) == 70
    assert capsys.readouterr().err.startswith(f"octopus: Home Assistant cannot be reached at {nowhere.url}: ")
