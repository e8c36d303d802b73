"""The daemon as a process: signals, and an end that comes within two seconds whatever hangs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading

from octopus_hub.config.loader import Config
from octopus_hub.daemon.app import App, Setting, build_app
from octopus_hub.daemon.brain import LiveInterpreter

logger = logging.getLogger(__name__)

LONGEST_END_S = 1.9


def run_process(config: Config, interpreter: LiveInterpreter, setting: Setting) -> None:
    """Runs the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises HubError."""
    asyncio.run(_run(build_app(config, interpreter, setting)))


async def _run(app: App) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, app)
    loop.add_signal_handler(signal.SIGHUP, app.reload)
    await app.run()


def _stop(app: App) -> None:
    """Asks for the end. A thread that is stuck (a name server, a model step) could hold it up: then it comes without it."""
    app.stop()
    watchdog = threading.Timer(LONGEST_END_S, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()
