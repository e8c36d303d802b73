"""`octopus import home-assistant`: writes device YAML from Home Assistant, and updates what it wrote.

The file is `house.d/home_assistant.yaml`; beside it `.home_assistant.json` keeps what was imported last. Nothing is written that
`octopus check` would refuse, and an old file stays as `home_assistant.yaml.bak`.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from octopus_hub.config.errors import ConfigError, InputError
from octopus_hub.config.house import Area, Floor, House
from octopus_hub.config.loader import MORE_HOUSE, check
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.extras import extra
from octopus_hub.daemon.ha_import import Difference, Elsewhere, Imported, update

WRITTEN, LAST = "home_assistant.yaml", ".home_assistant.json"
HEAD = """\
# Written by `octopus import home-assistant`, and updated when it is run again. What you change here stays as you changed it;
# what you leave follows Home Assistant. Devices of your own belong into house.yaml.
"""
LINE_WIDTH = 132


def main(arguments: Sequence[str]) -> int:
    """Prints what is new, changed, kept and gone, and writes the file unless only that was asked for."""
    parser = Parser(prog="octopus import", description="Writes device YAML from Home Assistant, and updates what it wrote.")
    parser.add_argument("source", choices=("home-assistant",), help="where devices come from")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
    parser.add_argument("--all", action="store_true", help="also what is hidden, auxiliary, or not shown to voice assistants")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = find(options.config)
    if found.is_demo:
        raise InputError("expected a configuration to import into, got the demo house; name a directory with --config")
    settings = found.config.hub.home_assistant
    if settings is None:
        raise InputError(f"expected home_assistant in {found.directory / 'hub.yaml'}, got none; docs/home-assistant.md tells how")
    with extra("homeassistant"):
        from ruamel.yaml import YAML

        from octopus_hub.adapters.ha_registry import read_registries
    yaml = YAML()
    yaml.width = LINE_WIDTH
    target = found.directory / MORE_HOUSE / WRITTEN
    document = _document(yaml, target)
    elsewhere = _elsewhere(found.config.house, document)
    imported, difference = update(document, read_registries(settings), _last(target), elsewhere, everything=options.all)
    _tell(difference)
    if difference.is_empty or options.dry_run:
        print(f"{target}: {'nothing was written' if options.dry_run and not difference.is_empty else 'up to date'}")
        return EX_OK
    text = io.StringIO()
    yaml.dump(document, text)
    _write(found.directory, target, text.getvalue(), imported)
    print(f"{target}: {len(document['devices'])} devices")
    return EX_OK


def _document(yaml: Any, target: Path) -> dict[str, Any]:
    if target.exists():
        document: dict[str, Any] = yaml.load(target.read_text(encoding="utf-8"))
        return document
    started: dict[str, Any] = yaml.load(f"{HEAD}version: 1\n")
    return started


def _elsewhere(house: House, document: dict[str, Any]) -> Elsewhere:
    """What is in other files."""
    own = {str(item.get("id")) for item in document.get("devices", ())}

    def named(section: str, places: Sequence[Area | Floor]) -> frozenset[str]:
        mine = {str(item["name"]).casefold() for item in document.get(section, ())}
        return frozenset(place.name.casefold() for place in places) - mine

    return Elsewhere(
        frozenset(device.id for device in house.devices) - own,
        frozenset(entity for device in house.devices if device.id not in own for entity in device.home_assistant.values()),
        named("floors", house.floors),
        named("areas", house.areas),
    )


def _last(target: Path) -> Imported:
    path = target.with_name(LAST)
    if not path.exists():
        return {}
    try:
        imported: Imported = json.loads(path.read_text(encoding="utf-8"))["imported"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected what was imported last in {path}, got a file that can't be read: {error}") from error
    return imported


def _tell(difference: Difference) -> None:
    for sign, lines in (("+", difference.added), ("~", difference.changed), ("=", difference.kept), ("-", difference.gone)):
        for line in lines:
            print(f"{sign} {line}")
    if difference.kept:
        print("= was changed here since the last import, and stays")
    if difference.gone:
        print("- is no more in Home Assistant, and stays until you delete it")


def _write(directory: Path, target: Path, text: str, imported: Imported) -> None:
    """The file and what was imported, if the configuration is whole with them. Raises ConfigError with every problem."""
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "trial"
        shutil.copytree(directory, trial, ignore=shutil.ignore_patterns("state", "*.bak"))
        (trial / MORE_HOUSE).mkdir(exist_ok=True)
        (trial / MORE_HOUSE / WRITTEN).write_text(text, encoding="utf-8")
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if problems := check(trial, credentials_directory=Path(credentials) if credentials else None):
            raise ConfigError(problems)
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        shutil.copy2(target, target.with_name(f"{WRITTEN}.bak"))
    for path, content in (
        (target, text),
        (target.with_name(LAST), json.dumps({"schema": 1, "imported": imported}, indent=1) + "\n"),
    ):
        part = path.with_name(f"{path.name}.part")
        part.write_text(content, encoding="utf-8")
        part.replace(path)
