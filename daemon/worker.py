"""One thread for blocking work, awaited from the event loop.

Knows nothing of what it runs. Jobs run one at a time in the order of their calls. A job that overruns its time is left behind,
not waited for; `octopus_hub.daemon.app` sees to it that it can't hold up the end of the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from octopus_hub.config.errors import DeadlineExceeded

T = TypeVar("T")


class Worker:
    """A named thread; `run` hands it a function and waits for the result."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[[], T], timeout_s: float) -> T:
        """The result of `function`, called in the thread. A job not begun when the time is up never begins.

        Raises DeadlineExceeded after `timeout_s` (waiting for earlier jobs included), and what the function raises.
        """
        future = asyncio.get_running_loop().run_in_executor(self._pool, function)
        try:
            async with asyncio.timeout(timeout_s):  # before Python 3.12 wait_for loses a cancellation that comes with the result
                return await future
        except TimeoutError as error:
            raise DeadlineExceeded(f"{self._name}: not done within {timeout_s:g} s") from error

    def stop(self) -> None:
        """Start no more jobs; does not wait for one that runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
