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

    Raises InputError with the daemon's words, ControlDenied, and UnavailableService when it breaks off.
    """
    for path in paths:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONNECT_TIMEOUT_S)
            try:
                connection.connect(str(path))
            except PermissionError as error:
                raise ControlDenied(f"{path}: you may not command this hub; ask to be in the group of that socket") from error
            except OSError:
                continue
            answer = _exchange(connection, path, request)
        if "error" in answer:
            raise InputError(str(answer["error"]))
        return answer
    return None


def status_of(paths: Sequence[Path]) -> Mapping[str, object]:
    """How the daemon is that listens on one of `paths`. Raises UnavailableService where none does, else as `ask`."""
    answer = ask(paths, {"op": "status"})
    if answer is None:
        raise UnavailableService(f"no daemon runs: nobody listens on {' or '.join(map(str, paths))}")
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
