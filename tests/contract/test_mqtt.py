"""The connection to a broker, with a real mosquitto: what it says when the broker drops things, and how it comes and goes."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from support.hub import client
from support.processes import eventually, free_port, mosquitto

from octopus_hub.adapters import mqtt_client
from octopus_hub.adapters.mqtt_client import BrokerRefused, Server
from octopus_hub.daemon.mqtt import Incoming, Link


class Peer:
    """A running link; `received` are the messages on `in`."""

    def __init__(self, port: int) -> None:
        self.received: list[Incoming] = []
        self.connects = 0
        self.link = Link(Server("127.0.0.1", port), ("in",), lambda: {"schema": 1, "state": "online"})

    async def run(self) -> None:
        """Until cancelled."""
        await self.link.run(self._receive, self._connected)

    async def _receive(self, incoming: Incoming) -> None:
        self.received.append(incoming)

    async def _connected(self) -> None:
        self.connects += 1


@dataclass
class Silent:
    """A server that takes connections and says nothing, to their end."""

    port: int = 0
    begun: int = 0
    ended: int = 0

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.begun += 1
        await reader.read()
        self.ended += 1
        writer.close()


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    """A server that speaks no MQTT."""
    silent = Silent()
    server = await asyncio.start_server(silent.listen, "127.0.0.1", 0)
    silent.port = server.sockets[0].getsockname()[1]
    yield silent
    server.close()


@asynccontextmanager
async def running(port: int) -> AsyncIterator[Peer]:
    """A link that is connected."""
    peer = Peer(port)
    task = asyncio.create_task(peer.run())
    try:
        await eventually(lambda: peer.connects == 1 or task.done())
        yield peer
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_message_is_handed_in_with_its_properties(tmp_path: Path) -> None:
    """Source, payload, response topic and correlation data arrive."""
    port = free_port()
    with mosquitto(tmp_path, port):
        async with running(port) as peer, client(port) as one:
            await one.send("me", b"hello", ResponseTopic="answers/me", CorrelationData=b"\x01")
            await eventually(lambda: peer.received != [])
    assert peer.received == [Incoming("in", "me", b"hello", False, "answers/me", b"\x01")]


async def test_stored_messages_are_not_delivered(tmp_path: Path) -> None:
    """What was retained, or sent while the hub was away, does not arrive; a live retained message is marked."""
    port = free_port()
    with mosquitto(tmp_path, port):
        async with client(port) as one:
            await one.send("me", b"stored", retain=True)
            async with running(port) as peer:
                await one.send("me", b"live", retain=True)
                await eventually(lambda: peer.received != [])
    assert [(each.payload, each.retained) for each in peer.received] == [(b"live", True)]


async def test_what_the_broker_drops_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A publication that the broker's ACL drops, and acknowledges, is a warning."""
    port = free_port()
    acl = tmp_path / "acl"
    acl.write_text("topic read octopus/in/#\n")
    with mosquitto(tmp_path, port, "allow_anonymous true", f"acl_file {acl}"), caplog.at_level(logging.WARNING):
        async with running(port) as peer:
            assert await peer.link.publish("octopus/out/me", b"{}")
    assert "the broker refused a publication reason=Not authorized" in caplog.text


async def test_small_packets_go_out_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP_NODELAY is set: without it an answer takes 44 ms instead of half a millisecond."""
    options: list[object] = []
    make = aiomqtt.Client.__init__

    def remember(self: aiomqtt.Client, *arguments: object, **named: object) -> None:
        options.append(named["socket_options"])
        make(self, *arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(aiomqtt.Client, "__init__", remember)
    port = free_port()
    with mosquitto(tmp_path, port):
        async with running(port):
            assert options == [[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]]


async def test_a_publication_without_a_broker_is_not_sent() -> None:
    """Nothing is queued behind the caller's back."""
    assert not await Peer(free_port()).link.publish("octopus/out/me", b"{}")


async def test_a_topic_that_is_too_long_is_not_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A topic that MQTT has no room for costs a warning, not the session."""
    port = free_port()
    with mosquitto(tmp_path, port):
        async with running(port) as peer:
            assert not await peer.link.publish("a" * 65_536, b"{}")
            assert await peer.link.publish("octopus/out/me", b"{}")
    assert "error=Publish topic is too long" in caplog.text


async def test_a_broker_that_speaks_no_mqtt_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that takes connections and says nothing is given up after a while and tried again, with one warning."""
    monkeypatch.setattr(mqtt_client, "OPERATION_TIMEOUT_S", 0.05)
    monkeypatch.setattr(mqtt_client, "FIRST_DELAY_S", 0.01)
    with caplog.at_level(logging.WARNING):
        async with silent() as server:
            task = asyncio.create_task(Peer(server.port).run())
            await eventually(lambda: server.ended >= 3)
            task.cancel()
            await asyncio.wait([task])
            await eventually(lambda: server.ended == server.begun)  # also the one that was being tried when it was cancelled
    assert caplog.text.count("mqtt away") == 1


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.01, None])
async def test_what_is_cancelled_while_it_connects_leaves_no_socket(after_s: float | None) -> None:
    """Wherever a connect is given up: before there is a socket, or while the broker's answer is waited for."""
    async with silent() as server:
        task = asyncio.create_task(Peer(server.port).run())
        if after_s is None:
            await eventually(lambda: server.begun == 1)
        await asyncio.sleep(after_s or 0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.05)  # for the server to hear of it
        await eventually(lambda: server.ended == server.begun, timeout_s=5)


class CancelledByAnAnswer(mqtt_client.Client):
    """A client whose `publisher` is cancelled at the moment when the broker's answer to it comes."""

    publisher: asyncio.Task[None]

    def _on_publish(self, client: Any, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        self.publisher.cancel()


async def test_a_cancellation_that_comes_with_an_answer_is_not_lost(tmp_path: Path) -> None:
    """Otherwise a session would go on for ever that was told to end."""
    port = free_port()
    with mosquitto(tmp_path, port):
        async with CancelledByAnAnswer("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as one:
            one.publisher = asyncio.create_task(one.publish("octopus/in/me", b"hello", 1))
            await asyncio.wait([one.publisher])
            assert one.publisher.cancelled()


async def test_a_refusal_at_the_start_is_fatal(tmp_path: Path) -> None:
    """A broker that does not want us at all is an error, not something to try for ever."""
    port = free_port()
    refused = pytest.raises(BrokerRefused, match="refuses a client without a user name: Not authorized")
    with mosquitto(tmp_path, port, "allow_anonymous false"), refused:
        await asyncio.wait_for(Peer(port).run(), 3)
