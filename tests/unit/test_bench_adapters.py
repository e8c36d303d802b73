"""`octopus bench adapters` on virtual devices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from octopus_hub.daemon.__main__ import main

HOUSE = """
version: 1
devices:
  - {name: Lamp, kind: light}
  - {name: Router, kind: switch, class: hazard}
  - {name: Door, kind: lock}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A house with one harmless device."""
    (tmp_path / "house.yaml").write_text(HOUSE)
    return tmp_path


def test_virtual_devices_are_switched(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only those that may be switched without a thought; every call is confirmed."""
    assert main(["bench", "adapters", "--config", str(directory), "--calls", "4", "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["adapter"], finding["devices"], finding["calls"], finding["unconfirmed"]) == ("virtual", 1, 4, 0)
    assert 0 < finding["p50_ms"] <= finding["p95_ms"]
    assert finding["per_s"] > 0


def test_named_devices(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not harmless is switched if it is named; what is no switch, or no device, is refused."""
    assert main(["bench", "adapters", "--config", str(directory), "--calls", "2", "--device", "router"]) == 0
    assert "| virtual | 2       |" in capsys.readouterr().out
    assert main(["bench", "adapters", "--config", str(directory), "--device", "door"]) == 65
    assert capsys.readouterr().err == "octopus: expected devices that can be switched on and off, got door\n"
    assert main(["bench", "adapters", "--config", str(directory), "--device", "nope"]) == 65
    assert capsys.readouterr().err == "octopus: expected ids of devices, got nope\n"
