"""The default installation: which distributions it pulls in, what they take on disk, and which wheels a Raspberry Pi gets.

Asks the package index through pip; downloads no wheel.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote

from octopus_hub.config.errors import UnavailableService

ROOT = "octopus-hub"
MIB = 1024 * 1024

PLATFORMS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)))
"""What Debian 12 on a Raspberry Pi takes: its glibc is 2.36."""

Need = tuple[str, frozenset[str]]
"""A distribution's normal name, and the extras of it that are needed."""

PI_PYTHON = "3.11"
PIP_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Part:
    """An installed distribution. `wheel` is the platform its aarch64 wheel is for; "" if there is none, None if not asked."""

    name: str
    version: str
    installed_mib: float
    wheel: str | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """The hub and everything that a default installation brings with it; the model as built, with the base it was built from."""

    parts: tuple[Part, ...]
    installed_mib: float
    model_mib: float


def measure_footprint(model: Path, *, ask_index: bool) -> Footprint:
    """Of the Python that runs this, and the model in a directory."""
    found = sorted(runtime_distributions(ROOT), key=lambda each: each.name.lower())
    needs = [f"{each.name}=={each.version}" for each in found if each.name != ROOT]
    wheels = aarch64_wheels(needs) if ask_index else {}
    parts = tuple(_part(each, wheels, asked=ask_index) for each in found)
    return Footprint(parts, sum(part.installed_mib for part in parts), size_bytes(model.rglob("*")) / MIB)


def runtime_distributions(root: str) -> Iterator[Distribution]:
    """`root` and everything that it needs here, without its extras. Raises UnavailableService where one is not installed."""
    waiting: list[Need] = [(root, frozenset())]
    seen: set[Need] = set()
    names: set[str] = set()
    while waiting:
        need = waiting.pop()
        if need in seen:
            continue
        seen.add(need)
        try:
            found = distribution(need[0])
        except PackageNotFoundError as error:
            raise UnavailableService(f"{need[0]} is needed but not installed, so the installation is not whole") from error
        waiting += _needs(found, need[1])
        if need[0] not in names:
            names.add(need[0])
            yield found


def _needs(found: Distribution, extras: frozenset[str]) -> Iterator[Need]:
    """What a distribution with these extras needs on this platform."""
    from packaging.requirements import Requirement  # comes with onnxruntime

    for text in found.requires or ():
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield _normal(needed.name), frozenset(needed.extras)


def _part(found: Distribution, wheels: dict[str, str], *, asked: bool) -> Part:
    wheel = "pure Python (this project)" if found.name == ROOT else wheels.get(_normal(found.name), "")
    return Part(found.name, found.version, installed_bytes(found) / MIB, wheel if asked else None)


def installed_bytes(found: Distribution) -> int:
    """The size of its files; of an editable installation that of the packages where they lie."""
    paths = [Path(str(file.locate())) for file in found.files or ()]
    if found.name == ROOT and not any(path.name == "function_table.py" for path in paths):
        package = Path(__file__).resolve().parent.parent
        folders = ("daemon", "adapters", "models", "config")
        paths += [path for folder in folders for path in (package / folder).rglob("*")]
    return size_bytes(paths)


def size_bytes(paths: Iterable[Path]) -> int:
    """Of those that are files."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def aarch64_wheels(requirements: Sequence[str]) -> dict[str, str]:
    """The wheel's platform by normal name, for those that have a wheel: all at once, one by one where that fails.

    Raises UnavailableService where there is none at all: then it is the index that is missing.
    """
    at_once = _ask_pip(requirements)
    if at_once is not None:
        return at_once
    found: dict[str, str] = {}
    for requirement in requirements:
        found |= _ask_pip([requirement]) or {}
    if not found:
        raise UnavailableService("the package index gave no wheel at all; is it within reach? --offline leaves the question out")
    return found


def _ask_pip(requirements: Sequence[str]) -> dict[str, str] | None:
    """What pip would install on a Raspberry Pi; None where one of the requirements has no wheel."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps"]
        command += ["--only-binary", ":all:", "--target", folder, "--report", str(report), "--python-version", PI_PYTHON]
        command += [f"--platform={platform}" for platform in PLATFORMS]
        done = subprocess.run([*command, *requirements], capture_output=True, timeout=PIP_TIMEOUT_S, check=False)
        return None if done.returncode else wheels_of_report(report.read_text(encoding="utf-8"))


def wheels_of_report(report: str) -> dict[str, str]:
    """The platform of each wheel in pip's report, by normal name."""
    found = {}
    for item in json.loads(report)["install"]:
        file = unquote(item["download_info"]["url"].rpartition("/")[2])
        platform = file.removesuffix(".whl").rpartition("-")[2]
        found[_normal(item["metadata"]["name"])] = "pure Python" if platform == "any" else platform
    return found


def _normal(name: str) -> str:
    """As PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()
