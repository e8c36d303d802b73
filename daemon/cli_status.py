"""`octopus status`: how the running daemon is."""

from __future__ import annotations

import json
from collections.abc import Sequence

from octopus_hub.config.errors import HubError
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, sockets, try_find
from octopus_hub.daemon.control_client import status_of


def main(arguments: Sequence[str]) -> int:
    """Prints the daemon's status; exits with 69 where none runs."""
    parser = Parser(prog="octopus status", description="How the running daemon is. Exits with 69 if none runs.")
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = try_find(options.config)
    status = status_of(sockets(found), found if isinstance(found, HubError) else None)
    if options.json:
        print(json.dumps(status, ensure_ascii=False))
    else:
        width = max(map(len, status))
        for name, value in status.items():
            print(f"{name:{width}}  {value}")
    return EX_OK
