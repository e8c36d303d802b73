"""Where things lie: configuration, state, journal, socket. Decided by settings, then systemd's environment, the XDG defaults."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from octopus_hub.config.errors import UnavailableService
from octopus_hub.config.hub import HubSettings, ModelSettings

SYSTEM_CONFIGURATION = Path("/etc/octopus-hub")
SYSTEM_SOCKET = Path("/run/octopus-hub/control.sock")
SOCKET_NAME = "control.sock"
HOUSE_FILE = "house.yaml"


def find_configuration(environment: Mapping[str, str]) -> Path | None:
    """The directory with a house.yaml that is used when none is named: the system's, else the user's; None if there is none.

    Raises UnavailableService where one of them is not for this user.
    """
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
    for directory in (SYSTEM_CONFIGURATION, Path(home) / "octopus-hub"):
        try:
            if (directory / HOUSE_FILE).is_file():
                return directory
        except OSError as error:
            raise UnavailableService(
                f"expected to see whether {directory} has a {HOUSE_FILE}: {error.strerror}; --config names another directory"
            ) from error
    return None


def state_directory(settings: HubSettings, environment: Mapping[str, str]) -> Path:
    """Where the hub keeps what it writes; not made here."""
    if settings.state_directory is not None:
        return settings.state_directory
    if environment.get("STATE_DIRECTORY"):
        return Path(environment["STATE_DIRECTORY"].split(os.pathsep)[0])
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "/")) / ".local" / "state")
    return Path(base) / "octopus-hub"


def journal_path(settings: HubSettings, state: Path) -> Path:
    """The journal's file."""
    return settings.journal.path or state / "journal.db"


def socket_path(state: Path, environment: Mapping[str, str]) -> Path:
    """Where the daemon listens: systemd's runtime directory if it gave one, else the state directory."""
    runtime = environment.get("RUNTIME_DIRECTORY")
    return Path(runtime.split(os.pathsep)[0]) / SOCKET_NAME if runtime else state / SOCKET_NAME


def socket_candidates(state: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a daemon may be listening, first the user's own."""
    return tuple(dict.fromkeys((socket_path(state, environment), state / SOCKET_NAME, SYSTEM_SOCKET)))


def make_state(state: Path) -> None:
    """The state directory, made if missing, for this user alone. Raises UnavailableService."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(state, error) from error


@contextmanager
def owned_state(state: Path) -> Iterator[None]:
    """The state directory, made if missing, for this process alone. Raises UnavailableService where another has it."""
    make_state(state)
    try:
        descriptor = os.open(state / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(state, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UnavailableService(
            f"another octopus daemon uses {state}; stop it, or give this one a state_directory of its own"
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def _unusable(state: Path, error: OSError) -> UnavailableService:
    return UnavailableService(f"the state directory {state} can't be used: {error.strerror}")


def model_directory(settings: ModelSettings, state: Path) -> Path:
    """Where the built model lies."""
    return settings.directory or state / "model"
