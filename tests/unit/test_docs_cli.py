"""docs/cli.md says what the command does: every subcommand, every exit code, and examples that are what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.interpreters import TableInterpreter, call

from octopus_hub.config.hub import HubSettings
from octopus_hub.config.loader import demo_directory
from octopus_hub.config.plan import Plan
from octopus_hub.daemon.__main__ import EX_DATAERR, EX_UNAVAILABLE, SIGINT, SIGNALLED, SUBCOMMANDS, main
from octopus_hub.daemon.cli import EX_FAILED, EX_OK, EX_USAGE
from octopus_hub.daemon.interpret import Batch

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")}


def commands(text: str) -> set[str]:
    """What is in the first column of a table as `octopus NAME`, or behind it as `NAME`."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `octopus ")]
    found = [re.findall(r"`(?:octopus )?([a-z ]+?)(?: \[?[-A-Z].*?)?`", cell) for cell in cells]
    return {name for names in found for name in names}


def test_every_command_is_in_the_table() -> None:
    """None is forgotten, and none is invented."""
    assert commands(PAGE.partition("\n## ")[0]) == set(SUBCOMMANDS)


def test_every_exit_code_is_in_the_table() -> None:
    """The codes of errors, as their classes say them, of usage and of signals."""
    sources = [path for folder in ("adapters", "config", "daemon", "models") for path in (ROOT / folder).rglob("*.py")]
    raised = {int(code) for path in sources for code in re.findall(r"^    exit_code = (\d+)$", path.read_text(), re.MULTILINE)}
    listed = {int(line.split("|")[1]) for line in SECTIONS["Exit codes"].splitlines() if re.match(r"\| \d", line)}
    assert listed == raised | {EX_OK, EX_FAILED, EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, SIGNALLED + SIGINT}


def test_check_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo house is checked as in the example, but for where it lies."""
    assert main(["check", str(demo_directory())]) == 0
    printed = capsys.readouterr().out.replace(str(demo_directory()), "/opt/octopus-hub/config/demo")
    assert f"```\n$ octopus check\n{printed}```" in SECTIONS["octopus check"]


def test_interpret_writes_what_the_page_shows() -> None:
    """The example's record becomes the example's row, but for the time."""
    record, row = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", SECTIONS["octopus interpret"], re.DOTALL))
    table = TableInterpreter({"turn on the lamp": Plan((call("turn_on", "Lamp"),), confidence=0.98, mass=0.99)})
    (written,) = Batch(table, HubSettings()).interpret([json.dumps(record)])
    assert list(written) == list(row)
    assert {**written, "ms": 0} == {**row, "ms": 0}
