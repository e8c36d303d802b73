"""Devices behind a real mosquitto: how they are found, what is believed, and what happens when the broker goes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import ProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions
from support.mqtt_devices import mqtt_house
from support.processes import eventually, free_port, mosquitto

from octopus_hub.adapters import mqtt_client
from octopus_hub.adapters.mqtt import MqttAdapter, silent_topics
from octopus_hub.adapters.mqtt_client import Client, Server
from octopus_hub.adapters.protocol import attempt
from octopus_hub.adapters.tasks import spawn
from octopus_hub.config.errors import Unauthorized, Unavailable, Unsupported
from octopus_hub.config.functions import Told
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.hub import MqttSettings
from octopus_hub.config.loader import load_config
from octopus_hub.config.plan import Call, Result, Scalar, Status
from octopus_hub.daemon.__main__ import main
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.simulated_plug import simulate

TLS = Path(__file__).parents[1] / "data" / "tls"
ON, OFF = Call("turn_on", ("it",)), Call("turn_off", ("it",))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A broker of the test's own."""
    found = free_port()
    with mosquitto(tmp_path, found):
        yield found


class World:
    """A client that is everything but the hub: what was published to it, and publishing."""

    def __init__(self, client: Client) -> None:
        self.heard: list[tuple[str, str]] = []
        self._client = client

    async def tell(self, topic: str, payload: object) -> None:
        """Publish, retained; what is no text as JSON."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        await self._client.publish(topic, text, 1, True)

    async def listen(self) -> None:
        """Hear everything that is not retained."""
        async for message in self._client.messages:
            if isinstance(message.payload, bytes) and not message.retain:
                self.heard.append((message.topic.value, message.payload.decode()))


@asynccontextmanager
async def world(port: int) -> AsyncIterator[World]:
    async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
        await client.subscribe("#", options=SubscribeOptions(1, noLocal=True))
        made = World(client)
        listening = asyncio.create_task(made.listen())
        yield made
        listening.cancel()
        await asyncio.wait([listening])


@asynccontextmanager
async def adapter_of(port: int, *devices: Device) -> AsyncIterator[MqttAdapter]:
    adapter = MqttAdapter(House(devices=devices), Server("127.0.0.1", port))
    await adapter.start()
    yield adapter
    await adapter.stop()


def it(kind: str, **mqtt: str | bool | float) -> Device:
    return Device("it", "It", kind, mqtt=mqtt)


async def test_a_function_of_ones_own(port: int, own_function: Callable[..., None]) -> None:
    """Is the message that functions.yaml names, a template over the arguments; only sent, whatever else the device tells."""
    own_function("boost", kinds=("switch",), told=Told(topic="pool/boost", payload="{{ (duration or 1800) // 60 }}"))
    async with world(port) as seen, adapter_of(port, it("switch", command="s", state="s")) as adapter:
        for arguments in ({"duration": 600}, {}):
            result = await adapter.execute(Call("boost", ("it",), arguments), "it")
            assert result == Result("it", "boost", Status.SENT)
        await eventually(lambda: [payload for topic, payload in seen.heard if topic == "pool/boost"] == ["10", "30"], 3)


@contextmanager
def keeping_back(directory: Path, *topics: str) -> Iterator[int]:
    """A broker that refuses subscriptions to these topics, as mosquitto's plugin for security does."""
    refusals = [{"acltype": "subscribePattern", "topic": topic, "allow": False} for topic in topics]
    access = dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True)
    rules = {"defaultACLAccess": access, "roles": [{"rolename": "all", "acls": refusals}], "clients": [], "anonymousGroup": "all",
             "groups": [{"groupname": "all", "roles": [{"rolename": "all"}]}]}  # fmt: skip
    (directory / "rules.json").write_text(json.dumps(rules))
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    lines = ("allow_anonymous true", f"plugin {plugin}", f"plugin_opt_config_file {directory / 'rules.json'}")
    port = free_port()
    with mosquitto(directory, port, *lines):
        yield port


def two_switches(port: int) -> MqttAdapter:
    devices = [Device(name, name, "switch", mqtt={"command": f"{name}/set", "state": f"{name}/state"}) for name in ("a", "b")]
    return MqttAdapter(House(devices=tuple(devices)), Server("127.0.0.1", port))


