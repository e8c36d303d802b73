"""The journal, awaited: its blocking calls made in one thread of their own, so that a slow disk holds up nobody's inference."""

from __future__ import annotations

from pathlib import Path

from octopus_hub.daemon.journal import Journal, Undelivered
from octopus_hub.daemon.submission import Report, Submission
from octopus_hub.daemon.worker import Worker

TIMEOUT_S = 5.0


class JournalThread:
    """`Journal`'s calls as coroutines. All raise JournalError, and DeadlineExceeded when the disk hangs."""

    def __init__(self, journal: Journal, worker: Worker) -> None:
        self._journal = journal
        self._worker = worker

    @classmethod
    async def open(cls, path: Path, *, keep_text: bool, days: float) -> JournalThread:
        """Opens the journal in a new thread."""
        worker = Worker("journal")
        journal = await worker.run(lambda: Journal(path, keep_text=keep_text, days=days), TIMEOUT_S)
        return cls(journal, worker)

    async def accept(self, submission: Submission) -> bool:
        """Notes a command; False if its id was seen before."""
        return await self._worker.run(lambda: self._journal.accept(submission), TIMEOUT_S)

    async def finish(self, source: str, report: Report, *, at: float) -> None:
        """Notes the final Outcome."""
        await self._worker.run(lambda: self._journal.finish(source, report, at=at), TIMEOUT_S)

    async def mark_delivered(self, source: str, command_id: str) -> None:
        """Notes that the Outcome arrived."""
        await self._worker.run(lambda: self._journal.mark_delivered(source, command_id), TIMEOUT_S)

    async def unfinished(self) -> list[tuple[str, str, str]]:
        """Source, id and text of what was cut off."""
        return await self._worker.run(self._journal.unfinished, TIMEOUT_S)

    async def undelivered(self) -> list[Undelivered]:
        """Outcomes that still have to reach the broker."""
        return await self._worker.run(self._journal.undelivered, TIMEOUT_S)

    async def purge(self, now: float) -> int:
        """Removes what is too old."""
        return await self._worker.run(lambda: self._journal.purge(now), TIMEOUT_S)

    async def close(self) -> None:
        """Closes the file and ends the thread."""
        try:
            await self._worker.run(self._journal.close, TIMEOUT_S)
        finally:
            self._worker.stop()
