"""Every directory of tests/data/config fails, with exactly the problems in its expected.txt."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from octopus_hub.config.errors import ConfigError
from octopus_hub.config.loader import check, load_config
from octopus_hub.config.schema_functions import ArgumentNode, FunctionNode, FunctionsFile
from octopus_hub.config.schema_house import (
    AreaNode,
    DeviceNode,
    FloorNode,
    GroupNode,
    HouseFile,
    HouseNode,
    LimitsNode,
    OptionsNode,
)
from octopus_hub.config.schema_hub import (
    HomeAssistantNode,
    HubFile,
    JournalNode,
    ModelNode,
    MqttNode,
    PolicyNode,
    SourceNode,
)

DATA = Path(__file__).parent.parent / "data" / "config"
CASES = sorted(path.name for path in DATA.iterdir())
HOUSE_MODELS = (HouseFile, HouseNode, FloorNode, AreaNode, GroupNode, DeviceNode, LimitsNode, OptionsNode)
FUNCTION_MODELS = (FunctionsFile, FunctionNode, ArgumentNode)
HUB_MODELS = (HubFile, MqttNode, HomeAssistantNode, SourceNode, PolicyNode, JournalNode, ModelNode)


def found_in(case: str) -> str:
    """The problems of a case, with file names as seen from its directory."""
    return "".join(f"{problem}\n" for problem in check(DATA / case)).replace(f"{DATA / case}/", "")


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration_is_told_exactly(case: str) -> None:
    """Each mistake is one line with its file, line, column, path and message."""
    assert found_in(case) == (DATA / case / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration_is_not_loaded(case: str) -> None:
    """`load_config` raises all that `check` returns, in the same order."""
    with pytest.raises(ConfigError) as raised:
        load_config(DATA / case)
    assert list(raised.value.problems) == check(DATA / case)
    assert raised.value.exit_code == 78


@pytest.mark.parametrize("model", [*HOUSE_MODELS, *FUNCTION_MODELS, *HUB_MODELS])
def test_every_key_has_a_failing_file(model: type[BaseModel]) -> None:
    """No key is added to a form without a file that has it wrong."""
    told = "".join(found_in(case) for case in ("every-house-key", "every-hub-key", "every-functions-key", "hub-sections"))
    paths = {part for line in told.splitlines() for part in line.split(": ")[1].split(".")}
    assert {field.alias or name for name, field in model.model_fields.items()} <= paths


def test_a_missing_directory_is_one_problem(tmp_path: Path) -> None:
    """A directory that is not there is told as such."""
    path = tmp_path / "octopus"
    expected = f"{path}:1:1: (file): expected a configuration directory: No such file or directory"
    assert [str(problem) for problem in check(path)] == [expected]


def test_a_file_in_place_of_the_directory_is_one_problem(tmp_path: Path) -> None:
    """Giving house.yaml instead of its directory is told as such."""
    path = tmp_path / "house.yaml"
    path.write_text("version: 1\n")
    expected = f"{path}:1:1: (file): expected a configuration directory: Not a directory"
    assert [str(problem) for problem in check(path)] == [expected]


@pytest.mark.parametrize("name", ["house.yaml", "hub.yaml", "secrets.yaml"])
def test_an_unreadable_file_is_one_problem(tmp_path: Path, name: str) -> None:
    """What the system refuses to read is told in the system's words."""
    (tmp_path / "house.yaml").write_text("version: 1\n")
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).mkdir(mode=0o700)
    expected = f"{tmp_path / name}:1:1: (file): cannot be read: Is a directory"
    assert [str(problem) for problem in check(tmp_path)] == [expected]
