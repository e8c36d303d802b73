"""The adapter's file, and what merging it does to a weight."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.tiny_model import NEW_ROWS, RANK, SHAPE, write_adapter

from octopus_hub.daemon.__main__ import main
from octopus_hub.models.engine import ModelError
from octopus_hub.models.lora import mix, read_adapter, write_safetensors
from octopus_hub.models.tokens import BASE_SIZE, OWN_LAST, assign_own


def test_merging(tmp_path: Path) -> None:
    """A weight becomes W + alpha/r · B A, rounded once; one the adapter says nothing about stays as it is."""
    adapter = read_adapter(write_adapter(tmp_path / "a.safetensors"))
    weight = np.random.default_rng(1).standard_normal((SHAPE.width, SHAPE.inner)).astype(np.float32)
    down, up = (adapter.tensors[f"layers.1.down.lora_{part}"].astype(np.float64) for part in "ab")
    expected = weight + 2.0 * sum(np.outer(up[:, r], down[r]) for r in range(RANK))
    assert np.array_equal(adapter.merged("layers.1.down", weight), expected.astype(np.float32))
    assert adapter.merged("layers.1.post_norm", weight) is weight


def test_what_an_adapter_carries(tmp_path: Path) -> None:
    """New rows, scale and the vocabulary's digest come back; another file has another digest."""
    one, other = (read_adapter(write_adapter(tmp_path / f"{seed}.safetensors", seed)) for seed in (1, 2))
    assert one.new_rows.shape == (NEW_ROWS, SHAPE.width)
    assert one.new_rows.dtype == np.float32
    assert (one.rank, one.alpha, one.vocabulary_digest) == (RANK, 8.0, "tiny")
    assert one.digest != other.digest


def test_mixing(tmp_path: Path) -> None:
    """Each number lies between the two; rows of tokens that the start did not know are the end's; other shapes are refused."""
    start, end = (write_adapter(tmp_path / f"{seed}.safetensors", seed) for seed in (1, 2))
    old, new = read_adapter(start), read_adapter(end)
    write_safetensors(start, old.tensors, {"r": str(RANK), "alpha": "8.0", "vocabulary": json.dumps({"marks": ["HOUSE", "AREA"]})})
    output = tmp_path / "between.safetensors"
    assert main(["mix", "--start", str(start), "--adapter", str(end), "--share", "0.75", "--output", str(output)]) == 0
    found = read_adapter(output)
    for name, tensor in found.tensors.items():
        between = 0.25 * old.tensors[name].astype(np.float32) + 0.75 * new.tensors[name].astype(np.float32)
        if name == "new_rows":
            known = [0, 2]
            assert np.allclose(tensor[known], between[known], atol=1e-3)
            assert np.array_equal(np.delete(tensor, known, 0), np.delete(new.tensors[name], known, 0))
        else:
            assert np.allclose(tensor, between, atol=1e-3)
    assert found.vocabulary_digest == new.vocabulary_digest
    other = write_adapter(tmp_path / "other.safetensors", rows=3)
    with pytest.raises(ModelError, match="of the same shape"):
        mix(start, other, 0.5, output)


def test_mixing_rows_of_own_functions(tmp_path: Path, own_function: Callable[..., None]) -> None:
    """Those that both know are mixed too, whatever this process knows."""
    own_function("boost")
    row = OWN_LAST - BASE_SIZE
    start, end = (write_adapter(tmp_path / f"{seed}.safetensors", seed, rows=row + 1) for seed in (1, 2))
    for path in (start, end):
        tensors = read_adapter(path).tensors
        write_safetensors(path, tensors, {"r": str(RANK), "alpha": "8.0", "vocabulary": json.dumps({"own": ["boost"]})})
    assign_own([])
    mix(start, end, 0.5, tmp_path / "between.safetensors")
    rows = [read_adapter(path).tensors["new_rows"][row].astype(np.float32) for path in (start, end)]
    assert np.allclose(read_adapter(tmp_path / "between.safetensors").tensors["new_rows"][row], sum(rows) / 2, atol=1e-3)


def test_mixing_says_what_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    start = str(write_adapter(tmp_path / "1.safetensors", 1))
    output = str(tmp_path / "nowhere" / "x")
    assert main(["mix", "--start", start, "--adapter", start, "--share", "0.5", "--output", output]) == 69
    assert f"{output} can't be written: No such file or directory" in capsys.readouterr().err


def test_wrong_shape_is_an_error(tmp_path: Path) -> None:
    """An adapter of another base is refused by the weight's name."""
    adapter = read_adapter(write_adapter(tmp_path / "a.safetensors"))
    with pytest.raises(ModelError, match=r"expected an adapter of shape \(3, 5\) for layers.0.q, got \(64, 64\)"):
        adapter.merged("layers.0.q", np.zeros((3, 5), np.float32))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["layers.0.q.lora_a", "layers.0.q.lora_b"], "expected the tensor new_rows"),
        (["new_rows", "layers.0.q.lora_a"], "expected pairs of rank 4"),
        (["new_rows", "layers.0.q.lora_b"], "expected pairs of lora_a and lora_b"),
        (["new_rows", "layers.0.q.weight"], "expected pairs of lora_a and lora_b"),
    ],
)
def test_incomplete_adapters_are_errors(tmp_path: Path, names: list[str], message: str) -> None:
    """An adapter without new rows, with half a pair or with unknown tensors is refused."""
    path = tmp_path / "a.safetensors"
    write_safetensors(path, {name: np.zeros((4, 4), np.float16) for name in names}, {"r": "4", "alpha": "8"})
    with pytest.raises(ModelError, match=message):
        read_adapter(path)


def test_numbers_must_be_finite(tmp_path: Path) -> None:
    """An adapter from a training run that diverged is refused."""
    path = tmp_path / "a.safetensors"
    write_safetensors(path, {"new_rows": np.full((4, 4), np.nan, np.float16)}, {"r": "4", "alpha": "8"})
    with pytest.raises(ModelError, match="expected finite numbers"):
        read_adapter(path)


@pytest.mark.parametrize("data", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"\x10\0\0\0\0\0\0\0{}"])
def test_other_files_are_errors(tmp_path: Path, data: bytes) -> None:
    """What is no safetensors file is named in one line."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"expected an adapter in .*a\.safetensors, got a file that is none"):
        read_adapter(path)


def test_cut_file_is_an_error(tmp_path: Path) -> None:
    """A file that was not copied to its end is refused."""
    path = write_adapter(tmp_path / "a.safetensors")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match="lies outside the file"):
        read_adapter(path)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that isn't there is named."""
    with pytest.raises(ModelError, match="got: No such file"):
        read_adapter(tmp_path / "none.safetensors")
