"""One thread for blocking work."""

from __future__ import annotations

import asyncio

import pytest

from octopus_hub.daemon.worker import Worker


async def test_a_cancellation_that_comes_with_the_result_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told to end does not go on to move devices."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()
    monkeypatch.setattr(loop, "run_in_executor", lambda *_: done)
    running = asyncio.create_task(Worker("test").run(lambda: 1, timeout_s=5))
    await asyncio.sleep(0)
    done.set_result(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
