"""`octopus interpret`: a file of sentences, understood and not carried out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.interpret import Batch, Row


def main(arguments: Sequence[str]) -> int:
    """Writes one JSON object a line for each of the input."""
    description = "Understands a file of sentences, each in its own house; no device is touched and permissions are not asked."
    parser = Parser(prog="octopus interpret", description=description)
    parser.add_argument("--input", metavar="R.jsonl", type=Path, required=True, help='{"id", "text", "area"?, "house"} a line')
    parser.add_argument("--output", metavar="P.jsonl", type=Path, required=True, help="what is written, one line for each")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    lines = _read(options.input)
    from octopus_hub.daemon.loading import load_interpreter  # the runtime takes a while

    found = find(options.config)
    interpreter = load_interpreter(found.config.hub, found.state)
    with _progress() as progress:
        task = progress.add_task("sentences", total=len(lines))
        rows = Batch(interpreter, found.config.hub, lambda: progress.advance(task)).interpret(lines)
    _write(options.output, rows)
    return EX_OK


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def _read(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start}") from error


def _write(path: Path, rows: Sequence[Row]) -> None:
    try:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UnavailableService(f"{path} can't be written: {error.strerror}") from error
