"""Devices behind Home Assistant: calls become services, and are done when the state shows it.

Home Assistant reports success for entities that are unknown or away, so success is never believed: the entity must be there, and
its state must show the effect. Devices that are told the same at the same moment are told in one service call.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from octopus_hub.adapters.confirmation import state_seen
from octopus_hub.adapters.features import has_feature
from octopus_hub.adapters.ha_connection import NAME, Connection
from octopus_hub.adapters.ha_states import device_state
from octopus_hub.adapters.ha_timers import started_anew, time_left_s
from octopus_hub.adapters.protocol import device_for
from octopus_hub.adapters.services import ServiceCall, translate_for
from octopus_hub.adapters.tasks import spawn
from octopus_hub.adapters.watch import Watch, toggled
from octopus_hub.config.errors import AdapterError, NotConfirmed, Rejected, Unavailable, Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Confirmation
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.hub import HomeAssistantSettings
from octopus_hub.config.plan import Call, Result, Status

START_S = 3.0
FORECAST_S = 1800.0
"""How old the weather of the next days may be."""
FORECASTS = {"forecast": "daily", "hourly_forecast": "hourly"}
"""Attributes beside a weather's own, by what they are a step of."""
AFTER_FAILURE_S = 0.5
"""A service call for several devices fails as a whole when one of them does: so long the others may show that they did it."""
ADDING_UP = frozenset({"step_brightness", "step_volume", "step_fan_speed", "todo_add", "timer_extend"})
"""Functions that do more when they are done twice."""

Key = tuple[str, str]
"""A service and its data: what is told together."""


