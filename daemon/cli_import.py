"""`octopus import home-assistant` and `octopus import mqtt`: write device YAML from what is there, and update what they wrote."""

from __future__ import annotations

from collections.abc import Sequence

from octopus_hub.config.errors import InputError
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.house_import import Difference
from octopus_hub.daemon.importing import SOURCES, Source, import_into


def main(arguments: Sequence[str]) -> int:
    """Prints what is new, changed, kept and gone, and writes the file unless only that was asked for."""
    description = "Writes device YAML from Home Assistant, or from MQTT discovery messages, and updates what it wrote."
    parser = Parser(prog="octopus import", description=description)
    parser.add_argument("source", choices=tuple(SOURCES), help="where devices come from")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
    parser.add_argument("--all", action="store_true", help="also what is hidden, auxiliary, or not shown to voice assistants")
    parser.add_argument("--remove", action="store_true", help="take out what is gone there and was not changed here")
    parser.add_argument("--prefix", default="homeassistant", help="where discovery messages are (default: homeassistant)")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = find(options.config)
    if found.is_demo:
        raise InputError("expected a configuration to import into, got the demo house; name a directory with --config")
    done = import_into(
        found, options.source, prefix=options.prefix, everything=options.all, dry_run=options.dry_run, remove=options.remove
    )
    _tell(done.difference, SOURCES[options.source])
    if done.is_written:
        print(f"{done.target}: {done.devices} devices")
    else:
        print(f"{done.target}: {'up to date' if done.difference.is_empty else 'nothing was written'}")
    return EX_OK


def _tell(difference: Difference, source: Source) -> None:
    for sign, lines in (
        ("+", difference.added),
        ("~", difference.changed),
        ("=", difference.kept),
        ("x", difference.removed),
        ("-", difference.gone),
    ):
        for line in lines:
            print(f"{sign} {line}")
    if difference.kept:
        print("= was changed here since the last import, and stays")
    if difference.gone:
        print(f"- is no more in {source.title}, and stays until you delete it")
