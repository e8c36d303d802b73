"""The interpreter, awaited: one thread for its blocking calls, one sentence at a time, each with its own deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from octopus_hub.config.house import House
from octopus_hub.config.plan import Correction, Plan
from octopus_hub.daemon.worker import Worker

GRACE_S = 1.0
"""Beyond its deadline: the interpreter checks it between model steps."""

HOUSE_TIMEOUT_S = 300.0
"""Reading a large house into the prefix takes a Raspberry Pi a while."""


class Interpreter(Protocol):
    """`octopus_hub.models.interpreter`: blocking, used from one thread."""

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """What the text means in the house that is set. Raises DecodeError, DeadlineExceeded after `deadline_s`."""
        ...

    def set_house(self, house: House) -> None:
        """From now on this house is meant. Raises HubError and keeps the earlier one."""
        ...

    def learn(self, corrections: Sequence[Correction]) -> None:
        """From now on sentences mean what these say, and nothing of what was learnt before."""
        ...


class LiveInterpreter(Interpreter, Protocol):
    """One that hears of devices while it is used."""

    def leave_out(self, cannot: Mapping[str, frozenset[str]]) -> None:
        """From now on these devices, by id, are known not to do these functions."""
        ...


@dataclass(frozen=True, slots=True)
class Understood:
    """A plan, and the house in whose words it is."""

    plan: Plan
    house: House


class Brain:
    """An interpreter with its thread; `house` is what it was built with or was set last."""

    def __init__(self, interpreter: LiveInterpreter, house: House, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._interpreter = interpreter
        self._house = house
        self._worker = Worker("model")
        self._turn = asyncio.Lock()  # first come, first served: sources take turns

    async def interpret(self, text: str) -> Understood:
        """What the text means. Raises DecodeError."""
        async with self._turn:
            deadline_s = self.deadline_s
            plan = await self._worker.run(lambda: self._interpreter.interpret(text, deadline_s), deadline_s + GRACE_S)
            return Understood(plan, self._house)

    async def set_house(self, house: House) -> None:
        """Changes the house between two sentences; where that fails the earlier one stays. Raises HubError."""
        async with self._turn:
            await self._worker.run(lambda: self._interpreter.set_house(house), HOUSE_TIMEOUT_S)
            self._house = house

    async def leave_out(self, cannot: Mapping[str, frozenset[str]]) -> None:
        """Changes, between two sentences, what devices are known not to do."""
        async with self._turn:
            await self._worker.run(lambda: self._interpreter.leave_out(cannot), HOUSE_TIMEOUT_S)

    def close(self) -> None:
        """Starts no more work in the thread."""
        self._worker.stop()
