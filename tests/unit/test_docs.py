"""The documentation says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octopus_hub.adapters.service_rows import ROWS
from octopus_hub.adapters.service_vehicle import VEHICLE_ROWS
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.daemon.function_docs import page, table
from octopus_hub.daemon.service_docs import by_kind, of_vehicles

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_functions_page_is_current() -> None:
    """docs/functions.md is what the tables give."""
    assert (ROOT / "docs" / "functions.md").read_text(encoding="utf-8") == page(), "call `make docs`"


def test_functions_page_has_every_function_and_parameter() -> None:
    """Every function has a section with its documentation and its parameters."""
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page(), re.MULTILINE | re.DOTALL))
    for function in FUNCTIONS:
        assert function.doc in sections[function.name]
        assert all(f"| `{parameter.name}` | " in sections[function.name] for parameter in function.parameters)


def test_functions_page_knows_no_tokens() -> None:
    """How the model spells a function is nobody's business."""
    assert "token" not in page()
    assert "<" not in page()


def test_every_service_row_is_documented() -> None:
    """No function and kind with a service is left out, and none without a service is listed."""
    assert {(row.function, row.kind) for row in by_kind()} == set(ROWS)
    assert all(row.services for row in by_kind())


def test_every_vehicle_row_is_documented() -> None:
    """Every function of vehicles is listed with a role and a service."""
    rows = of_vehicles()
    assert {row.function for row in rows} == set(VEHICLE_ROWS)
    assert all(row.roles and row.services for row in rows)


@pytest.mark.parametrize(
    ("function", "kind", "services", "data"),
    [
        ("set_brightness", "light", ("light.turn_on",), ("brightness_pct",)),
        ("announce", "media_player", ("tts.speak",), ("media_player_entity_id", "message")),
        ("mute", "media_player", ("media_player.volume_mute",), ("is_volume_muted",)),
        ("set_temperature", "water_heater", ("water_heater.set_temperature",), ("temperature", "operation_mode")),
        ("toggle", "switch", ("switch.toggle", "switch.turn_on", "switch.turn_off"), ()),
        ("step_temperature", "climate", ("climate.set_temperature",), ("temperature",)),
    ],
)
def test_services_are_found(function: str, kind: str, services: tuple[str, ...], data: tuple[str, ...]) -> None:
    """A row tells every service and all data that the arguments can lead to."""
    (row,) = (row for row in by_kind() if (row.function, row.kind) == (function, kind))
    assert (row.services, row.data) == (services, data)


def test_tables_keep_their_columns() -> None:
    """A bar in a cell does not end it."""
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |\n"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link of a page leads to a file, and every anchor to a heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in _anchors(linked), f"{path.name}: {target}"


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings: lower case, punctuation dropped, spaces as dashes."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
