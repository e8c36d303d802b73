"""The queues: order, fairness, limits, and exactly one final Outcome for what was accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from octopus_hub.config.plan import Command, Outcome, Status
from octopus_hub.daemon import intake as intake_module
from octopus_hub.daemon.intake import Intake
from octopus_hub.daemon.journal import JournalError
from octopus_hub.daemon.journal_thread import JournalThread
from octopus_hub.daemon.submission import Address, Channel, Handled, Report, Submission

T = TypeVar("T")

MQTT = Address(Channel.MQTT)


def submission(command_id: str, source: str = "me") -> Submission:
    """A command whose text is its id."""
    return Submission(Command(command_id, command_id, source, 0.0), MQTT)


def done(each: Submission, status: Status = Status.DONE, *, final: bool = True) -> Report:
    """A report about a command."""
    return Report(Outcome(each.command.id, status, each.command.text, final=final))


class Desk:
    """An intake with a real journal; commands are done when `gate` is open, and what was delivered is listed."""

    def __init__(self, journal: JournalThread, tasks: asyncio.TaskGroup, queue_size: int) -> None:
        self.journal = journal
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun: list[str] = []
        self.delivered: list[tuple[str, str]] = []
        self.reachable = True
        self.handle: Callable[[Submission], Awaitable[Handled]] = self._done
        self.intake = Intake(journal, self._handle, tasks, queue_size)

    async def submit(self, command_id: str, source: str = "me") -> None:
        """Submits a command."""
        await self.intake.submit(submission(command_id, source), self._deliver)

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        async with asyncio.timeout(2):
            while self.intake.waiting:  # noqa: ASYNC110  # no event says so
                await asyncio.sleep(0)

    async def _handle(self, each: Submission, waited_s: float) -> Handled:
        self.begun.append(each.command.id)
        return await self.handle(each)

    async def _done(self, each: Submission) -> Handled:
        await self.gate.wait()
        return Handled(done(each))

    async def _deliver(self, report: Report) -> bool:
        if self.reachable:
            self.delivered.append((report.outcome.command_id, str(report.outcome.status)))
        return self.reachable


@asynccontextmanager
async def desk(path: Path, queue_size: int = 2) -> AsyncIterator[Desk]:
    """A desk while inside."""
    journal = await JournalThread.open(path / "journal.db", keep_text=True, days=7)
    try:
        async with asyncio.TaskGroup() as tasks:
            yield Desk(journal, tasks, queue_size)
    finally:
        await journal.close()


async def test_commands_of_a_source_are_done_in_order(tmp_path: Path) -> None:
    """One after the other, as they came."""
    async with desk(tmp_path, 5) as one:
        for number in range(5):
            await one.submit(f"c-{number}")
        await one.settle()
        assert one.begun == [f"c-{number}" for number in range(5)]
        assert one.delivered == [(f"c-{number}", "done") for number in range(5)]


async def test_sources_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A source whose command takes long holds up only itself."""
    async with desk(tmp_path) as one:
        one.gate.clear()
        await one.submit("slow", "me")
        await one.submit("later", "me")
        await one.submit("other", "you")
        await asyncio.sleep(0)
        assert one.begun == ["slow", "other"]
        one.gate.set()
        await one.settle()


async def test_a_full_queue_is_busy(tmp_path: Path) -> None:
    """What finds no room is answered at once, and its id may come again."""
    async with desk(tmp_path, 2) as one:
        one.gate.clear()
        for command_id in ("c-1", "c-2", "c-3"):
            await one.submit(command_id)
        await one.submit("c-4", "you")
        assert one.delivered == [("c-3", "busy")]
        one.gate.set()
        await one.settle()
        await one.submit("c-3")
        await one.settle()
        assert one.delivered[-1] == ("c-3", "done")


async def test_many_sources_can_not_fill_the_memory(tmp_path: Path) -> None:
    """The number of commands under way is bounded over all sources."""
    async with desk(tmp_path, 1) as one:
        one.gate.clear()
        for number in range(intake_module.MOST_SOURCES + 1):
            await one.submit(f"c-{number}", f"s-{number}")
        assert one.delivered == [(f"c-{intake_module.MOST_SOURCES}", "busy")]
        one.gate.set()
        await one.settle()


async def test_an_id_is_carried_out_once(tmp_path: Path) -> None:
    """The second one is answered as a duplicate, also by the next process."""
    async with desk(tmp_path) as one:
        await one.submit("c-1")
        await one.settle()
        await one.submit("c-1")
        assert one.delivered == [("c-1", "done"), ("c-1", "duplicate")]
    async with desk(tmp_path) as another:
        await another.submit("c-1")
        assert (another.begun, another.delivered) == ([], [("c-1", "duplicate")])


