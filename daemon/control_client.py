"""Asking the running daemon over its Unix socket; blocking, for the command line."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from octopus_hub.config.errors import HubError, InputError, UnavailableService
from octopus_hub.daemon.wire import dump, read_json

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 130.0


class ControlDenied(HubError):
    """The daemon's socket is not for this user (EX_NOPERM)."""

    exit_code = 77


def ask(paths: Iterable[Path], request: Mapping[str, object]) -> Mapping[str, object] | None:
    """The answer of the daemon that listens on one of `paths`; None if none does.

    Raises InputError with the daemon's words, ControlDenied where none answers and one is not for this user, and
    UnavailableService when it breaks off.
    """
    denied: tuple[Path, PermissionError] | None = None
    for path in paths:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONNECT_TIMEOUT_S)
            try:
                connection.connect(str(path))
            except PermissionError as error:
                denied = path, error
                continue
            except OSError:
                continue
            answer = _exchange(connection, path, request)
        if "error" in answer:
            raise InputError(str(answer["error"]))
        return answer
    if denied is not None:
        raise ControlDenied(f"{denied[0]}: you may not command this hub; ask to be in the group of that socket") from denied[1]
    return None


def status_of(paths: Sequence[Path], problem: HubError | None = None) -> Mapping[str, object]:
    """How the daemon is that listens on one of `paths`. Raises as `ask`, and where none does `problem`, else UnavailableService."""
    answer = ask(paths, {"op": "status"})
    if answer is None:
        raise problem or UnavailableService(f"no daemon runs: nobody listens on {' or '.join(map(str, paths))}")
    status = answer["status"]
    if not isinstance(status, dict):
        raise UnavailableService("expected a JSON object as the daemon's status; does another version run?")
    return status


def _exchange(connection: socket.socket, path: Path, request: Mapping[str, object]) -> Mapping[str, object]:
    connection.settimeout(ANSWER_TIMEOUT_S)
    try:
        connection.sendall(dump(request) + b"\n")
        with connection.makefile("rb") as stream:
            line = stream.readline()
    except OSError as error:
        raise UnavailableService(f"the daemon at {path} broke off: {error}") from error
    if not line.endswith(b"\n"):
        raise UnavailableService(f"the daemon at {path} hung up without an answer")
    return read_json(line.decode())
