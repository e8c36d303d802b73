"""What the subcommands share: parsers whose usage errors exit with 64, the configuration, and what its results look like."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from octopus_hub.config.errors import HubError
from octopus_hub.config.function_table import adopt
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.loader import Config, demo_directory, load_config
from octopus_hub.daemon.places import find_configuration, socket_candidates, state_directory

EX_OK, EX_FAILED, EX_USAGE = 0, 1, 64
MOST = 2**31 - 1
"""That an option may ask for."""


class Parser(argparse.ArgumentParser):
    """argparse with the exit code of sysexits for a wrong usage."""

    def error(self, message: str) -> NoReturn:
        """One line on stderr."""
        print(f"{self.prog}: {message}; try {self.prog} --help", file=sys.stderr)
        raise SystemExit(EX_USAGE)


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration, where it was found, and where its hub keeps its state."""

    config: Config
    directory: Path
    is_demo: bool
    state: Path


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """`--config DIR`."""
    default = "/etc/octopus-hub, else ~/.config/octopus-hub, else the demo house"
    parser.add_argument("--config", metavar="DIR", type=Path, help=f"the configuration directory (default: {default})")


def count(text: str) -> int:
    """A whole number from 1, as an option's type."""
    if not text.isdecimal() or not 0 < int(text[:20]) <= MOST:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {MOST}, got {text!r}")
    return int(text)


def find(directory: Path | None) -> Found:
    """The configuration that was named, else the one found, else the demo; its own functions are known from then on.
    Raises ConfigError with every problem, and UnavailableService."""
    found = look_up(directory)
    adopt(found.config.functions)
    return found


def try_find(directory: Path | None) -> Found | HubError:
    """As `find`, but gives what it raises: a daemon may serve a configuration that this user can't read."""
    try:
        return find(directory)
    except HubError as error:
        return error


def look_up(directory: Path | None) -> Found:
    """As `find`, for a process that has its functions already: they stay."""
    chosen = directory or find_configuration(os.environ)
    config = read(chosen or demo_directory())
    return Found(config, chosen or demo_directory(), chosen is None, state_directory(config.hub, os.environ))


def read(directory: Path) -> Config:
    """The configuration in a directory, with systemd's credentials where there are some. Raises ConfigError."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return load_config(directory, credentials_directory=Path(credentials) if credentials else None)


def sockets(found: Found | HubError) -> tuple[Path, ...]:
    """Where a daemon may be listening, also for one who can't read the configuration."""
    state = found.state if isinstance(found, Found) else state_directory(HubSettings(), os.environ)
    return socket_candidates(state, os.environ)
