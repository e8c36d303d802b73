"""The base model's file: found, fetched, verified, and read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.tiny_model import BASE_ROWS, SHAPE, write_base, write_wheel

from octopus_hub.config.errors import InputError
from octopus_hub.models.base import BaseWeights, PinnedBase, base_file, interleaved, uninterleaved
from octopus_hub.models.engine import ModelError


def quiet(stage: str, part: float) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base."""
    path = tmp_path_factory.mktemp("base") / "tiny.gguf"
    write_base(path)
    return path


@pytest.fixture
def pinned(gguf: Path, tmp_path: Path) -> tuple[PinnedBase, Path]:
    """The tiny base in a wheel, and what is pinned of both."""
    return write_wheel(tmp_path, gguf)


def test_heads_are_put_back() -> None:
    """A head's rows, stored in pairs, come back as first halves and second halves."""
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert uninterleaved(rows, 4).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    wide = np.random.default_rng(1).standard_normal((96, 5)).astype(np.float32)
    assert np.array_equal(uninterleaved(interleaved(wide, 32), 32), wide)


def test_weights_are_read(gguf: Path) -> None:
    """Sizes come from the file's fields, weights as float32 rows, the embedding in any pieces."""
    weights = BaseWeights(gguf)
    assert weights.shape == replace(SHAPE, vocabulary=BASE_ROWS, norm_epsilon=weights.shape.norm_epsilon)
    whole = weights.rows("embedding")
    assert whole.shape == (BASE_ROWS, SHAPE.width)
    assert whole.dtype == np.float32
    assert np.array_equal(weights.rows("embedding", 10, 20), whole[10:20])
    assert weights.rows("layers.1.down").shape == (SHAPE.width, SHAPE.inner)
    assert weights.rows("layers.0.input_norm").tolist() == [np.float32(1.1)] * SHAPE.width
    with pytest.raises(ModelError, match=r"expected the tensor blk\.7\.attn_q\.weight"):
        weights.rows("layers.7.q")


def test_other_files_are_no_base(tmp_path: Path) -> None:
    """What is no GGUF file is named in one line."""
    path = tmp_path / "x.gguf"
    path.write_bytes(b"no such thing at all")
    with pytest.raises(ModelError, match="expected a GGUF file in"):
        BaseWeights(path)


def test_local_gguf_is_used_in_place(gguf: Path, pinned: tuple[PinnedBase, Path], tmp_path: Path) -> None:
    """A local GGUF file is verified and not copied."""
    assert base_file(gguf, tmp_path / "keep", pinned[0], quiet) == gguf
    assert not (tmp_path / "keep").exists()


def test_wrong_digest_is_an_error(gguf: Path, pinned: tuple[PinnedBase, Path], tmp_path: Path) -> None:
    """Another file than the pinned one is refused, as GGUF and inside a wheel, and leaves nothing."""
    other = replace(pinned[0], file_sha256="0" * 64)
    for source in (gguf, pinned[1]):
        with pytest.raises(InputError, match=f"expected SHA-256 {'0' * 64} of the base model, got {pinned[0].file_sha256}"):
            base_file(source, tmp_path / "keep", other, quiet)
    assert list((tmp_path / "keep").iterdir()) == []


def test_wheel_is_unpacked_and_kept(pinned: tuple[PinnedBase, Path], tmp_path: Path) -> None:
    """The file of a local wheel is kept, and needs no source the next time."""
    base, wheel = pinned
    kept = base_file(wheel, tmp_path / "keep", base, quiet)
    assert kept == tmp_path / "keep" / "tiny.gguf"
    wheel.unlink()
    assert base_file(None, tmp_path / "keep", base, quiet) == kept


@pytest.mark.parametrize("content", [b"no zip", b"PK\x05\x06" + bytes(18)])
def test_other_wheels_are_errors(pinned: tuple[PinnedBase, Path], tmp_path: Path, content: bytes) -> None:
    """A file that is no wheel, or one without the base, is refused."""
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(content)
    with pytest.raises(InputError, match=r"expected a wheel with tiny_base/tiny\.gguf in .*other\.whl"):
        base_file(wheel, tmp_path / "keep", pinned[0], quiet)


def test_missing_sources_are_errors(pinned: tuple[PinnedBase, Path], tmp_path: Path) -> None:
    """A source that isn't there is named."""
    (tmp_path / "folder.whl").mkdir()
    for name in ("none.gguf", "none.whl", "folder.whl"):
        with pytest.raises(InputError, match=f"{name}, got no such file"):
            base_file(tmp_path / name, tmp_path / "keep", pinned[0], quiet)
