"""`octopus log`: the journal, read and forgotten. Reads the file itself, so it works with and without a daemon."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, count, find
from octopus_hub.daemon.journal import Entry, Journal, JournalError
from octopus_hub.daemon.places import journal_path

ALL = "all"
WIDE = 200
"""Columns of a table that goes into a file or a pipe."""


def main(arguments: Sequence[str]) -> int:
    """Prints or forgets."""
    options = _parser().parse_args(arguments)
    found = find(options.config)
    path = journal_path(found.config.hub, found.state)
    if not _exists(path):
        print(f"nothing was said yet: there is no journal at {path}")
        return EX_OK
    with closing(Journal(path)) as journal:
        if options.forget is not None:
            count = journal.forget(None if options.forget == ALL else options.forget)
            print(f"forgot {count} command{'' if count == 1 else 's'}")
            return EX_OK
        entries = journal.entries(options.number)
    if options.json:
        for entry in entries:
            print(json.dumps(asdict(entry), ensure_ascii=False))
    else:
        _print(entries)
    return EX_OK


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise JournalError(f"the journal {path} can't be opened: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="octopus log", description="What was said and what became of it.")
    parser.add_argument("-n", dest="number", metavar="N", type=count, default=20, help="how many commands (default: 20)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    forget = f'forget the words of the command ID, or of "{ALL}" (the default); ids stay known, so nothing is done twice'
    parser.add_argument("--forget", metavar="ID", nargs="?", const=ALL, help=forget)
    add_config_option(parser)
    return parser


def _print(entries: Sequence[Entry]) -> None:
    table = Table("time", "source", "said", "understood", "status", "answer", "ms", "id", box=None, header_style="bold")
    for entry in entries:
        times = entry.outcome.get("times_ms")
        total = times.get("total", 0.0) if isinstance(times, dict) else 0.0
        cells = (
            f"{datetime.fromtimestamp(entry.received_at).astimezone():%d %b %H:%M:%S}",
            *(entry.source, entry.text or "-", entry.plan or "-", entry.status or "under way"),
            *(str(entry.outcome.get("say", "-")), f"{total:.0f}", entry.id[:12]),
        )
        table.add_row(*map(escape, cells))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
