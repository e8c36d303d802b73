"""The daemon as a process, with real brokers: what automations are promised, and what happens when things are pulled out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import jsonschema
import pytest
from support.hub import Client, Hub, client, hub_in
from support.processes import children_of, ended_within, eventually, free_port, mosquitto

from octopus_hub.config.loader import demo_directory
from octopus_hub.daemon import wire
from octopus_hub.daemon.broker import MAX_PACKET_BYTES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

SCHEMAS = Path(wire.__file__).parent / "schemas"
LONGEST_END_S = 3.0
"""Two seconds are promised; the rest is for a machine that is busy with something else."""

DEMO_HOUSE = (demo_directory() / "house.yaml").read_text()


def schema(name: str) -> Any:
    """One of the JSON Schemas in the repository."""
    return json.loads((SCHEMAS / f"{name}.json").read_text())


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A place for a daemon."""
    with hub_in(tmp_path) as hub:
        yield hub


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """An external broker."""
    port = free_port()
    with mosquitto(tmp_path, port):
        yield port


@pytest.fixture
async def asker(hub: Hub, port: int) -> AsyncIterator[Client]:
    """A client of a daemon that runs with an external broker."""
    hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": port, "response_topics": ["answers/#"]}})
    hub.start()
    await hub.ready()
    async with client(port) as one:
        yield one


async def test_own_broker(hub: Hub) -> None:
    """With no broker configured the hub starts one, says how to try it, and takes it down with itself."""
    port = free_port()
    hub.configure(DEMO_HOUSE, {"mqtt": {"port": port}})
    hub.start()
    await hub.ready()
    assert f"mosquitto_pub -h 127.0.0.1 -p {port} -V mqttv5 -t octopus/in/me -m 'turn on the kitchen light'" in hub.log
    async with client(port) as one:
        assert (await one.ask("me", "turn on the hallway light"))["status"] == "done"
    assert await hub.end(signal.SIGTERM) == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_own_broker_dies_with_a_killed_daemon(hub: Hub) -> None:
    """SIGKILL leaves no broker behind."""
    port = free_port()
    hub.configure(DEMO_HOUSE, {"mqtt": {"port": port}})
    hub.start()
    await hub.ready()
    (child,) = children_of(hub.process.pid) if hub.process else ()
    await hub.end(signal.SIGKILL)
    assert await ended_within(child, 2)


async def test_own_broker_comes_back_on_its_port(hub: Hub) -> None:
    """Killed and started again at once, or with its broker killed, the hub is found where it was."""
    port = free_port()
    hub.configure(DEMO_HOUSE, {"mqtt": {"port": port}})
    hub.start()
    await hub.ready()
    await hub.end(signal.SIGKILL)
    hub.start()
    await hub.ready(2)
    assert hub.process is not None
    os.kill(children_of(hub.process.pid)[0], signal.SIGKILL)
    await hub.ready(3)
    async with client(port) as one:
        assert (await one.ask("me", "turn on the hallway light"))["status"] == "done"


async def test_it_ends_in_time_whatever_hangs(hub: Hub, tmp_path: Path) -> None:
    """A broker that is frozen, and a host that never answers, hold up the end for less than two seconds."""
    port = free_port()
    with mosquitto(tmp_path, port) as broker:
        hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": port}})
        hub.start()
        await hub.ready()
        broker.send_signal(signal.SIGSTOP)
        assert await seconds_to_end(hub) < LONGEST_END_S
        broker.send_signal(signal.SIGCONT)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fill = socket.create_connection(deaf.getsockname())  # its queue is full: further connects hang
        hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": deaf.getsockname()[1]}})
        hub.start()
        await eventually(lambda: hub.log.count("ready house") == 2)
        assert await seconds_to_end(hub) < LONGEST_END_S
        fill.close()


async def seconds_to_end(hub: Hub) -> float:
    """How long SIGTERM takes."""
    began_s = time.monotonic()
    assert await hub.end(signal.SIGTERM) == 0
    return time.monotonic() - began_s