async def test_a_topic_that_the_broker_keeps_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is done without, and said once: the other devices stay."""
    with keeping_back(tmp_path, "b/#") as port, caplog.at_level(logging.WARNING):
        adapter = two_switches(port)
        async with Client("127.0.0.1", port) as client:
            await client.publish("a/state", "ON", 1, True)
            await adapter.start()
            assert adapter.states() == {"a": DeviceState("on")}
            assert "mqtt devices not heard topic=b/state" in caplog.text
            await adapter.stop()


async def test_a_broker_that_keeps_everything_back(tmp_path: Path) -> None:
    """Is one that refuses the hub."""
    with keeping_back(tmp_path, "a/#", "b/#") as port:
        adapter = two_switches(port)
        with pytest.raises(Unauthorized, match="refuses the subscription to b/state"):
            await adapter.start()
        await adapter.stop()


# What devices are told, without waiting for what becomes of it

DEFAULT_LIGHT: dict[str, Any] = {
    "cmd_t": "l/set", "bri_cmd_t": "l/bri", "bri_scl": 100, "rgb_cmd_t": "l/rgb", "clr_temp_cmd_t": "l/ct", "fx_cmd_t": "l/fx",
}  # fmt: skip
TEMPLATE_LIGHT = {
    "schema": "template", "command_topic": "l/set", "command_off_template": "off",
    "command_on_template": "on,{{ brightness }},{{ red }}-{{ green }}-{{ blue }}",
}  # fmt: skip
GLOW, NIGHT = Call("set_effect", ("it",), {"effect": "glow"}), Call("alarm_arm", ("it",), {"mode": "night"})
CODED = {"cmd_t": "a", "code": "1234", "cmd_tpl": "{{ action }}/{{ code }}"}
TOLD: list[tuple[str, dict[str, Any], Call, list[tuple[str, str]]]] = [
    ("light", DEFAULT_LIGHT, ON, [("l/set", "ON")]),
    ("light", DEFAULT_LIGHT, Call("set_brightness", ("it",), {"level": 40}), [("l/bri", "40"), ("l/set", "ON")]),
    ("light", DEFAULT_LIGHT, Call("set_brightness", ("it",), {"level": 0}), [("l/set", "OFF")]),
    ("light", DEFAULT_LIGHT, Call("set_color", ("it",), {"color": "sky blue"}), [("l/rgb", "135,206,235"), ("l/set", "ON")]),
    ("light", DEFAULT_LIGHT, Call("set_color_temperature", ("it",), {"temperature": 4000}), [("l/ct", "250"), ("l/set", "ON")]),
    ("light", {**DEFAULT_LIGHT, "on_cmd_type": "first"}, GLOW, [("l/set", "ON"), ("l/fx", "glow")]),
    ("light", {**DEFAULT_LIGHT, "on_cmd_type": "brightness"}, ON, [("l/bri", "100")]),
    ("light", TEMPLATE_LIGHT, Call("set_color", ("it",), {"color": "red"}), [("l/set", "on,,255-0-0")]),
    ("light", TEMPLATE_LIGHT, OFF, [("l/set", "off")]),
    ("light", {"schema": "json", "~": "x/l", "cmd_t": "~/set"}, OFF, [("x/l/set", '{"state": "OFF"}')]),
    ("switch", {"cmd_t": "cmnd/plug/POWER", "pl_on": "1", "pl_off": "0"}, ON, [("cmnd/plug/POWER", "1")]),
    ("switch", {"cmd_t": "s", "cmd_tpl": '{"power": "{{ value | lower }}"}'}, OFF, [("s", '{"power": "off"}')]),
    ("cover", {"set_pos_t": "c", "pos_open": 0, "pos_clsd": 100}, Call("open", ("it",)), [("c", "0")]),
    ("cover", {"set_pos_t": "c", "pos_open": 0, "pos_clsd": 255}, Call("set_position", ("it",), {"position": 20}), [("c", "204")]),
    ("fan", {"cmd_t": "f", "pct_cmd_t": "f/s", "spd_rng_max": 3}, Call("set_fan_speed", ("it",), {"level": 66}), [("f/s", "2")]),
    ("fan", {"cmd_t": "f", "pct_cmd_t": "f/s"}, Call("set_fan_speed", ("it",), {"level": 0}), [("f", "OFF")]),
    ("climate", {"pow_cmd_t": "p", "mode_cmd_t": "m"}, OFF, [("p", "OFF")]),
    ("climate", {"mode_cmd_t": "m", "modes": ["off", "cool"]}, ON, [("m", "cool")]),
    ("alarm_control_panel", CODED, NIGHT, [("a", "ARM_NIGHT/1234")]),
    ("siren", {"cmd_t": "s"}, ON, [("s", '{"state": "ON"}')]),
    ("number", {"cmd_t": "n"}, Call("set_value", ("it",), {"value": 21.5}), [("n", "21.5")]),
    ("vacuum", {"cmd_t": "v", "pl_ret": "home"}, Call("return_to_base", ("it",)), [("v", "home")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "config", "call", "told"), TOLD, ids=lambda value: getattr(value, "function", None))
async def test_what_a_discovered_device_is_told(
    port: int, kind: str, config: dict[str, Any], call: Call, told: list[tuple[str, str]]
) -> None:
    """Its own topics, words, scales and templates; it tells no state, so nothing more than "sent" is claimed."""
    binding = f"homeassistant/{kind}/node/it"
    async with world(port) as outside:
        await outside.tell(f"{binding}/config", config)
        async with adapter_of(port, it(kind, discovery=binding)) as adapter:
            assert (await adapter.execute(call, "it")).status is Status.SENT
            await eventually(lambda: len(outside.heard) >= len(told))
    assert outside.heard == told


@pytest.mark.parametrize(("direction", "told"), [("down", {"state": "OFF"}), ("up", {"state": "ON", "brightness": 51})])
async def test_a_step_of_a_lamp_that_is_off(port: int, direction: str, told: dict[str, Scalar]) -> None:
    """Begins at darkness, whatever brightness it remembers: "dim the lamp" switches none on."""
    binding = "homeassistant/light/node/it"
    config = {"schema": "json", "cmd_t": "z/set", "stat_t": "z", "brightness": True}
    step = Call("step_brightness", ("it",), {"direction": direction, "amount": 20})
    async with world(port) as outside:
        await outside.tell(f"{binding}/config", config)
        await outside.tell("z", {"state": "OFF", "brightness": 254})
        async with adapter_of(port, it("light", discovery=binding)) as adapter:
            telling = asyncio.create_task(adapter.execute(step, "it"))
            await eventually(lambda: bool(outside.heard))
            telling.cancel()
            await asyncio.wait([telling])
    assert [json.loads(payload) for _, payload in outside.heard] == [told]


PLAIN: list[tuple[Device, str, object, DeviceState]] = [
    (it("switch", command="z/set", state="z"), "z", {"state": "ON"}, DeviceState("on")),
    (it("switch", command="z/set", state="z", value="relay.power"), "z", {"relay": {"power": "off"}}, DeviceState("off")),
    (it("lock", command="z/set", state="z"), "z", "LOCKED", DeviceState("locked")),
    (it("sensor", state="z", value="celsius", unit_of_measurement="°C"), "z", {"celsius": 21.5},
     DeviceState("21.5", {"unit_of_measurement": "°C"})),
    (it("media_player", services="z/set", state="z"), "z", {"state": "playing", "attributes": {"volume_level": 0.4}},
     DeviceState("playing", {"volume_level": 0.4})),
    (it("media_player", services="z/set", state="z"), "z", "idle", DeviceState("idle")),
    (it("light", command_topic="z/set", state_topic="z", rgb_state_topic="c"), "c", "255,0,0",
     DeviceState("unknown", {"rgb_color": [255, 0, 0]})),
    (it("light", schema="json", command="z/set", state="z"), "z",
     {"state": "ON", "brightness": 128, "color_mode": "xy", "color": {"x": 0.64, "y": 0.33}},
     DeviceState("on", {"brightness": 128, "color_mode": "xy", "rgb_color": [255, 0, 0]})),
    (it("vehicle", vss="z"), "z/Vehicle.Speed", 12.5, DeviceState("on", {"speed": 12.5, "temperature_unit": "°C"})),
]  # fmt: skip


@pytest.mark.parametrize(("device", "topic", "payload", "state"), PLAIN, ids=lambda value: getattr(value, "kind", None))
async def test_what_a_device_tells(port: int, device: Device, topic: str, payload: object, state: DeviceState) -> None:
    """By the keys of the house's YAML; what is retained is known at the start."""
    async with world(port) as outside:
        await outside.tell(topic, payload)
        async with adapter_of(port, device) as adapter:
            await eventually(lambda: "it" in adapter.states())
            assert adapter.states()["it"] == state


