"""Tasks that run on their own: one that ends as it should not is told in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger(__name__)


def spawn(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """A task that does the work; what it fails with is logged, and that it was cancelled by what it waited for."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_failure)
    return task


def _tell_failure(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        if not task.cancelling():
            logger.error("task ended name=%s error=what it waited for was cancelled", task.get_name())
    elif error := task.exception():
        logger.error("task ended name=%s error=%r", task.get_name(), error, exc_info=error)