SENTENCES = [
    ("turn on the hallway light", "done"),
    ("turn off the hallway light", "done"),
    ("set the nest to 21 degrees", "done"),
    ("set the nest to 50 degrees", "refused"),
    ("close the left blind", "done"),
    ("lock the front door", "done"),
    ("unlock the front door", "denied"),
    ("is the front door locked", "answered"),
    ("next song", "sent"),
    ("tell me a joke", "refused"),
]


async def test_ten_commands(asker: Client) -> None:
    """Ten commands sent at once get ten Outcomes, in order and valid by the schema."""
    for text, _ in SENTENCES:
        await asker.send("me", text)
    outcomes = [await asker.outcome() for _ in SENTENCES]
    assert [(outcome["text"], outcome["status"]) for outcome in outcomes] == SENTENCES
    for outcome in outcomes:
        jsonschema.validate(outcome, schema("outcome"))


async def test_json_commands(asker: Client) -> None:
    """A JSON command keeps its id, and calls need no sentence."""
    outcome = await asker.ask("me", {"schema": 1, "text": "turn on the hallway light", "id": "a-1", "sent_at": time.time()})
    assert (outcome["command_id"], outcome["status"]) == ("a-1", "done")
    calls = [{"function": "set_brightness", "devices": ["hallway_light"], "arguments": {"level": 40}}]
    outcome = await asker.ask("me", {"calls": calls})
    assert (outcome["status"], outcome["calls"], outcome["confidence"]) == ("done", calls, None)
    assert set(outcome["times_ms"]) == {"queue", "resolve", "execute", "total"}


async def test_request_and_response(hub: Hub, port: int, asker: Client) -> None:
    """An allowed response topic gets the Outcome too, with the correlation data; another one gets nothing, an empty one is none."""
    async with client(port, "answers/#", "elsewhere") as reader:
        await asker.send("me", "what time is it", ResponseTopic="elsewhere", CorrelationData=b"0")
        await asker.send("me", "what time is it", ResponseTopic="", CorrelationData=b"1")
        await asker.send("me", "what time is it", ResponseTopic="answers/me", CorrelationData=b"\x00\x01")
        message = await reader.message()
    assert str(message.topic) == "answers/me"
    assert getattr(message.properties, "CorrelationData", None) == b"\x00\x01"
    assert "response topic refused source=me" in hub.log


BAD = [
    (b"\xff", "must be UTF-8 text"),
    (b"x" * 20_000, "at most 16384 bytes, this one has 20000"),
    (b"x" * 1_000_000, "at most 16384 bytes, this one has 1000000"),
    (b'{"id": "a-1", "text": "' + b"x" * 20_000 + b'"}', "at most 16384 bytes"),
    (b'{"text": ', "Not valid JSON"),
    (b'{"text": 5, "id": "a-1"}', '"text" must be text'),
    (b"", "The command is empty"),
]


@pytest.mark.parametrize(("payload", "words"), BAD, ids=range(len(BAD)))
async def test_what_can_not_be_read_is_answered(asker: Client, payload: bytes, words: str) -> None:
    """An unusable payload gets one Outcome `invalid` that says what is wrong."""
    outcome = await asker.ask("me", payload)
    assert (outcome["status"], outcome["code"], outcome["final"]) == ("invalid", "invalid", True)
    assert words in outcome["say"]
    assert outcome["command_id"] == ("a-1" if b"a-1" in payload else "")
    jsonschema.validate(outcome, schema("outcome"))


async def test_what_is_larger_than_the_own_broker_takes(hub: Hub) -> None:
    """A megabyte is answered there too; beyond that the broker drops who sent it, and serves the others as before."""
    port = free_port()
    hub.configure(DEMO_HOUSE, {"mqtt": {"port": port}})
    hub.start()
    await hub.ready()
    async with client(port) as one, client(port, "elsewhere") as flood:
        assert (await one.ask("me", b"x" * 1_000_000))["status"] == "invalid"
        with contextlib.suppress(aiomqtt.MqttError):  # the connection may be cut while it still sends
            await flood.mqtt.publish("octopus/in/me", b"x" * MAX_PACKET_BYTES, timeout=2)
        with pytest.raises(aiomqtt.MqttError):
            await flood.message()
        assert (await one.ask("me", "turn on the hallway light"))["status"] == "done"


