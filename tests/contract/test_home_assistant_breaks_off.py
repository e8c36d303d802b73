"""The adapter against something that breaks off as a Home Assistant does while it restarts: it goes on trying."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from support.processes import eventually

from octopus_hub.adapters import ha_connection, ha_registry
from octopus_hub.adapters.ha_registry import read_registries, watch_registries
from octopus_hub.adapters.home_assistant import HomeAssistantAdapter
from octopus_hub.config.errors import Unavailable
from octopus_hub.config.house import Device, House
from octopus_hub.config.hub import HomeAssistantSettings, Secret

HOUSE = House(devices=(Device("it", "It", "light", home_assistant={"main": "light.it"}),))
STATES = {"a": {"light.it": {"s": "on", "a": {}}}}


class Breaking:
    """Speaks as Home Assistant does, until the message that is to be broken off at; `breaks` times."""

    def __init__(self, at: str, breaks: int) -> None:
        self.at, self.breaks = at, breaks
        self.settings = HomeAssistantSettings("", Secret("x"))

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """One connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not self._breaks("connect"):
            await socket.send_json({} if self._breaks("nonsense") else {"type": "auth_required", "ha_version": "2025.4"})
            async for message in socket:
                told = message.json()
                if self._breaks(told["type"]):
                    break
                await self._answer(socket, told)
        await socket.close()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, told: dict[str, object]) -> None:
        if told["type"] == "auth":
            await socket.send_json({"type": "auth_ok"})
            return
        if told["type"] == "subscribe_entities" and self.at == "sign of life":
            self.at = "get_config"
        await socket.send_json({"id": told["id"], "type": "result", "success": True, "result": {}})
        if told["type"] == "subscribe_entities":
            await socket.send_json({"id": told["id"], "type": "event", "event": STATES})
            if self._breaks("events"):
                await socket.send_json({"type": "of another kind"})

    def _breaks(self, where: str) -> bool:
        is_now = where == self.at and self.breaks > 0
        self.breaks -= is_now
        return is_now


@asynccontextmanager
async def breaking(at: str, breaks: int) -> AsyncIterator[Breaking]:
    made = Breaking(at, breaks)
    app = web.Application()
    app.router.add_get("/api/websocket", made.talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.settings = HomeAssistantSettings(f"http://127.0.0.1:{runner.addresses[0][1]}", Secret("x"))
    yield made
    await runner.cleanup()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for long."""
    monkeypatch.setattr(ha_connection, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(ha_connection, "QUIET_S", 0.1)
    monkeypatch.setattr(ha_registry, "RETRY_S", 0.05)


@pytest.mark.parametrize("at", ["connect", "nonsense", "auth", "get_config", "subscribe_entities", "sign of life", "events"])
async def test_it_is_found_again(at: str, caplog: pytest.LogCaptureFixture) -> None:
    """Wherever it breaks off, twice, it is told as away, and connected to when it is there."""
    caplog.set_level(logging.WARNING)
    async with breaking(at, 2) as home:
        adapter = HomeAssistantAdapter(HOUSE, home.settings)
        await adapter.start()
        await eventually(lambda: home.breaks == 0 and "it" in adapter.states(), 5)
        await adapter.stop()
    assert "Home Assistant cannot be reached" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("at", ["connect", "subscribe_events"])
async def test_registries_are_watched_on(at: str) -> None:
    """What did not end in its own time is begun anew."""
    seen: list[bool] = []
    async with breaking(at, 2) as home:
        watching = asyncio.create_task(watch_registries(home.settings, lambda: seen.append(True)))
        await eventually(lambda: bool(seen), 5)
        watching.cancel()
        await asyncio.wait([watching])
        assert watching.cancelled()


@pytest.mark.parametrize("at", ["connect", "get_config", "get_states"])
async def test_reading_registries(at: str) -> None:
    """Is unavailable, and no traceback."""
    async with breaking(at, 9) as home:
        with pytest.raises(Unavailable, match="cannot be reached at"):
            await asyncio.to_thread(read_registries, home.settings)
