"""One command without a daemon: the same pipeline on the same devices, and a line in the same journal; no journal, no action."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path

from octopus_hub.config.loader import Config
from octopus_hub.daemon.brain import Brain, LiveInterpreter
from octopus_hub.daemon.devices import make_adapters
from octopus_hub.daemon.dispatcher import Dispatcher
from octopus_hub.daemon.journal import Journal
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.pipeline import Pipeline
from octopus_hub.daemon.places import journal_path, make_state
from octopus_hub.daemon.submission import Report, Submission


def say_once(config: Config, interpreter: LiveInterpreter, submission: Submission, state: Path) -> Report:
    """Carries one command out. Raises HubError."""
    make_state(state)
    settings = config.hub.journal
    with closing(Journal(journal_path(config.hub, state), keep_text=settings.keep_text, days=settings.retention_days)) as journal:
        report = asyncio.run(_say(config, interpreter, submission, journal))
        journal.finish(submission.command.source, report, at=time.time())
        journal.mark_delivered(submission.command.source, submission.command.id)
    return report


async def _say(config: Config, interpreter: LiveInterpreter, submission: Submission, journal: Journal) -> Report:
    brain = Brain(interpreter, config.house, config.hub.model.deadline_ms / 1000)
    try:
        await brain.set_house(config.house)
        async with Dispatcher(config.house, make_adapters(config.house, config.hub, server_of(config.hub.mqtt))) as dispatcher:
            journal.accept(submission)
            handled = await Pipeline(config.house, config.hub, brain.interpret, dispatcher).handle(submission)
    finally:
        brain.close()
    return handled.report
