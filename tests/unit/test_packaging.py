"""What is installed: everything that the packages' folders hold, and nothing that an installation must not depend on."""

from __future__ import annotations

import re
import subprocess
import sys
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("daemon", "adapters", "models", "config")
LEFT_OUT = {"__pycache__"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as a wheel would hold them. `build_py` is the part of setuptools that decides; links keep the tree clean."""
    project, target = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("wheel")
    for name in (*FOLDERS, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (project / name).symlink_to(ROOT / name)
    build = ["-c", "import setuptools; setuptools.setup()", "--quiet", "build_py", "--build-lib", str(target)]
    subprocess.run([sys.executable, *build], cwd=project, check=True, capture_output=True, timeout=60)
    return target / "octopus_hub"


def files(root: Path) -> set[str]:
    """Paths below `root`, without what Python leaves behind."""
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path) for path in found if not LEFT_OUT.intersection(path.parts) and not path.name.startswith(".")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_wheel_holds_every_file(built: Path, folder: str) -> None:
    """Modules, py.typed, YAML, JSON Schemas, weights and word lists: a folder not listed in setup.cfg would drop out unseen."""
    assert files(built / folder) == files(ROOT / folder)


@pytest.mark.parametrize("folder", FOLDERS)
def test_packages_are_typed(built: Path, folder: str) -> None:
    """Every package says that it has types."""
    assert (built / folder / "py.typed").is_file()


def test_wheel_holds_nothing_else(built: Path) -> None:
    """Tests and tools stay at home."""
    assert {path.name for path in built.iterdir()} == set(FOLDERS)


def test_command_is_installed() -> None:
    """The command is called `octopus`."""
    (script,) = (each for each in metadata.entry_points(group="console_scripts") if each.name == "octopus")
    assert script.value == "octopus_hub.daemon.__main__:main"


def test_torch_is_no_default_dependency() -> None:
    """A hub never pulls in torch; only extras do."""
    needs = metadata.requires("octopus-hub") or []
    assert not [need for need in needs if re.match(r"torch|transformers|bitsandbytes", need) and "extra ==" not in need]


def test_every_dependency_is_pinned() -> None:
    """Whatever setup.cfg asks for by name has the tested version in constraints.txt."""
    pinned = {_name(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line}
    assert {name for name in _wanted() if name not in pinned} == set()


def _wanted() -> set[str]:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    return {_name(line) for text in lists for line in text.splitlines() if line.strip()}


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement.strip())
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()
