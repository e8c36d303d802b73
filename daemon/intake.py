"""Commands in, in order: one queue a source, so that sources don't wait for each other's devices; bounded, journaled, each once.

Knows neither MQTT nor what a command does: both are handed in as functions. A submission is answered at once with `busy` or
`duplicate`, or it is accepted, and then gets exactly one final Outcome, from here or, after a crash, from the next start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from octopus_hub.config.errors import HubError
from octopus_hub.config.plan import Command, Outcome, Status
from octopus_hub.daemon.journal import Undelivered
from octopus_hub.daemon.journal_thread import JournalThread
from octopus_hub.daemon.replies import Code, refuse
from octopus_hub.daemon.submission import Handled, Report, Submission

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_SOURCES = 8
"""So many sources may fill their queues; a ninth is told to come back."""

NO_JOURNAL = "I can't write my journal, so I did nothing."

Deliver = Callable[[Report], Awaitable[bool]]
"""Brings a report to whoever asked; False if it has to be tried again after the next connect."""

Handle = Callable[[Submission, float], Awaitable[Handled]]
"""Carries a command out; the float says how many seconds it waited in its queue. Raises no HubError."""


@dataclass(frozen=True, slots=True)
class _Ticket:
    submission: Submission
    deliver: Deliver
    queued_at_s: float


class Intake:
    """The queues, of `queue_size` commands each. Tasks run in `tasks`, one for each source that has something to do.

    `has_leftovers` says that an Outcome did not arrive.
    """

    def __init__(self, journal: JournalThread, handle: Handle, tasks: asyncio.TaskGroup, queue_size: int) -> None:
        self.queue_size = queue_size
        self._journal = journal
        self._handle = handle
        self._tasks = tasks
        self._queues: dict[str, deque[_Ticket]] = {}
        self._reserved: dict[str, int] = {}
        self._open: dict[tuple[str, str], _Ticket] = {}
        self._concluding: set[tuple[str, str]] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._catching_up = asyncio.Lock()
        self.has_leftovers = False
        self._conclusions: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many commands are queued or under way."""
        return sum(self._reserved.values())

    async def submit(self, submission: Submission, deliver: Deliver) -> None:
        """Queues a command, or answers it at once with `busy`, `duplicate` or `failed` (no journal, no action)."""
        source = submission.command.source
        full = self._reserved.get(source, 0) >= self.queue_size or self.waiting >= self.queue_size * MOST_SOURCES
        if self._stopping or full:
            await deliver(refusal(submission.command, Status.BUSY, Code.BUSY))
            return
        self._reserved[source] = self._reserved.get(source, 0) + 1
        ticket = _Ticket(submission, deliver, time.monotonic())
        answer = await self._accept(ticket)
        if answer is not None:
            self._release(source)
            await deliver(answer)
            return
        self._open[source, submission.command.id] = ticket
        if self._stopping:
            await self._conclude(ticket, interruption(submission.command.id, submission.command.text))
        else:
            self._enqueue(ticket)

    async def recover(self) -> int:
        """Gives what the last process left unfinished its final Outcome, `interrupted`; returns how many."""
        left = await self._journal.unfinished()
        for source, command_id, text in left:
            report = interruption(command_id, text)
            await self._journal.finish(source, report, at=time.time())
        return len(left)

    async def deliver_rest(self, deliver: Callable[[Undelivered], Awaitable[bool]]) -> None:
        """Delivers the Outcomes that the broker has not got yet, but for those just on their way."""
        async with self._catching_up:
            under_way = {*self._open, *self._concluding}  # seen before the journal is, so that none is told twice
            self.has_leftovers = False
            for item in await self._journal.undelivered():
                if (item.source, item.id) in under_way:
                    continue
                if self._stopping or not await self._for_sure(self._deliver_late(item, deliver), f"late outcome of {item.id}"):
                    self.has_leftovers = True
                    return

    async def settle(self, source: str, report: Report) -> None:
        """Gives a command that had been answered with a question its final Outcome."""
        ticket = self._open.get((source, report.outcome.command_id))
        if ticket is not None:
            await self._for_sure(self._conclude(ticket, report), f"outcome of {report.outcome.command_id}")

    async def stop(self, grace_s: float) -> None:
        """Takes nothing more, waits a little for what is under way, and gives the rest the Outcome `interrupted`."""
        self._stopping = True
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=grace_s)
        for task in running:
            task.cancel()
        ending = [*running, *self._conclusions]
        if ending:
            await asyncio.wait(ending, timeout=grace_s)
        for ticket in list(self._open.values()):
            command = ticket.submission.command
            await self._conclude(ticket, interruption(command.id, command.text))

    async def _accept(self, ticket: _Ticket) -> Report | None:
        command = ticket.submission.command
        try:
            if await self._journal.accept(ticket.submission):
                return None
        except HubError as error:
            logger.error("journal refused command_id=%s source=%s error=%s", command.id, command.source, error)
            report = failure(command, NO_JOURNAL)
            self._tasks.create_task(self._disown(command, report), name=f"late note of {command.id}")
            return report
        return refusal(command, Status.DUPLICATE, Code.DUPLICATE)

    def _enqueue(self, ticket: _Ticket) -> None:
        source = ticket.submission.command.source
        self._queues.setdefault(source, deque()).append(ticket)
        if source not in self._running:
            self._running[source] = self._tasks.create_task(self._work(source), name=f"commands of {source}")

    def _release(self, source: str) -> None:
        self._reserved[source] -= 1
        if not self._reserved[source]:
            del self._reserved[source]

    async def _work(self, source: str) -> None:
        """Carries out what the source has queued, in order, and ends when nothing is left."""
        queue = self._queues[source]
        try:
            while queue:
                ticket = queue.popleft()
                handled = await self._handle(ticket.submission, time.monotonic() - ticket.queued_at_s)
                if handled.settled is not None:
                    await self.settle(source, handled.settled)
                await self._for_sure(self._conclude(ticket, handled.report), f"outcome of {ticket.submission.command.id}")
        finally:
            del self._queues[source], self._running[source]

    async def _for_sure(self, conclusion: Coroutine[object, object, T], name: str) -> T:
        """Goes on when whoever waits is cancelled: what was done is not to be told as interrupted, nor told twice."""
        task = self._tasks.create_task(conclusion, name=name)
        self._conclusions.add(task)
        task.add_done_callback(self._conclusions.discard)
        return await asyncio.shield(task)

    async def _deliver_late(self, item: Undelivered, deliver: Callable[[Undelivered], Awaitable[bool]]) -> bool:
        arrived = await deliver(item)
        if arrived:
            await self._mark_delivered(item.source, item.id)
        return arrived

    async def _conclude(self, ticket: _Ticket, report: Report) -> None:
        command = ticket.submission.command
        if not report.outcome.final:
            await ticket.deliver(report)
            _log(command, report)
            return
        key = (command.source, command.id)
        if self._open.pop(key, None) is None:  # somebody else was faster
            return
        self._concluding.add(key)
        _log(command, report)
        await self._note(command.source, report)
        if await ticket.deliver(report):
            await self._mark_delivered(command.source, command.id)
        else:
            self.has_leftovers = True
        self._concluding.discard(key)
        self._release(command.source)

    async def _note(self, source: str, report: Report) -> None:
        """The Outcome in the journal; without it the command would be told as interrupted after the next start."""
        try:
            await self._journal.finish(source, report, at=time.time())
        except HubError as error:
            logger.error("outcome not noted command_id=%s error=%s", report.outcome.command_id, error)

    async def _disown(self, command: Command, report: Report) -> None:
        """A row that was written in spite of the error must not be told as interrupted after the next start."""
        if (command.source, command.id) not in {*self._open, *self._concluding}:
            await self._note(command.source, report)
            await self._mark_delivered(command.source, command.id)

    async def _mark_delivered(self, source: str, command_id: str) -> None:
        try:
            await self._journal.mark_delivered(source, command_id)
        except HubError as error:
            logger.error("delivery not noted command_id=%s error=%s", command_id, error)


def refusal(command: Command, status: Status, code: Code) -> Report:
    """An answer to a command about which nothing was done."""
    return Report(Outcome(command_id=command.id, status=status, text=command.text, say=refuse(code), code=code))


def failure(command: Command, sentence: str) -> Report:
    """An answer to a command that failed before or outside its devices."""
    return Report(Outcome(command_id=command.id, status=Status.FAILED, text=command.text, say=sentence, code=Code.FAILED))


def interruption(command_id: str, text: str) -> Report:
    """The Outcome of a command that the end of the process cut off."""
    outcome = Outcome(command_id, Status.INTERRUPTED, text, say=refuse(Code.INTERRUPTED), code=Code.INTERRUPTED)
    return Report(outcome)


def _log(command: Command, report: Report) -> None:
    outcome = report.outcome
    functions = ",".join(call.function for call in outcome.calls) or "-"
    logger.info(
        "command command_id=%s source=%s status=%s code=%s functions=%s total_ms=%.1f",
        *(command.id, command.source, outcome.status, outcome.code or "-", functions, outcome.times_ms.get("total", 0.0)),
    )
