"""The hub's own broker, as a real mosquitto: it starts, it limits, it ends with the daemon however that ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest
from support.processes import ended_within, eventually, free_port

from octopus_hub.config.errors import UnavailableService
from octopus_hub.daemon import broker, leash


async def test_messages_pass(tmp_path: Path) -> None:
    """A client can subscribe and publish with MQTT 5 as soon as the broker is there."""
    v5 = aiomqtt.ProtocolVersion.V5
    async with broker.own_broker(tmp_path, free_port()) as own, aiomqtt.Client("127.0.0.1", own.port, protocol=v5) as client:
        await client.subscribe("a/b", qos=1)
        await client.publish("a/b", b"hello", qos=1)
        message = await asyncio.wait_for(anext(client.messages), 3)
    assert message.payload == b"hello"


async def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    """Nothing outside the machine can reach it."""
    async with broker.own_broker(tmp_path, free_port()) as own:
        listening = await asyncio.to_thread(Path("/proc/net/tcp").read_text)
    rows = [line.split() for line in listening.splitlines()]
    listen = "0A"
    assert [row[1] for row in rows if row[1].endswith(f":{own.port:04X}") and row[3] == listen] == [f"0100007F:{own.port:04X}"]


async def test_it_stops_on_leaving(tmp_path: Path) -> None:
    """The child is gone when the context is left."""
    async with broker.own_broker(tmp_path, free_port()) as own:
        pid = own.pid
    assert await ended_within(pid, 0.5)


async def test_a_port_that_was_asked_for_and_is_taken_is_fatal(tmp_path: Path) -> None:
    """A configured port is not silently replaced by another."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UnavailableService, match=f"port {port} on 127.0.0.1.* is taken"):
            async with broker.own_broker(tmp_path, port):
                pass


async def test_without_a_port_a_free_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the default port is taken an ephemeral one is used."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(broker, "DEFAULT_PORT", other.getsockname()[1])
        async with broker.own_broker(tmp_path, None) as own:
            assert own.port != other.getsockname()[1]


async def test_a_missing_mosquitto_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mosquitto the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(broker, "SYSTEM_PATHS", str(tmp_path))
    with pytest.raises(UnavailableService, match='Debian package "mosquitto"'):
        broker.find_mosquitto()


async def test_a_mosquitto_that_ends_at_once_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What mosquitto says of a bad configuration is in the error."""
    monkeypatch.setattr(broker, "broker_config", lambda port, as_root: "nonsense true\n")
    with pytest.raises(UnavailableService, match="nonsense"):
        async with broker.own_broker(tmp_path, free_port()):
            pass


async def test_a_killed_broker_comes_back_on_its_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that dies is started again where clients look for it."""
    monkeypatch.setattr(broker, "RESTART_DELAY_S", 0.01)
    async with broker.own_broker(tmp_path, free_port()) as own:
        watcher = asyncio.create_task(own.watch())
        first = own.pid
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: own.pid != first)
        _, writer = await asyncio.open_connection("127.0.0.1", own.port)
        writer.close()
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def test_the_leash_ends_the_child_of_a_killed_parent(tmp_path: Path) -> None:
    """A process that is killed by SIGKILL takes its leashed child with it."""
    pid_file = tmp_path / "child"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    command = [sys.executable, "-I", "-S", leash.__file__]
    parent = f"import os, subprocess; subprocess.run([*{command!r}, str(os.getpid()), {sys.executable!r}, '-c', {child!r}])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    await eventually(lambda: pid_file.exists() and pid_file.read_text() != "")
    process.kill()
    await process.wait()
    assert await ended_within(int(pid_file.read_text()), 2)


def test_the_leash_runs_nothing_for_a_parent_that_is_gone() -> None:
    """A parent that died before the leash was on gets no child at all."""
    command = [sys.executable, "-I", "-S", leash.__file__, "1", sys.executable, "-c", "print('ran')"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=5)
    assert (done.returncode, done.stdout) == (leash.EX_UNAVAILABLE, b"")