@dataclass
class _Waiting:
    """A service call that is about to go out, for the devices that joined it."""

    call: ServiceCall
    entity_ids: list[str] = field(default_factory=list)
    is_shared: bool = False
    sent: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class HomeAssistantAdapter:
    """The devices of a house that have a binding to Home Assistant."""

    name = NAME

    def __init__(self, house: House, settings: HomeAssistantSettings) -> None:
        self._house = house
        self._of_entity: dict[str, list[Device]] = {}
        for device in house.devices:
            for entity_id in set(device.home_assistant.values()):
                self._of_entity.setdefault(entity_id, []).append(device)
        self._connection = Connection(settings, sorted(self._of_entity), self._changed)
        self._watch = Watch(NAME, house.devices)
        self._more: dict[str, dict[str, object]] = {}
        self._forecast_at_s: dict[str, float] = {}
        self._up = asyncio.Event()
        self._outbox: dict[Key, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """See `Adapter.start`; goes on trying where it raises."""
        if not self._tasks:
            self._spawn(self._connection.run(), "home assistant connection")
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                await self._up.wait()
        if not self._connection.is_up:
            raise self._connection.problem

    async def stop(self) -> None:
        """See `Adapter.stop`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def states(self) -> Mapping[str, DeviceState]:
        """See `Adapter.states`; none while Home Assistant is away."""
        return self._watch.states()

    async def execute(self, call: Call, device_id: str) -> Result:
        """See `Adapter.execute`."""
        try:
            return await self._execute(call, device_for(call, device_id, self._house, NAME))
        except AdapterError as error:
            error.function, error.device = call.function, device_id
            raise

    async def _execute(self, call: Call, device: Device) -> Result:
        call = await self._decided(call, device)
        services = translate_for(call, device)
        before = self._reachable(device, services)
        if not has_feature(call.function, device.kind, call.arguments, before):
            raise Unsupported(f"{device.name} cannot {call.function}", adapter=NAME)
        is_sent = by_name()[call.function].confirmation is Confirmation.SENT
        told = [self._tell(service) for service in services]
        failure = await _failure(waiting.sent for waiting in told)
        if is_sent:
            if failure is not None:
                raise failure
            return Result(device.id, call.function, Status.SENT)
        if failure is not None:
            after = await self._alone(call, device, before, services, failure, is_shared=any(waiting.is_shared for waiting in told))
        else:
            after = await self._watch.seen(call, device, before)
        return Result(device.id, call.function, Status.DONE, state_seen(after))

    async def _alone(
        self,
        call: Call,
        device: Device,
        before: DeviceState,
        services: tuple[ServiceCall, ...],
        failure: BaseException,
        *,
        is_shared: bool,
    ) -> DeviceState:
        """After a failure: one of several devices that were told together may have refused for all, so each is told on its own; but
        what does more when it is done twice is not repeated. A timer that may not get longer is started anew. Raises `failure`."""
        if isinstance(failure, Rejected) and call.function == "timer_extend" and (left_s := time_left_s(before)) is not None:
            services = (started_anew(services[0], left_s),)
        elif not is_shared or not isinstance(failure, Rejected) or call.function in ADDING_UP:
            raise failure
        else:
            with suppress(NotConfirmed):
                return await self._watch.seen(call, device, before, AFTER_FAILURE_S)
        for service in services:
            await self._connection.call(service.service, service.entity_ids, service.data)
        return await self._watch.seen(call, device, before)

    async def _decided(self, call: Call, device: Device) -> Call:
        """The call as it is now: not every domain has a toggle, and an item of a list is spelt as on the list."""
        arguments = dict(toggled(call, self._watch.get(device.id)))
        if call.function in ("todo_complete", "todo_remove"):
            entity_id, asked = device.home_assistant.get("main", ""), str(arguments["item"]).casefold()
            await self._read_list(entity_id)
            listed = self._more.get(entity_id, {}).get("items", ())
            assert isinstance(listed, Sequence)
            arguments["item"] = next((item for item in listed if item.casefold() == asked), arguments["item"])
        return replace(call, arguments=arguments)

    def _reachable(self, device: Device, services: tuple[ServiceCall, ...]) -> DeviceState:
        """The state before the call, if there is one of every entity that will be told."""
        if not self._connection.is_up:
            raise self._connection.problem
        for entity_id in (entity_id for service in services for entity_id in service.entity_ids if entity_id in self._of_entity):
            state = self._connection.states.get(entity_id)
            if state is None:
                raise Unavailable(f"Home Assistant has no {entity_id}", adapter=NAME)
            if state.state == "unavailable":
                raise Unavailable(f"{device.name} is unavailable", adapter=NAME)
        return self._watch.get(device.id) or DeviceState("unknown")

    # Telling

    def _tell(self, service: ServiceCall) -> _Waiting:
        """Tell Home Assistant, together with what is told now to other entities."""
        key = (service.service, json.dumps(service.data, sort_keys=True))
        waiting = self._outbox.get(key)
        if waiting is None:
            waiting = self._outbox[key] = _Waiting(service)
            asyncio.get_running_loop().call_soon(self._send, key)
        else:
            waiting.is_shared = True
        waiting.entity_ids += [entity_id for entity_id in service.entity_ids if entity_id not in waiting.entity_ids]
        return waiting

    def _send(self, key: Key) -> None:
        waiting = self._outbox.pop(key)
        self._spawn(self._deliver(waiting), f"home assistant {waiting.call.service}")

    async def _deliver(self, waiting: _Waiting) -> None:
        try:
            await self._connection.call(waiting.call.service, waiting.entity_ids, waiting.call.data)
        except AdapterError as error:
            waiting.sent.set_exception(error)
            waiting.sent.exception()  # where nobody waits any more, nothing is to be said of it
        else:
            waiting.sent.set_result(None)

    # States

    def _changed(self, entity_ids: frozenset[str]) -> None:
        """Bring the devices up to date that are bound to these entities."""
        connection = self._connection
        if connection.is_up:
            self._up.set()
        else:
            self._up.clear()
        for device in {device.id: device for entity_id in entity_ids for device in self._of_entity.get(entity_id, ())}.values():
            state = device_state(device, connection.states, connection.unit, self._more)
            self._watch.put(device.id, state)
        for entity_id in entity_ids if connection.is_up else ():
            if entity_id.startswith("todo."):
                self._spawn(self._read_list(entity_id), f"home assistant {entity_id}")
            if entity_id.startswith("weather."):
                self._spawn(self._read_forecast(entity_id), f"home assistant {entity_id}")

    async def _read_list(self, entity_id: str) -> None:
        """A list's items are no part of its state: ask for them, and let them follow."""
        with suppress(AdapterError):
            self._know(entity_id, items=await self._connection.list_items(entity_id))

    async def _read_forecast(self, entity_id: str) -> None:
        """Nor is the weather that comes, which changes slowly. Not every service has both steps."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._forecast_at_s.get(entity_id, -math.inf) + FORECAST_S:
            return
        before_s = self._forecast_at_s.get(entity_id)
        self._forecast_at_s[entity_id] = now_s
        found: dict[str, object] = {}
        for name, step in FORECASTS.items():
            with suppress(AdapterError):
                found[name] = await self._connection.forecast(entity_id, step)
        if found:
            self._know(entity_id, **found)
        else:
            self._forecast_at_s[entity_id] = -math.inf if before_s is None else before_s

    def _know(self, entity_id: str, **more: object) -> None:
        """More is known of an entity than its state tells."""
        self._more[entity_id] = more
        for device in self._of_entity.get(entity_id, ()):
            if state := device_state(device, self._connection.states, self._connection.unit, self._more):
                self._watch.put(device.id, state)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = spawn(work, name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _failure(sent: Iterable[asyncio.Future[None]]) -> BaseException | None:
    """The first failure, when all are done."""
    results = await asyncio.gather(*map(asyncio.shield, sent), return_exceptions=True)
    return next((result for result in results if isinstance(result, BaseException)), None)