async def test_sources_are_checked(hub: Hub, asker: Client) -> None:
    """Nobody speaks as the command line, and nobody under a name with spaces, or one that leaves no room for an answer's topic."""
    assert "use another name" in (await asker.ask("cli", "what time is it"))["say"]
    longest = "a" * (65_535 - len("octopus/in/"))
    for source in ("a b", longest, longest, ""):
        await asker.send(source, "what time is it")
    assert (await asker.ask("me", "what time is it"))["status"] == "answered"
    refused = [line for line in hub.log.splitlines() if "source refused" in line]
    assert [line.partition("source=")[2].partition(";")[0] for line in refused] == ["'a b'", f"'{'a' * 64}'", "''"]


async def test_old_and_early_commands_are_not_executed(asker: Client) -> None:
    """A command that is too old expires; one from the future is invalid."""
    text = "turn on the hallway light"
    assert (await asker.ask("me", {"text": text, "sent_at": time.time() - 20}))["status"] == "expired"
    assert (await asker.ask("me", {"text": text, "sent_at": time.time() + 60}))["status"] == "invalid"


async def test_retained_commands_are_never_executed(hub: Hub, port: int, asker: Client) -> None:
    """Neither at once nor after the hub connects again is a retained command carried out."""
    await asker.send("me", "turn on the hallway light", retain=True)
    assert "must not be retained" in (await asker.outcome())["say"]
    await hub.end(signal.SIGTERM)
    hub.start()
    await hub.ready(2)
    assert await asker.silence(0.3)


async def test_ids_are_carried_out_once(hub: Hub, asker: Client) -> None:
    """A second command with the same id is a duplicate, also after a restart."""
    command = {"text": "turn on the hallway light", "id": "a-1"}
    assert (await asker.ask("me", command))["status"] == "done"
    assert (await asker.ask("me", command))["status"] == "duplicate"
    await hub.end(signal.SIGTERM)
    hub.start()
    await hub.ready(2)
    assert (await asker.ask("me", command))["status"] == "duplicate"


async def test_a_question_and_its_answer(asker: Client) -> None:
    """A question is not final; its answer carries it out, and both commands get one final Outcome."""
    asked = await asker.ask("me", {"text": "turn on the light", "id": "a-1"})
    assert (asked["status"], asked["final"]) == ("question", False)
    await asker.send("me", {"text": "the hallway one", "id": "a-2"})
    finals = {outcome["command_id"]: outcome for outcome in (await asker.outcome(), await asker.outcome())}
    assert {name: (each["status"], each["final"]) for name, each in finals.items()} == {
        "a-1": ("done", True),
        "a-2": ("done", True),
    }
    assert finals["a-1"]["say"] == ""


async def test_a_bug_costs_one_answer(hub: Hub, asker: Client) -> None:
    """A command that breaks the interpreter is answered as failed, with a traceback in the log, and the next one works."""
    assert (await asker.ask("me", "crash"))["status"] == "failed"
    assert "RuntimeError: a bug in a test" in hub.log
    assert (await asker.ask("me", "what time is it"))["status"] == "answered"


async def test_a_slow_source_is_told_busy_and_others_go_on(asker: Client) -> None:
    """A flood from one source ends in `busy`; another source is served in between."""
    for number in range(17):
        await asker.send("flood", {"text": "slowly turn on the hallway light", "id": f"f-{number}"})
    await asker.send("other", "what time is it")
    outcomes = [await asker.outcome() for _ in range(3)]
    assert (outcomes[0]["command_id"], outcomes[0]["status"]) == ("f-16", "busy")
    assert "what time is it" in [outcome["text"] for outcome in outcomes]


