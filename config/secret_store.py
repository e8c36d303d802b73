"""Secrets by name: from secrets.yaml, else from systemd's credentials directory. No message holds a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from octopus_hub.config.errors import Problem
from octopus_hub.config.suggestions import alternatives
from octopus_hub.config.yaml_nodes import Document, file_problem, read_document

_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The secrets of one configuration."""

    values: Mapping[str, str] = field(repr=False)
    credentials_directory: Path | None = None

    def resolve(self, name: str) -> str:
        """The secret called `name`. Raises LookupError with the message for the installer."""
        if name in self.values:
            return self.values[name]
        directory = self.credentials_directory
        if directory is None or not _CREDENTIAL_NAME.fullmatch(name) or not (directory / name).is_file():
            raise LookupError(f"unknown secret {name!r}{alternatives(name, self.values)}")
        try:
            return (directory / name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(f"the credential {name!r} cannot be read as UTF-8 text") from error


def read_secrets(path: Path, credentials_directory: Path | None, problems: list[Problem]) -> SecretStore:
    """The secrets in the file at `path`, if there is one; appends what is wrong with it, others being able to read it first."""
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        return SecretStore({}, credentials_directory)
    except OSError:
        mode = 0  # Reading the file, below, says why.
    if mode & 0o077:
        problems.append(file_problem(path, f"expected mode 0600, got {mode:04o}: others can read it; run chmod 600 {path.name}"))
    document = read_document(path, problems)
    return SecretStore(_texts(document, problems) if document else {}, credentials_directory)


def _texts(document: Document, problems: list[Problem]) -> dict[str, str]:
    values = {}
    for name, value in document.data.items():
        if isinstance(value, str):
            values[name] = value
        elif (name,) not in document.reported:
            problems.append(document.problem((name,), "expected text; put it in quotes"))
    return values