async def test_a_topic_below_that_of_another_device(port: int) -> None:
    """What is told at `tv/power` is not told by the device whose state is at `tv`."""
    player = Device("player", "TV", "media_player", mqtt={"services": "tv/set", "state": "tv"})
    power = Device("power", "Power", "switch", mqtt={"command": "tv/power/set", "state": "tv/power"})
    async with world(port) as outside, adapter_of(port, player, power) as adapter:
        await outside.tell("tv", "paused")
        await outside.tell("tv/power", "ON")
        await eventually(lambda: adapter.states() == {"player": DeviceState("paused"), "power": DeviceState("on")})


async def test_services_as_json(port: int) -> None:
    """Whatever has no component of its own is told in Home Assistant's words."""
    async with world(port) as outside, adapter_of(port, it("media_player", services="tv/set")) as adapter:
        assert (await adapter.execute(Call("set_volume", ("it",), {"level": 40}), "it")).status is Status.SENT
        assert (await adapter.execute(Call("announce", ("it",), {"message": "Tee, bitte"}), "it")).status is Status.SENT
        await eventually(lambda: len(outside.heard) == 2)
    assert [json.loads(payload) for _, payload in outside.heard] == [
        {"service": "media_player.volume_set", "data": {"volume_level": 0.4}},
        {"service": "tts.speak", "data": {"message": "Tee, bitte"}},
    ]


