"""Device YAML from what is there: read, compared with the file that was written last, and written.

Each source has a file of its own in `house.d`; a hidden one beside it keeps what was imported last. Nothing is written that
`octopus check` would refuse, and an old file stays with `.bak` at its end.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octopus_hub.adapters.mqtt_discovery import read_discoveries
from octopus_hub.config.errors import ConfigError, InputError, UnavailableService
from octopus_hub.config.house import Area, Floor, House
from octopus_hub.config.loader import FUNCTIONS, HOUSE, HUB, MORE_HOUSE, SECRETS, check
from octopus_hub.daemon.cli import Found
from octopus_hub.daemon.extras import extra
from octopus_hub.daemon.house_import import Difference, Elsewhere, Imported, update
from octopus_hub.daemon.mqtt_server import server_of

if TYPE_CHECKING:
    from octopus_hub.adapters.found import Found as FoundThings


@dataclass(frozen=True, slots=True)
class Source:
    """Where devices come from: what it is called, and the file that is written."""

    title: str
    written: str

    @property
    def last(self) -> str:
        """The file that keeps what was imported last."""
        return f".{Path(self.written).stem}.json"


SOURCES: Mapping[str, Source] = {
    "home-assistant": Source("Home Assistant", "home_assistant.yaml"),
    "mqtt": Source("MQTT", "mqtt.yaml"),
}
HEAD = """\
# Written by `octopus import {name}`, and updated when it is run again. What you change here stays as you changed it;
# what you leave follows {title}. Devices of your own belong into house.yaml.
"""
LINE_WIDTH = 132


@dataclass(frozen=True, slots=True)
class Import:
    """What came of it: the file, what changed, how many devices are in it, and whether it was written."""

    target: Path
    difference: Difference
    devices: int
    is_written: bool


def import_into(
    found: Found, name: str, *, prefix: str = "homeassistant", everything: bool = False, dry_run: bool = False, remove: bool = False
) -> Import:
    """From the source of that name; `everything` also what would not be shown, `remove` takes out what is gone and was not changed
    here. Raises InputError, AdapterError, UnavailableService for files, and ConfigError with every problem there would be."""
    source = SOURCES[name]
    things = _things(name, found, prefix)
    with extra("homeassistant"):
        from ruamel.yaml import YAML
    yaml = YAML()
    yaml.width = LINE_WIDTH
    target = found.directory / MORE_HOUSE / source.written
    last = target.with_name(source.last)
    with _files_translated(found.directory):
        document = _document(yaml, target, HEAD.format(name=name, title=source.title))
        elsewhere = _elsewhere(found.config.house, document)
        imported, difference = update(document, things, _last(last), elsewhere, everything=everything, remove=remove)
        is_written = not difference.is_empty and not dry_run
        if is_written:
            text = io.StringIO()
            yaml.dump(document, text)
            _write(found.directory, target, text.getvalue(), last, imported)
    return Import(target, difference, len(document["devices"]), is_written)


def _things(source: str, found: Found, prefix: str) -> FoundThings:
    hub = found.config.hub
    if source == "mqtt":
        if hub.mqtt.host is None:
            raise InputError(f"expected mqtt: host in {found.directory / 'hub.yaml'}, got none; docs/mqtt-devices.md tells how")
        return read_discoveries(server_of(hub.mqtt), prefix)
    if hub.home_assistant is None:
        raise InputError(f"expected home_assistant in {found.directory / 'hub.yaml'}, got none; docs/home-assistant.md tells how")
    with extra("homeassistant"):
        from octopus_hub.adapters.ha_registry import read_registries
    return read_registries(hub.home_assistant)


@contextmanager
def _files_translated(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableService(f"{error.filename or directory} can't be read or written: {error.strerror}") from error


def _document(yaml: Any, target: Path, head: str) -> dict[str, Any]:
    if target.exists():
        document: dict[str, Any] = yaml.load(target.read_text(encoding="utf-8"))
        return document
    started: dict[str, Any] = yaml.load(f"{head}version: 1\n")
    return started


def _elsewhere(house: House, document: dict[str, Any]) -> Elsewhere:
    """What is in other files."""
    own = {str(item.get("id")) for item in document.get("devices", ())}
    others = [device for device in house.devices if device.id not in own]

    def named(section: str, places: Sequence[Area | Floor]) -> frozenset[str]:
        mine = {str(item["name"]).casefold() for item in document.get(section, ())}
        return frozenset(place.name.casefold() for place in places) - mine

    return Elsewhere(
        frozenset(device.id for device in others),
        frozenset(str(bound) for device in others for bound in (*device.home_assistant.values(), *device.mqtt.values())),
        named("floors", house.floors),
        named("areas", house.areas),
    )


def _last(path: Path) -> Imported:
    if not path.exists():
        return {}
    try:
        imported: Imported = json.loads(path.read_text(encoding="utf-8"))["imported"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected what was imported last in {path}, got a file that can't be read: {error}") from error
    return imported


def _write(directory: Path, target: Path, text: str, last: Path, imported: Imported) -> None:
    """The file and what was imported, if the configuration is whole with them. Raises ConfigError with every problem."""
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "trial"
        _copy_configuration(directory, trial)
        (trial / MORE_HOUSE / target.name).write_text(text, encoding="utf-8")
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if problems := check(trial, credentials_directory=Path(credentials) if credentials else None):
            raise ConfigError([replace(each, file=each.file.replace(str(trial), str(directory))) for each in problems])
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        shutil.copy2(target, target.with_name(f"{target.name}.bak"))
    for path, content in (
        (target, text),
        (last, json.dumps({"schema": 1, "imported": imported}, indent=1) + "\n"),
    ):
        part = path.with_name(f"{path.name}.part")
        part.write_text(content, encoding="utf-8")
        part.replace(path)


def _copy_configuration(directory: Path, copy: Path) -> None:
    """The files that `check` reads, and nothing else: a model or a socket may lie beside them."""
    (copy / MORE_HOUSE).mkdir(parents=True)
    for path in (*(directory / name for name in (HUB, HOUSE, FUNCTIONS, SECRETS)), *(directory / MORE_HOUSE).glob("*.yaml")):
        if path.exists():
            shutil.copy(path, copy / path.relative_to(directory))
