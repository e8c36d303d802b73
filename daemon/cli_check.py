"""`octopus check`: every problem of a configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from octopus_hub.config.errors import ConfigError
from octopus_hub.config.json_schema import schemas
from octopus_hub.config.loader import check, demo_directory, load_config
from octopus_hub.daemon.cli import EX_OK, Parser
from octopus_hub.daemon.places import find_configuration


def main(arguments: Sequence[str]) -> int:
    """Prints what is right, or every problem as `file:line:column: path: message`."""
    parser = Parser(prog="octopus check", description="Finds every problem of a configuration. Exits with 78 if there is one.")
    parser.add_argument("directory", metavar="DIR", type=Path, nargs="?", help="the configuration directory")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schemas of the files instead, for an editor")
    options = parser.parse_args(arguments)
    if options.schema:
        print(json.dumps(schemas(), indent=2, ensure_ascii=False))
        return EX_OK
    directory = options.directory or find_configuration(os.environ) or demo_directory()
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    credentials_directory = Path(credentials) if credentials else None
    problems = check(directory, credentials_directory=credentials_directory)
    for problem in problems:
        print(problem)
    if problems:
        return ConfigError.exit_code
    house = load_config(directory, credentials_directory=credentials_directory).house
    print(f"{directory}: no problems; {house.name}: {len(house.areas)} areas, {len(house.devices)} devices")
    return EX_OK