async def test_without_a_journal_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be noted first is not carried out."""

    async def refuse(self: JournalThread, submission: Submission) -> bool:
        raise JournalError("disk full")

    monkeypatch.setattr(JournalThread, "accept", refuse)
    async with desk(tmp_path) as one:
        await one.submit("c-1")
        assert (one.begun, one.delivered) == ([], [("c-1", "failed")])
        assert one.intake.waiting == 0


async def test_what_was_cut_off_is_interrupted_at_the_next_start(tmp_path: Path) -> None:
    """A command without an Outcome in the journal gets one, once, and is not carried out."""
    journal = await JournalThread.open(tmp_path / "journal.db", keep_text=True, days=7)
    await journal.accept(submission("c-1"))
    await journal.close()
    async with desk(tmp_path) as one:
        assert await one.intake.recover() == 1
        assert await one.intake.recover() == 0
        sent: list[Mapping[str, object]] = []
        await one.intake.deliver_rest(lambda item: _note(sent, item.outcome))
        await one.intake.deliver_rest(lambda item: _note(sent, item.outcome))
        assert [(outcome["command_id"], outcome["status"]) for outcome in sent] == [("c-1", "interrupted")]
        assert one.begun == []


async def _note(sent: list[T], outcome: T) -> bool:
    sent.append(outcome)
    return True


async def test_an_outcome_that_did_not_arrive_is_delivered_later(tmp_path: Path) -> None:
    """What the broker did not take is offered again after the next connect, until it does."""
    async with desk(tmp_path) as one:
        one.reachable = False
        await one.submit("c-1")
        await one.settle()
        sent: list[object] = []

        async def fail(item: object) -> bool:
            return False

        await one.intake.deliver_rest(fail)
        await one.intake.deliver_rest(lambda item: _note(sent, item.outcome["status"]))
        await one.intake.deliver_rest(lambda item: _note(sent, item.outcome["status"]))
        assert sent == ["done"]


async def test_stopping_interrupts_what_takes_too_long(tmp_path: Path) -> None:
    """At the end the command under way and those behind it are told as interrupted, and nothing more is taken."""
    async with desk(tmp_path) as one:
        one.gate.clear()
        await one.submit("c-1")
        await one.submit("c-2")
        await one.intake.stop(0.01)
        await one.submit("c-3")
        assert one.begun == ["c-1"]
        assert one.delivered == [("c-1", "interrupted"), ("c-2", "interrupted"), ("c-3", "busy")]


async def test_what_is_noted_only_when_the_end_has_come_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that the journal takes after the stop gets its Outcome and is not carried out."""
    noted, accept = asyncio.Event(), JournalThread.accept

    async def accept_late(self: JournalThread, submission: Submission) -> bool:
        await noted.wait()
        return await accept(self, submission)

    monkeypatch.setattr(JournalThread, "accept", accept_late)
    async with desk(tmp_path) as one:
        submitting = asyncio.create_task(one.submit("c-1"))
        await asyncio.sleep(0)
        await one.intake.stop(0.01)
        noted.set()
        await submitting
        assert (one.begun, one.delivered) == ([], [("c-1", "interrupted")])
        assert one.intake.waiting == 0


async def test_stopping_waits_for_what_is_nearly_done(tmp_path: Path) -> None:
    """A command that ends within the grace is told as it ended."""
    async with desk(tmp_path) as one:
        one.gate.clear()
        await one.submit("c-1")
        asyncio.get_running_loop().call_later(0.01, one.gate.set)
        await one.intake.stop(1.0)
        assert one.delivered == [("c-1", "done")]


async def test_a_question_is_open_until_it_is_settled(tmp_path: Path) -> None:
    """A report that is not final is delivered, and the final one follows exactly once."""
    async with desk(tmp_path) as one:

        async def ask(each: Submission) -> Handled:
            return Handled(done(each, Status.QUESTION, final=False))

        one.handle = ask
        await one.submit("c-1")
        async with asyncio.timeout(2):
            while not one.delivered:  # noqa: ASYNC110  # no event says so
                await asyncio.sleep(0)
        final = done(submission("c-1"), Status.REFUSED)
        await one.intake.settle("me", final)
        await one.intake.settle("me", final)
        assert one.delivered == [("c-1", "question"), ("c-1", "refused")]
        assert one.intake.waiting == 0