async def test_killed_in_the_middle(hub: Hub, asker: Client) -> None:
    """A command cut off by SIGKILL is told as interrupted after the restart, once, and is not carried out again."""
    command = {"text": "slowly turn on the hallway light", "id": "a-1"}
    await asker.send("me", command)
    await eventually(lambda: accepted(hub) == ["a-1"])
    await hub.end(signal.SIGKILL)
    for times in (2, 3):
        hub.start()
        await hub.ready(times)
        await hub.end(signal.SIGTERM)
    outcome = await asker.outcome()
    assert (outcome["command_id"], outcome["status"], outcome["final"]) == ("a-1", "interrupted", True)
    assert await asker.silence(0.2)
    hub.start()
    await hub.ready(4)
    assert (await asker.ask("me", command))["status"] == "duplicate"
    assert (await asker.ask("me", {"text": "is the front door locked"}))["status"] == "answered"


def accepted(hub: Hub) -> list[str]:
    """The ids that the journal has."""
    connection = sqlite3.connect(hub.directory / "state" / "journal.db")
    rows = connection.execute("SELECT id FROM command ORDER BY number").fetchall()
    connection.close()
    return [command_id for (command_id,) in rows]


async def test_told_to_stop_in_the_middle(hub: Hub, port: int, asker: Client) -> None:
    """SIGTERM ends the daemon within two seconds; what it could not finish is told, and its status is offline."""
    for number in range(4):
        await asker.send("me", {"text": "slowly turn on the hallway light", "id": f"a-{number}"})
    await eventually(lambda: len(accepted(hub)) == 4)
    assert await seconds_to_end(hub) < LONGEST_END_S
    outcomes = [await asker.outcome() for _ in range(4)]
    assert {outcome["command_id"] for outcome in outcomes} == {f"a-{number}" for number in range(4)}
    assert outcomes[-1]["status"] == "interrupted"
    async with client(port, "octopus/status") as reader:
        assert (await reader.outcome())["state"] == "offline"


async def test_status_and_last_will(hub: Hub, port: int, asker: Client) -> None:
    """The retained status says online, and the broker says offline for a daemon that was killed."""
    async with client(port, "octopus/status") as reader:
        online = await reader.outcome()
        jsonschema.validate(online, schema("status"))
        assert (online["state"], online["house"]) == ("online", "Maple Street 4")
        await hub.end(signal.SIGKILL)
        offline = await reader.outcome()
        jsonschema.validate(offline, schema("status"))
        assert offline["state"] == "offline"


async def test_a_lost_broker_is_found_again(hub: Hub, tmp_path: Path) -> None:
    """When the broker comes back the hub does too, subscribed as before; what was sent meanwhile is not delivered late."""
    port = free_port()
    hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": port}})
    hub.start()
    await eventually(lambda: "mqtt away" in hub.log)
    for times in (1, 2):
        with mosquitto(tmp_path, port):
            await hub.ready(times)
            async with client(port) as one:
                assert (await one.ask("me", "what time is it"))["status"] == "answered"


async def test_a_broker_that_refuses_us_is_fatal(hub: Hub, tmp_path: Path) -> None:
    """Bad credentials are one clear line and an exit code of their own."""
    port = free_port()
    (tmp_path / "passwords").write_text("")
    with mosquitto(tmp_path, port, "allow_anonymous false", f"password_file {tmp_path / 'passwords'}"):
        hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": port, "username": "hub"}})
        hub.start()
        assert await hub.ended() == 77
    assert f'octopus: the broker at 127.0.0.1:{port} refuses user "hub": Not authorized' in hub.log
    assert "Traceback" not in hub.log


async def test_a_port_that_is_taken_is_fatal(hub: Hub, port: int) -> None:
    """A port asked for that somebody else has is one clear line."""
    hub.configure(DEMO_HOUSE, {"mqtt": {"port": port}})
    hub.start()
    assert await hub.ended() == 69
    message = f"octopus: port {port} on 127.0.0.1, asked for in hub.yaml for the hub's own broker, is taken"
    assert hub.log.splitlines()[-1] == message
    assert "Traceback" not in hub.log


async def test_two_daemons_do_not_share_a_state(hub: Hub, asker: Client) -> None:
    """A second daemon on the same state directory does not start."""
    second = hub.run("run")
    assert second.returncode == 69
    assert "another octopus daemon uses" in second.stderr