async def test_a_simulated_plug(port: int) -> None:
    """It does what it is told, and tells so."""
    playing = asyncio.create_task(simulate(Server("127.0.0.1", port), "plug"))
    async with adapter_of(port, it("switch", command="plug/set", state="plug")) as adapter:
        await eventually(lambda: adapter.states().get("it") == DeviceState("off"))
        assert (await adapter.execute(ON, "it")).status is Status.DONE
    playing.cancel()
    await asyncio.wait([playing])


# Discovery


async def test_a_device_of_several_components(port: int) -> None:
    """A message with all components of a device; the binding names one of them."""
    told = {"dev": {"name": "Desk"}, "cmps": {"lamp": {"p": "light", "cmd_t": "d/set"}, "heat": {"p": "sensor", "stat_t": "d/t"}}}
    async with world(port) as outside:
        await outside.tell("homeassistant/device/desk/config", told)
        async with adapter_of(port, it("light", discovery="homeassistant/device/desk#lamp")) as adapter:
            assert (await adapter.execute(ON, "it")).status is Status.SENT
            await eventually(lambda: outside.heard == [("d/set", "ON")])


async def test_a_device_is_found_while_running_and_goes(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """Until its message comes it is unavailable; a broken one is one warning; another one holds at once; an empty one ends it."""
    topic = "homeassistant/switch/it/config"
    async with world(port) as outside, adapter_of(port, it("switch", discovery="homeassistant/switch/it")) as adapter:
        with pytest.raises(Unavailable, match=r"no message on homeassistant/switch/it/config"):
            await adapter.execute(ON, "it")
        with caplog.at_level(logging.WARNING):
            await outside.tell(topic, "{")
            await eventually(lambda: "not understood device=it" in caplog.text)
        for command in ("a", "b"):
            await outside.tell(topic, {"cmd_t": command, "stat_t": "s"})
            await asyncio.sleep(0.1)
            outside.heard.clear()
            sent = asyncio.create_task(adapter.execute(ON, "it"))
            await eventually(lambda: (command, "ON") in outside.heard)  # noqa: B023  # it is over before the next turn
            await outside.tell("s", "ON")
            assert (await sent).status is Status.DONE
            await outside.tell("s", "OFF")
            await eventually(lambda: adapter.states()["it"].state == "off")
        await outside.tell(topic, "")
        await eventually(lambda: "it" not in adapter.states())


AVAILABLE: list[tuple[dict[str, Any], list[tuple[str, str]], bool]] = [
    ({"avty_t": "a"}, [("a", "offline")], False),
    ({"avty_t": "a", "pl_not_avail": "gone"}, [("a", "offline")], True),
    ({"avty": [{"t": "a"}, {"t": "b"}], "avty_mode": "all"}, [("a", "online"), ("b", "offline")], False),
    ({"avty": [{"t": "a"}, {"t": "b"}], "avty_mode": "any"}, [("a", "online"), ("b", "offline")], True),
    ({"avty": [{"t": "a", "val_tpl": "{{ value_json.state }}"}]}, [("a", '{"state": "offline"}')], False),
]


@pytest.mark.parametrize(("config", "told", "is_there"), AVAILABLE)
async def test_availability(port: int, config: dict[str, Any], told: list[tuple[str, str]], is_there: bool) -> None:
    """A device that is away is refused before anything is sent, and says so."""
    async with world(port) as outside:
        await outside.tell("homeassistant/switch/it/config", {"cmd_t": "s/set", "stat_t": "s", **config})
        await outside.tell("s", "OFF")
        for topic, payload in told:
            await outside.tell(topic, payload)
        async with adapter_of(port, it("switch", discovery="homeassistant/switch/it")) as adapter:
            await asyncio.sleep(0.2)
            assert adapter.states()["it"].state == ("off" if is_there else "unavailable")


# What does not fit

PLACE = "homeassistant/sensor/it"
SENSOR = it("sensor", discovery=PLACE)
BAD: list[tuple[Device, dict[str, Any], str]] = [
    (SENSOR, {f"{PLACE}/config": {"stat_t": "s", "val_tpl": "{{ value | no }}"}}, "No filter named 'no'"),
    (SENSOR, {f"{PLACE}/config": {"stat_t": "desk#/x"}}, "expected a topic without wildcards, got 'desk#/x'"),
    (SENSOR, {f"{PLACE}/config": {"stat_t": "s", "avty_t": "a/+"}}, "expected a topic without wildcards, got 'a/+'"),
    (SENSOR, {f"{PLACE}/config": "[" * 100_000}, "expected JSON"),
    (it("cover", set_position_topic="c/set", position_topic="s", position_open=5, position_closed=5), {"s": "40"},
     "no state of a cover: '40'"),
    (it("light", schema="json", command="z/set", state="s"), {"s": '{"state": "ON", "brightness": NaN}'}, "no state of a light"),
    (it("vehicle", vss="car"), {"car/Vehicle.Body.Trunk.Rear.IsOpen": []}, "expected a text, a truth or a number, got '[]'"),
    (it("vehicle", vss="car"), {"car/Vehicle.Speed": "NaN"}, "expected a text, a truth or a number, got 'NaN'"),
]  # fmt: skip


@pytest.mark.parametrize(("device", "told", "why"), BAD)
async def test_what_does_not_fit_is_refused(
    port: int, device: Device, told: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With one warning, however often it is told; the other devices go on."""
    caplog.set_level(logging.WARNING)
    other = Device("other", "Other", "switch", mqtt={"command": "o/set", "state": "o"})
    async with world(port) as outside:
        for topic, payload in told.items():
            await outside.tell(topic, payload)
        async with adapter_of(port, device, other) as adapter:
            for _ in range(2):
                for topic, payload in told.items():
                    await outside.tell(topic, payload)
            for word in ("on", "off"):
                await outside.tell("o", word.upper())
                await eventually(lambda word=word: adapter.states().get("other") == DeviceState(word), 3)  # type: ignore[misc]
    refused = [record.message for record in caplog.records if why in record.message]
    assert len(refused) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_cover_that_is_nowhere(port: int) -> None:
    """Has a position again as soon as it says a number."""
    async with world(port) as outside, adapter_of(port, it("cover", set_position_topic="c/set", position_topic="s")) as adapter:
        for payload, state in (("40", "open"), ("nan", "unknown"), ("1e999", "unknown"), ("0", "closed")):
            await outside.tell("s", payload)
            await eventually(lambda state=state: adapter.states().get("it", DeviceState("")).state == state, 3)  # type: ignore[misc]


async def test_a_topic_that_nothing_can_be_told_at(port: int, own_function: Callable[..., None]) -> None:
    """The call failed, and says why; the next goes out."""
    own_function("boost", kinds=("switch",), told=Told(topic="pool/#"))
    async with world(port) as outside:
        await outside.tell("homeassistant/switch/it/config", {"cmd_t": "s/+/set"})
        fine = Device("fine", "Fine", "switch", mqtt={"command": "f/set"})
        async with adapter_of(port, it("switch", discovery="homeassistant/switch/it"), fine) as adapter:
            for call, topic in ((ON, "s/+/set"), (Call("boost", ("it",)), "pool/#")):
                result = await attempt(adapter, call, "it", 3)
                assert (result.status, topic in result.message) == (Status.FAILED, True)
            assert (await attempt(adapter, Call("turn_on", ("fine",)), "fine", 3)).status is Status.SENT


async def test_a_toggle_of_what_tells_no_state(port: int) -> None:
    """Is not guessed to be off: nothing is sent."""
    async with world(port) as outside, adapter_of(port, it("switch", command="s/set")) as adapter:
        with pytest.raises(Unsupported, match="It cannot toggle"):
            await adapter.execute(Call("toggle", ("it",)), "it")
        assert outside.heard == []


async def test_a_task_that_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    """Is told in the log, with what happened; one that is ended is not."""

    async def fail() -> None:
        raise KeyError("a bug")

    async def cancelled_inside() -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.cancel()
        await waiting

    tasks = [spawn(fail(), "one"), spawn(cancelled_inside(), "two"), ended := spawn(asyncio.sleep(9), "three")]
    await asyncio.sleep(0)
    ended.cancel()
    await asyncio.wait(tasks)
    await asyncio.sleep(0)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert ("name=one error=KeyError('a bug')" in caplog.text, "name=two" in caplog.text) == (True, True)


async def test_what_a_device_cannot_do(port: int) -> None:
    """Without a topic for it, it is unsupported, and nothing is sent."""
    calls: list[tuple[str, dict[str, Scalar]]] = [("set_brightness", {"level": 40}), ("set_color", {"color": "red"})]
    async with world(port) as outside, adapter_of(port, it("light", command="l/set", state="l")) as adapter:
        for function, arguments in calls:
            with pytest.raises(Unsupported, match="It cannot set_"):
                await adapter.execute(Call(function, ("it",), arguments), "it")
        assert outside.heard == []


# The broker


async def started(port: int, device: Device, payload: str) -> MqttAdapter:
    """An adapter of one device whose state, at the topic `s`, is known."""
    async with world(port) as outside:
        await outside.tell("s", payload)
    adapter = MqttAdapter(House(devices=(device,)), Server("127.0.0.1", port))
    await adapter.start()
    return adapter


async def test_a_broker_that_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """While it is away nothing is known and nothing is told; afterwards it goes on by itself, and nothing is done twice."""
    monkeypatch.setattr(mqtt_client, "FIRST_DELAY_S", 0.05)
    port, device = free_port(), it("switch", command="s/set", state="s")
    with mosquitto(tmp_path, port):
        adapter = await started(port, device, "OFF")
        assert adapter.states()["it"].state == "off"
    with caplog.at_level(logging.WARNING):
        await eventually(lambda: adapter.states() == {})
        result = await attempt(adapter, ON, "it", 5)
        assert (result.status, "cannot be used" in result.message) == (Status.FAILED, True)
        await asyncio.sleep(0.3)
    assert sum("mqtt devices away" in line for line in caplog.messages) <= 2  # the loss, and that nobody listens
    with mosquitto(tmp_path, port):
        async with world(port) as outside:
            await outside.tell("s", "ON")
            await eventually(lambda: adapter.states().get("it") == DeviceState("on"))
            await asyncio.sleep(0.2)
            assert outside.heard == []
        await adapter.stop()


async def test_a_broker_that_is_lost_in_the_middle(tmp_path: Path) -> None:
    """A call that waits for its state is not confirmed, and not sent again when the broker is back."""
    port, device = free_port(), it("lock", command="s/set", state="s")
    with mosquitto(tmp_path, port):
        adapter = await started(port, device, "UNLOCKED")
        waiting = asyncio.create_task(attempt(adapter, Call("lock", ("it",)), "it", 1.5))
        await asyncio.sleep(0.3)
    assert (await waiting).status is Status.NOT_CONFIRMED
    with mosquitto(tmp_path, port):
        async with world(port) as outside:
            await outside.tell("s", "UNLOCKED")
            await eventually(lambda: "it" in adapter.states())
            await asyncio.sleep(0.2)
            assert outside.heard == []
        await adapter.stop()


async def test_a_broker_that_refuses_us(tmp_path: Path) -> None:
    """Said as what it is; the hub's other devices go on."""
    port = free_port()
    with mosquitto(tmp_path, port, "allow_anonymous false"):
        adapter = MqttAdapter(House(devices=(it("switch", command="s"),)), Server("127.0.0.1", port))
        with pytest.raises(Unauthorized, match="refuses a client without a user name"):
            await adapter.start()
        await adapter.stop()


async def test_encrypted_and_with_a_certificate_of_our_own(tmp_path: Path) -> None:
    """TLS with an authority of one's own; the broker asks for the hub's certificate, and turns away who has none."""
    port = free_port()
    lines = (
        "allow_anonymous true", "require_certificate true", f"cafile {TLS / 'authority.pem'}", f"certfile {TLS / 'broker.pem'}",
        f"keyfile {TLS / 'broker.key'}",
    )  # fmt: skip
    device = it("switch", command="s/set")
    with mosquitto(tmp_path, port, *lines):
        ours = MqttSettings(
            "127.0.0.1", port, tls=True, ca_file=TLS / "authority.pem", cert_file=TLS / "hub.pem", key_file=TLS / "hub.key"
        )
        adapter = MqttAdapter(House(devices=(device,)), server_of(ours))
        await adapter.start()
        assert (await adapter.execute(ON, "it")).status is Status.SENT
        await adapter.stop()
        bare = MqttAdapter(
            House(devices=(device,)), server_of(MqttSettings("127.0.0.1", port, tls=True, ca_file=TLS / "authority.pem"))
        )
        with pytest.raises(Unavailable):
            await bare.start()
        await bare.stop()


# From the command line


async def test_silent_topics(port: int) -> None:
    """Named are the topics on which nothing is retained; a device that tells nothing by its nature is no problem."""
    devices = (
        Device("a", "A", "switch", mqtt={"command": "a/set", "state": "a"}),
        Device("b", "B", "switch", mqtt={"command": "b/set", "state": "b"}),
        Device("c", "C", "button", mqtt={"command": "c/set"}),
        Device("d", "D", "light", mqtt={"discovery": "homeassistant/light/d"}),
    )
    async with world(port) as outside:
        await outside.tell("a", "ON")
        found = await asyncio.to_thread(silent_topics, Server("127.0.0.1", port), devices)
    assert found == {"b": "b", "d": "homeassistant/light/d/config"}


async def test_import(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Devices from their discovery messages, with areas and options; again, it keeps what the installer changed."""
    (tmp_path / "hub.yaml").write_text(f"version: 1\nmqtt: {{host: 127.0.0.1, port: {port}}}\n")
    (tmp_path / "house.yaml").write_text("version: 1\nareas: [{name: Hall}]\n")
    kinds = ("light", "lock", "climate", "select", "sensor")
    devices = tuple(Device(f"d{i}", f"Thing {kind}", kind) for i, kind in enumerate(kinds))
    states = {device.id: DeviceState("off") for device in devices}

    def run(*arguments: str) -> int:
        return main([*arguments, "--config", str(tmp_path)])

    async with mqtt_house(port, House(devices=devices), states):
        async with world(port) as outside:
            plug = {"name": "Power", "cmd_t": "p", "dev": {"name": "Plug", "sa": "Hall"}}
            await outside.tell("homeassistant/switch/plug/power/config", plug)
            await outside.tell("homeassistant/button/plug/restart/config", {"name": "Restart", "cmd_t": "r", "ent_cat": "config"})
        assert await asyncio.to_thread(run, "import", "mqtt") == 0
        assert "+ Plug Power (homeassistant/switch/plug/power)" in capsys.readouterr().out
        written = tmp_path / "house.d" / "mqtt.yaml"
        written.write_text(written.read_text().replace("name: Thing lock", "name: Front Door  # mine"))
        assert await asyncio.to_thread(run, "import", "mqtt") == 0
        assert "up to date" in capsys.readouterr().out
        house = load_config(tmp_path).house
        by_name = {device.name: device for device in house.devices}
        assert set(by_name) == {"Thing light", "Front Door", "Thing climate", "Thing select", "Plug Power"}
        assert by_name["Plug Power"].area == "Hall"
        assert by_name["Thing light"].options == {"effect_list": ("rainbow", "candle")}
        assert await asyncio.to_thread(main, ["check", str(tmp_path), "--live"]) == 0
        assert "all 5 devices behind MQTT tell something" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["check", str(tmp_path), "--live"]) == 78
    told = capsys.readouterr().out
    assert "Front Door (front_door)" not in told
    assert "Thing light (thing_light): nothing is retained on homeassistant/light/z2m_d0/light/config" in told


def test_import_needs_a_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hub's own broker is on loopback: no device is there."""
    (tmp_path / "house.yaml").write_text("version: 1\n")
    assert main(["import", "mqtt", "--config", str(tmp_path)]) == 65
    assert "expected mqtt: host" in capsys.readouterr().err
