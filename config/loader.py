"""Loading a configuration directory: everything in it, or every mistake in it.

::

    hub.yaml        optional; settings of the hub
    house.yaml      floors, areas, groups, devices
    house.d/*.yaml  more of the same, in the order of their names
    functions.yaml  optional; functions of this house's own
    secrets.yaml    optional; only the hub may read it

Reads files, writes none, reads no environment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from octopus_hub.config.errors import ConfigError, Problem
from octopus_hub.config.functions import Function
from octopus_hub.config.house import House
from octopus_hub.config.house_checks import check_entities, check_references, check_unique, names
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.hub_checks import check_hub
from octopus_hub.config.mqtt_checks import check_mqtt
from octopus_hub.config.schema import CURRENT_VERSION, validate
from octopus_hub.config.schema_functions import FunctionsFile, check_functions, functions_of
from octopus_hub.config.schema_house import HouseFile, house_of
from octopus_hub.config.schema_hub import HubFile, settings_of
from octopus_hub.config.secret_store import SecretStore, read_secrets
from octopus_hub.config.suggestions import one_of
from octopus_hub.config.yaml_nodes import Document, file_problem, read_document

HUB, HOUSE, MORE_HOUSE, FUNCTIONS, SECRETS = "hub.yaml", "house.yaml", "house.d", "functions.yaml", "secrets.yaml"


@dataclass(frozen=True)
class Config:
    """A checked configuration."""

    hub: HubSettings
    house: House
    functions: tuple[Function, ...] = ()


def load_config(directory: Path, *, credentials_directory: Path | None = None) -> Config:
    """The configuration in `directory`; a secret that secrets.yaml lacks is read from `credentials_directory`.

    Raises ConfigError with every problem there is.
    """
    problems: list[Problem] = []
    config = _read(directory, credentials_directory, problems)
    if problems or config is None:
        raise ConfigError(problems)
    return config


def check(directory: Path, *, credentials_directory: Path | None = None) -> list[Problem]:
    """Every problem of the configuration in `directory`, by file and line; empty where `load_config` would load it."""
    problems: list[Problem] = []
    _read(directory, credentials_directory, problems)
    return sorted(problems)


def check_live(directory: Path, entities: Collection[str]) -> list[Problem]:
    """Every binding of a configuration without problems to what is not among Home Assistant's `entities`."""
    found = _list_files(directory, [])
    documents = [document for path in (found.house if found else ()) if (document := read_document(path, [])) is not None]
    return sorted(check_entities(documents, entities))


def demo_directory() -> Path:
    """The configuration of the demo house."""
    return Path(str(files("octopus_hub.config") / "demo"))


@dataclass(frozen=True, slots=True)
class _Files:
    house: tuple[Path, ...]
    hub: Path | None
    functions: Path | None


def _read(directory: Path, credentials_directory: Path | None, problems: list[Problem]) -> Config | None:
    found = _list_files(directory, problems)
    if found is None:
        return None
    documents = [document for path in found.house if (document := read_document(path, problems)) is not None]
    parts = [part for document in documents if (part := validate(HouseFile, document, problems)) is not None]
    check_unique(documents, problems)
    check_mqtt(documents, problems)
    complete = len(documents) == len(found.house)
    if complete:
        check_references(documents, problems)
    secrets = read_secrets(directory / SECRETS, credentials_directory, problems)
    hub = _read_hub(found.hub, secrets, names(documents, "areas") if complete else None, problems)
    house = None if problems else house_of(parts)
    own = read_functions(found.functions, house, problems)[1] if found.functions else None
    if problems or hub is None or house is None:
        return None
    return Config(settings_of(hub, directory), house, functions_of(own) if own else ())


def read_functions(path: Path, house: House | None, problems: list[Problem]) -> tuple[Document | None, FunctionsFile | None]:
    """functions.yaml; appends what is wrong with it, in itself and, where the house is known, with its devices."""
    document = read_document(path, problems)
    file = None if document is None else validate(FunctionsFile, document, problems)
    if document is not None and file is not None:
        check_functions(document, file, None if house is None else list(house.by_id), problems)
    return document, file


def _read_hub(path: Path | None, secrets: SecretStore, areas: list[str] | None, problems: list[Problem]) -> HubFile | None:
    if path is None:
        return HubFile(version=CURRENT_VERSION)
    document = read_document(path, problems, secrets.resolve)
    if document is None:
        return None
    check_hub(document, areas, problems)
    return validate(HubFile, document, problems)


def _list_files(directory: Path, problems: list[Problem]) -> _Files | None:
    """The files there are; appends those that would be overlooked. None where the directory cannot be read."""
    try:
        top = _yaml_files(directory)
        more = _yaml_files(directory / MORE_HOUSE) if (directory / MORE_HOUSE).is_dir() else []
    except OSError as error:
        problems.append(file_problem(directory, f"expected a configuration directory: {error.strerror}"))
        return None
    for path in top:
        if path.name not in (HUB, HOUSE, FUNCTIONS, SECRETS):
            known = one_of((HUB, HOUSE, FUNCTIONS, SECRETS))
            problems.append(file_problem(path, f"a file of this name is not read; expected {known}"))
    for path in more:
        if path.suffix != ".yaml":
            problems.append(file_problem(path, f"a file of this name is not read; call it {path.stem}.yaml"))
    house = (directory / HOUSE, *(path for path in more if path.suffix == ".yaml"))
    named = {path.name: path for path in top}
    return _Files(house, named.get(HUB), named.get(FUNCTIONS))


def _yaml_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix in (".yaml", ".yml") and not path.name.startswith("."))