async def test_reload(hub: Hub, port: int, asker: Client) -> None:
    """SIGHUP takes a new house; a broken one leaves the old house in place and says so."""
    assert hub.process is not None
    async with client(port, "octopus/status") as reader:
        assert (await reader.outcome())["problem"] == ""
        (hub.configuration / "house.yaml").write_text(DEMO_HOUSE.replace("name: Front Door", "nam: Front Door"))
        hub.process.send_signal(signal.SIGHUP)
        problem = (await reader.outcome())["problem"]
        assert "house.yaml:" in problem
        assert "'nam'" in problem
        assert (await asker.ask("me", "lock the front door"))["status"] == "done"
        (hub.configuration / "house.yaml").write_text(DEMO_HOUSE.replace("Maple Street 4", "Elm Road 1"))
        hub.process.send_signal(signal.SIGHUP)
        status = await reader.outcome()
        assert (status["problem"], status["house"]) == ("", "Elm Road 1")
    assert (await asker.ask("me", "is the front door locked"))["say"] == "Yes, the Front Door is locked."


async def test_what_takes_effect_after_a_restart_waits(hub: Hub, port: int) -> None:
    """A reload that brings Home Assistant and takes a function away changes neither, and says so."""
    house = "version: 1\ndevices: [{name: Pump, kind: switch}, {name: Lamp, kind: light, home_assistant: light.lamp}]\n"
    mqtt = {"host": "127.0.0.1", "port": port}
    hub.configure(house, {"mqtt": mqtt})
    functions, secrets = hub.configuration / "functions.yaml", hub.configuration / "secrets.yaml"
    functions.write_text("version: 1\nfunctions: [{name: boost, doc: Full power., kinds: [switch], topic: boost, examples: []}]\n")
    hub.start()
    await hub.ready()
    secrets.write_text("token: abc\n")
    secrets.chmod(0o600)
    functions.unlink()
    hub.configure(house, {"mqtt": mqtt, "home_assistant": {"url": "http://127.0.0.1:9", "token": "TOKEN"}})
    settings = hub.configuration / "hub.yaml"
    settings.write_text(settings.read_text().replace('"TOKEN"', "!secret token"))
    assert hub.process is not None
    hub.process.send_signal(signal.SIGHUP)
    await eventually(lambda: "reloaded house" in hub.log)
    assert "settings take effect after a restart settings=home_assistant,functions" in hub.log
    async with client(port) as asker:
        pump = await asker.ask("me", {"calls": [{"function": "boost", "devices": ["pump"]}]})
        lamp = await asker.ask("me", {"calls": [{"function": "turn_on", "devices": ["lamp"]}]})
    assert pump["status"] == "sent"
    assert [result["message"] for result in lamp["results"]] == ["home_assistant is not set up in hub.yaml"]


async def test_no_text_where_none_is_wanted(hub: Hub, port: int) -> None:
    """With keep_text false the sentence is nowhere in the state directory, and the Outcome still has it."""
    hub.configure(DEMO_HOUSE, {"mqtt": {"host": "127.0.0.1", "port": port}, "journal": {"keep_text": False}})
    hub.start()
    await hub.ready()
    async with client(port) as one:
        outcome = await one.ask("me", "add milk to the shopping list")
    assert (outcome["status"], outcome["text"]) == ("done", "add milk to the shopping list")
    await hub.end(signal.SIGTERM)
    files = [path for path in (hub.directory / "state").rglob("*") if path.is_file()]
    assert files
    assert not any(b"milk" in path.read_bytes() for path in files)
    assert "milk" not in hub.log


async def test_the_journal_survives_a_kill(hub: Hub, asker: Client) -> None:
    """What was answered before SIGKILL is in the journal."""
    await asker.ask("me", "turn on the hallway light")
    await hub.end(signal.SIGKILL)
    connection = sqlite3.connect(hub.directory / "state" / "journal.db")
    rows = connection.execute("SELECT text, status FROM command").fetchall()
    connection.close()
    assert rows == [("turn on the hallway light", "done")]
