"""The shipped model, for the tests that run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.hub import PRODUCT


@pytest.fixture(scope="session")
def model() -> Path:
    """The folder of the shipped model, built if it is not there."""
    if named := os.environ.get("OCTOPUS_TEST_MODEL"):
        return Path(named).resolve()
    built = subprocess.run([sys.executable, "-m", PRODUCT, "model", "build"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.rpartition(": model ")[0])
