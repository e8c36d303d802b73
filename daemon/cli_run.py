"""`octopus run`: the daemon."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from octopus_hub.daemon.app import Setting
from octopus_hub.daemon.cli import EX_OK, Found, Parser, add_config_option, find, look_up, read
from octopus_hub.daemon.importing import import_into
from octopus_hub.daemon.places import socket_path
from octopus_hub.daemon.process import run_process

logger = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str]) -> int:
    """Runs until it is told to stop."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # not before there is something to reload
    parser = Parser(prog="octopus run", description="Runs the daemon; without a configuration the demo house.")
    add_config_option(parser)
    parser.add_argument("--log-level", choices=LEVELS, default="info", help="what is logged (default: info)")
    options = parser.parse_args(arguments)
    start_logging(options.log_level)
    found = find(options.config)
    if found.is_demo:
        logger.info("no configuration found, so this is the demo house; its devices are virtual")
    from octopus_hub.daemon.loading import load_interpreter  # the runtime takes a while

    run_process(found.config, load_interpreter(found.config.hub, found.state), setting_of(found))
    return EX_OK


def setting_of(found: Found) -> Setting:
    """Where the daemon of this configuration runs."""
    return Setting(
        state=found.state,
        socket=socket_path(found.state, os.environ),
        configuration=str(found.directory.resolve()),
        read_again=lambda: read(found.directory),
        for_group="RUNTIME_DIRECTORY" in os.environ,
        import_again=None if found.is_demo else lambda: _import_again(found.directory),
    )


def _import_again(directory: Path) -> bool:
    done = import_into(look_up(directory), "home-assistant", remove=True)
    for what in ("added", "changed", "kept", "removed"):
        for line in getattr(done.difference, what):
            logger.info("import %s %s", what, line)
    return done.is_written


def start_logging(level: str) -> None:
    """Lines on stderr; without a time where systemd's journal adds one."""
    time = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=level.upper(), format=f"{time}%(levelname)s %(name)s: %(message)s")
