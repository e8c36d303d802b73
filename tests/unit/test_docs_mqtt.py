"""docs/mqtt.md says what the code does: closed lists are complete, and examples are valid."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from octopus_hub.config.plan import Status
from octopus_hub.daemon import wire
from octopus_hub.daemon.replies import Code

PAGE = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text()
SCHEMAS = Path(wire.__file__).parent / "schemas"
EXAMPLES = re.findall(r"```json (\w+)\n(.*?)```", PAGE, re.DOTALL)


def listed(head: str) -> set[str]:
    """The words in the first column of the table with this head."""
    table = PAGE.split(f"| {head} |\n", 1)[1].split("\n\n", 1)[0]
    return {word for row in table.splitlines()[1:] for word in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_all_statuses_are_explained() -> None:
    """The table of statuses is the closed list of the code."""
    assert listed("`status` | what it says") == {str(status) for status in Status}


def test_all_codes_are_explained() -> None:
    """The table of codes is the closed list of the code."""
    assert listed("`code` | why") == {str(code) for code in Code}


def test_there_are_examples() -> None:
    """Commands and an Outcome are shown."""
    assert {name for name, _ in EXAMPLES} == {"command", "outcome"}


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_are_valid(name: str, example: str) -> None:
    """Each example fits its JSON Schema, and a command is one that the hub reads."""
    jsonschema.validate(json.loads(example), json.loads((SCHEMAS / f"{name}.json").read_text()))
    if name == "command":
        wire.parse_request(example.encode())
