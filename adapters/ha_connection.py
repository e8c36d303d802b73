"""The live half of Home Assistant: one WebSocket, kept up, with the states of our entities in memory.

The client is hass-client (one reader, a future a command). What it leaves to its user is here: a lost connection is opened again
after 0.5 s to 30 s, with jitter, and everything is subscribed anew; a token that is refused is tried again once a minute; a
Home Assistant that says nothing for too long is asked something, and given up when it does not answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import ClientSession
from hass_client import HomeAssistantClient
from hass_client.exceptions import AuthenticationFailed, BaseHassClientError, FailedCommand

from octopus_hub.adapters.ha_states import apply
from octopus_hub.config.errors import AdapterError, Rejected, Unauthorized, Unavailable
from octopus_hub.config.house import DeviceState
from octopus_hub.config.hub import HomeAssistantSettings

FIRST_RETRY_S, LAST_RETRY_S, REFUSED_RETRY_S = 0.5, 30.0, 60.0
JITTER = 0.3
ANSWER_S = 5.0
"""How long Home Assistant may take for what it has in memory."""
QUIET_S = 20.0
"""After so long without a sign of life it is asked for one."""
NAME = "home_assistant"
NOT_UNDERSTOOD = (asyncio.InvalidStateError, LookupError, TypeError, ValueError)
"""What hass-client and aiohttp raise where the other end breaks off, or is no Home Assistant."""

logger = logging.getLogger(__name__)

Changed = Callable[[frozenset[str]], None]


class Connection:
    """To one Home Assistant. `changed` is called with the ids of entities whenever some have other states; `problem` is why there
    is no connection."""

    def __init__(self, settings: HomeAssistantSettings, entity_ids: Sequence[str], changed: Changed) -> None:
        self._settings = settings
        self._entity_ids = list(entity_ids)
        self._changed = changed
        self._client: HomeAssistantClient | None = None
        self.problem: AdapterError = self._away("not connected yet")
        self._quiet = asyncio.Event()
        self._was_up = False
        self.states: dict[str, DeviceState] = {}
        self.unit = "°C"

    @property
    def is_up(self) -> bool:
        """Are the states those of now?"""
        return self._client is not None

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                await self._live()
                was_up = self._lost(self._away("the connection was closed"))
            except AuthenticationFailed as error:
                self._lost(Unauthorized(f"Home Assistant refuses the token: {error}", adapter=NAME))
                await _pause(REFUSED_RETRY_S)
                continue
            except (BaseHassClientError, OSError, TimeoutError) as error:
                was_up = self._lost(self._away(str(error) or type(error).__name__))
            wait_s = FIRST_RETRY_S if was_up else min(LAST_RETRY_S, 2 * wait_s)
            await _pause(wait_s)

    async def call(self, service: str, entity_ids: Sequence[str], data: Mapping[str, Any]) -> None:
        """Call a service; returns when Home Assistant has. Raises Unavailable, Unauthorized, Rejected."""
        domain, _, name = service.partition(".")
        await self._command(
            "call_service", domain=domain, service=name, service_data=dict(data), target={"entity_id": list(entity_ids)}
        )

    async def list_items(self, entity_id: str) -> list[str]:
        """What is still to be done on a list. Raises as `call`."""
        answer = await self._command("todo/item/list", entity_id=entity_id)
        items = answer.get("items", []) if isinstance(answer, Mapping) else []
        return [str(item.get("summary", "")) for item in items if item.get("status") != "completed"]

    async def forecast(self, entity_id: str, step: str) -> list[Mapping[str, Any]]:
        """The weather that comes, `daily` or `hourly`, as Home Assistant has it. Raises as `call`."""
        answer = await self._command(
            "call_service", domain="weather", service="get_forecasts", service_data={"type": step},
            target={"entity_id": entity_id}, return_response=True,
        )  # fmt: skip
        told = answer.get("response", {}).get(entity_id, {}) if isinstance(answer, Mapping) else {}
        return list(told.get("forecast") or ())

    async def _command(self, command: str, **more: Any) -> Any:
        client = self._client
        if client is None:
            raise self.problem
        try:
            return await client.send_command(command, **more)
        except FailedCommand as error:
            raise Rejected(f"Home Assistant says: {error}", adapter=NAME) from error
        except (BaseHassClientError, OSError) as error:
            raise self._away(str(error) or "the connection was closed") from error
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise self._away("the connection was closed") from None  # hass-client cancels what waits for an answer

    # One connection

    async def _live(self) -> None:
        """Connect and stay until the connection is lost. Raises what hass-client raises, OSError, TimeoutError."""
        try:
            async with session(self._settings, self._learn) as (client, listening):
                self._up(client)
                await self._watch(client, listening)
        finally:
            self._client = None

    async def _learn(self, client: HomeAssistantClient) -> None:
        """The unit of temperature, and all states: the stream begins with them."""
        config: Mapping[str, Any] = await client.get_config()
        self.unit = str(config.get("unit_system", {}).get("temperature", self.unit))
        self.states.clear()
        first = asyncio.Event()

        def told(event: Mapping[str, Any]) -> None:
            changed = apply(self.states, event)
            first.set()
            self._quiet.set()
            self._changed(frozenset(changed))

        await client.subscribe_entities(told, self._entity_ids)
        await first.wait()

    def _up(self, client: HomeAssistantClient) -> None:
        self._client, self._was_up = client, True
        missing = sorted(set(self._entity_ids) - set(self.states))
        logger.info("connected url=%s version=%s entities=%d", self._settings.url, client.version, len(self.states))
        if missing:
            logger.warning("entities that Home Assistant does not have count=%d: %s", len(missing), ", ".join(missing))
        self._changed(frozenset(self.states))

    async def _watch(self, client: HomeAssistantClient, listening: asyncio.Task[None]) -> None:
        """Until the reader ends, or Home Assistant has stopped answering."""
        while not listening.done():
            self._quiet.clear()
            sign = asyncio.create_task(self._quiet.wait())
            done, _ = await asyncio.wait({listening, sign}, timeout=QUIET_S, return_when=asyncio.FIRST_COMPLETED)
            sign.cancel()
            if not done:
                async with asyncio.timeout(ANSWER_S):
                    await client.get_config()
        if listening.cancelled():
            return
        if error := listening.exception():
            raise error

    def _lost(self, problem: AdapterError) -> bool:
        """Say once why, and forget the states: they are those of then. Was there a connection?"""
        was_up, self._was_up = self._was_up, False
        if was_up or str(problem) != str(self.problem):
            logger.warning("home assistant away url=%s error=%s", self._settings.url, problem)
        self.problem = problem
        gone = frozenset(self.states)
        self.states.clear()
        self._changed(gone)
        return was_up

    def _away(self, why: str) -> Unavailable:
        return Unavailable(f"Home Assistant cannot be reached: {why}", adapter=NAME)


@asynccontextmanager
async def session(
    settings: HomeAssistantSettings, begin: Callable[[HomeAssistantClient], Awaitable[None]] | None = None
) -> AsyncIterator[tuple[HomeAssistantClient, asyncio.Task[None]]]:
    """A client, and the task that reads what Home Assistant says, which ends with the connection. Connecting and `begin` have
    `ANSWER_S` together. Raises what hass-client raises, OSError (also where the connection ends in the middle), TimeoutError."""
    async with ClientSession() as http:  # hass-client leaves its own open where it could not connect
        client = HomeAssistantClient(websocket_url(settings.url), settings.token.value, http)
        listening: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(ANSWER_S):
                await client.connect()
                listening = asyncio.create_task(client.start_listening(), name="home assistant")
                if begin is not None:
                    await begin(client)
            yield client, listening
        except NOT_UNDERSTOOD as error:
            raise OSError(f"no answer of a Home Assistant: {error!r}") from error
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise OSError("the connection was closed") from None  # hass-client cancels what waits for an answer
        finally:
            with suppress(BaseHassClientError, OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await client.disconnect()
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


def _is_cancelled() -> bool:
    """Was this task cancelled, and not only what it waits for?"""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds * random.uniform(1 - JITTER, 1 + JITTER))


def websocket_url(url: str) -> str:
    """ "http://house:8123" → "ws://house:8123/api/websocket"."""
    return f"ws{url.removeprefix('http')}/api/websocket"
