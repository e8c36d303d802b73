"""Every error the hub raises on purpose.

::

    HubError                  exit code 70 unless a subclass says otherwise
    ├─ ConfigError            the installer's fault; carries all problems; 78; never retried
    ├─ InputError             a command is unusable; 65
    ├─ DecodeError            a sentence could not be turned into a plan
    │  ├─ DeadlineExceeded    decoding took longer than it may; the whole plan is discarded
    │  └─ VocabularyMismatch  model and vocabulary do not fit; fatal at start; 78
    └─ AdapterError           carries adapter, function, device
       ├─ Unavailable         transient: retried with jitter
       ├─ Unauthorized        not retried quickly
       ├─ Rejected            the device or Home Assistant said no
       ├─ Unsupported         the capability is absent
       └─ NotConfirmed        sent, but the state was not seen in time

The *class* decides retry and exit code; nobody parses messages. A message says what was expected, what came, and where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a configuration file, at a 1-based line and column."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.message}"


class HubError(Exception):
    """The root of the hub's own errors."""

    exit_code = 70


class ConfigError(HubError):
    """The configuration is wrong; `problems` holds every mistake found in one run."""

    exit_code = 78

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(HubError):
    """A command, record or argument is unusable."""

    exit_code = 65


class UnavailableService(HubError):
    """Something the hub needs from outside (a broker, a port, a file) cannot be had."""

    exit_code = 69


class DecodeError(HubError):
    """A sentence could not be turned into a plan."""


class DeadlineExceeded(DecodeError):
    """Decoding took longer than it may; nothing of the plan is kept."""


class VocabularyMismatch(DecodeError):
    """The model on disk and the vocabulary of this version do not fit each other."""

    exit_code = 78


class AdapterError(HubError):
    """Carrying out a call failed."""

    def __init__(self, message: str, *, adapter: str, function: str = "", device: str = "") -> None:
        self.adapter = adapter
        self.function = function
        self.device = device
        super().__init__(message)


class Unavailable(AdapterError):
    """The system behind the adapter cannot be reached at the moment."""


class Unauthorized(AdapterError):
    """The system behind the adapter refuses our credentials."""


class Rejected(AdapterError):
    """The device or the system behind the adapter said no."""


class Unsupported(AdapterError):
    """The device has no such capability."""


class NotConfirmed(AdapterError):
    """The call was sent, but the state did not show it in time."""
