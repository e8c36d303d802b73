"""Carrying calls out, in order, and telling what became of them; questions and the hub's own functions are answered here.

Knows devices only by the protocol below. Never claims more than was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from octopus_hub.config.house import DeviceState, House
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon.answers import ANSWERED, answer
from octopus_hub.daemon.replies import Code, Refusal, refuse
from octopus_hub.daemon.reports import tell


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a call: one result a device, and for each that failed why."""

    results: tuple[Result, ...]
    codes: tuple[Code | None, ...] = ()


class Devices(Protocol):
    """What the hub needs of the devices."""

    def states(self) -> Mapping[str, DeviceState]:
        """What is known now, by device id."""
        ...

    async def carry_out(self, call: Call) -> Carried:
        """Sends, and waits to see it. What failed is in the results."""
        ...


@dataclass(frozen=True, slots=True)
class Performance:
    """What became of all calls of a command."""

    status: Status
    say: str
    results: tuple[Result, ...] = ()
    code: Code | None = None


class Performer:
    """Carries out the calls of one command; `last_said` is what was said to its source before.

    `denial` tells why a call is not allowed as things are now: while one device is waited for, another may begin to move.
    """

    def __init__(
        self, house: House, devices: Devices, now: datetime, last_said: str, denial: Callable[[Call], Refusal | None]
    ) -> None:
        self._house = house
        self._devices = devices
        self._now = now
        self._last_said = last_said
        self._denial = denial

    async def perform(self, calls: Sequence[Call]) -> Performance:
        """All calls, one after the other; none where one of them is nothing that the hub can do.

        The first is allowed already; one that is denied later fails, and the others are carried out.
        """
        if not all(map(_can_be_done, calls)):
            return Performance(Status.REFUSED, refuse(Code.UNSUPPORTED), code=Code.UNSUPPORTED)
        said: list[str] = []
        acted: list[tuple[Call, Carried]] = []
        results: list[Result] = []
        codes: list[Code | None] = []
        for call in calls:
            if call.function in HUB_ANSWERS or call.function in ANSWERED:
                sentence, code = self._answer(call)
                said.append(sentence)
            elif acted and (denial := self._denial(call)) is not None:
                said.append(denial.text)
                results += [Result(device_id, call.function, Status.FAILED, denial.text) for device_id in call.device_ids]
                code = denial.code
            else:
                carried = await self._devices.carry_out(call)
                acted.append((call, carried))
                results += carried.results
                code = _first(carried.codes)
            codes.append(code)
        told = [self._tell(acted)] if acted else []
        return Performance(status_of(results), " ".join(told + said), tuple(results), _first(codes))

    def _tell(self, acted: Sequence[tuple[Call, Carried]]) -> str:
        results = [result for _, carried in acted for result in carried.results]
        codes = [code for _, carried in acted for code in carried.codes or [None] * len(carried.results)]
        return tell([call for call, _ in acted], results, self._house, codes)

    def _answer(self, call: Call) -> tuple[str, Code | None]:
        if call.function == "repeat":
            return self._last_said or "I haven't said anything yet.", None
        if call.function == "cancel":
            return "All right.", None
        found = answer(call, self._house, self._devices.states(), self._now)
        return found.text, found.code


def _first(codes: Iterable[Code | None]) -> Code | None:
    return next((code for code in codes if code is not None), None)


def status_of(results: Sequence[Result]) -> Status:
    """One status for all results, claiming no more than the least that was seen; `answered` where no device was asked."""
    found = {result.status for result in results}
    if not found:
        return Status.ANSWERED
    if len(found) == 1:
        return found.pop()
    return Status.SENT if found == {Status.DONE, Status.SENT} else Status.PARTLY


HUB_ANSWERS = frozenset({"repeat", "cancel"})
"""What the hub answers out of its own memory."""


def _can_be_done(call: Call) -> bool:
    """Timers, reminders, alarm clocks and "undo" without a device would be the hub's own, and it has none yet."""
    return bool(call.device_ids) or call.function in HUB_ANSWERS or call.function in WITHOUT_DEVICE


WITHOUT_DEVICE = frozenset({"get_time", "get_date"})
"""Questions that need no device."""
