"""Building a model: what comes out, that it is reused, and what happens when it is cut off."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from support.tiny_model import GRAPH, SHAPE, write_adapter, write_base

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.models.base import BaseWeights, PinnedBase, Progress
from octopus_hub.models.build import ModelInfo, build_model, quantize_rows, read_model
from octopus_hub.models.engine import Floats, ModelError
from octopus_hub.models.graph import DATA, LAYOUT, Part, read_layout, sha256
from octopus_hub.models.lora import read_adapter


@dataclass(frozen=True)
class Parts:
    """What a build takes."""

    folder: Path
    base: PinnedBase

    @property
    def output(self) -> Path:
        """Where the model goes."""
        return self.folder / "model"

    def build(self, adapter: str = "adapter", progress: Progress = lambda stage, part: None, graph: Path = GRAPH) -> ModelInfo:
        """Build it."""
        source = self.folder / "tiny.gguf"
        path = self.folder / f"{adapter}.safetensors"
        return build_model(source, path, self.output, progress, base=self.base, graph=graph)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """A tiny base and two adapters."""
    write_adapter(tmp_path / "adapter.safetensors")
    write_adapter(tmp_path / "other.safetensors", seed=9)
    return Parts(tmp_path, write_base(tmp_path / "tiny.gguf"))


def dequantized(codes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], scales: Floats, bits: int) -> Floats:
    """Blocks back to numbers: low nibble first, the middle of the range is zero. Source: ONNX Runtime's MatMulNBits."""
    whole = np.stack([codes & 15, codes >> 4], axis=-1).reshape(*codes.shape[:2], -1) if bits == 4 else codes
    numbers: Floats = (whole.astype(np.float32) - 2 ** (bits - 1)) * scales[..., None]
    return numbers.reshape(len(codes), -1)


@pytest.mark.parametrize(("bits", "error"), [(4, 1 / 8), (8, 1 / 128)])
def test_quantizing(bits: int, error: float) -> None:
    """A step is a block's largest number over 8 or 128; numbers are off by half a step, at the far end by a whole one."""
    weight = np.random.default_rng(1).standard_normal((24, 96)).astype(np.float32)
    codes, scales = quantize_rows(weight, bits, 32)
    assert codes.shape == (24, 3, 32 * bits // 8)
    largest = np.abs(weight.reshape(24, 3, 32)).max(axis=2)
    np.testing.assert_allclose(np.abs(scales), largest * error, rtol=1e-6)
    steps = np.abs(dequantized(codes, scales, bits) - weight).reshape(24, 3, 32) / np.abs(scales)[..., None]
    assert steps.max() < 1.001
    assert (steps < 0.501).mean() > 0.95


def test_every_tensor_is_in_its_place(parts: Parts) -> None:
    """The data file holds each source, merged and quantized, where the layout says; tensors do not overlap."""
    parts.build()
    layout = read_layout(GRAPH / LAYOUT)
    data = (parts.output / DATA).read_bytes()
    assert len(data) == layout.data_bytes
    ends = [0, *(t.offset + t.length for t in layout.tensors)]
    assert all(tensor.offset >= end for tensor, end in zip(layout.tensors, ends, strict=False))
    base, adapter = BaseWeights(parts.folder / "tiny.gguf"), read_adapter(parts.folder / "adapter.safetensors")
    by_part = {(t.source, t.part): data[t.offset : t.offset + t.length] for t in layout.tensors}
    for tensor in layout.tensors:
        if tensor.part is not Part.CODES:
            continue
        weight = base.rows(tensor.source)
        if tensor.source == "embedding":
            weight = np.concatenate([weight, adapter.new_rows])
        codes, scales = quantize_rows(adapter.merged(tensor.source, weight), tensor.bits, layout.block)
        assert by_part[tensor.source, Part.CODES] == codes.tobytes()
        assert by_part[tensor.source, Part.SCALES] == scales.tobytes()
    cosines = np.frombuffer(by_part["rope.cos", Part.PLAIN], np.float32).reshape(SHAPE.positions, -1)
    assert cosines[0].tolist() == [1.0] * 16
    assert cosines[3, 0] == np.float32(np.cos(3.0))


def test_what_is_recorded(parts: Parts) -> None:
    """The digests of everything that went in and came out stand in model.json, and are checked when it is read."""
    info = parts.build()
    assert read_model(parts.output) == info
    assert info.base_digest == parts.base.file_sha256
    assert info.adapter_digest == sha256(parts.folder / "adapter.safetensors")
    assert info.data_digest == sha256(parts.output / DATA)
    assert (info.vocabulary_digest, info.shape) == ("tiny", SHAPE)
    assert json.loads((parts.output / "model.json").read_text())["schema"] == 2


def test_building_is_repeatable(parts: Parts) -> None:
    """The same parts give the same bytes."""
    first = parts.build()
    (parts.output / "model.json").unlink()
    assert parts.build() == first


def test_a_finished_model_is_reused(parts: Parts) -> None:
    """What is built already is not built again; another adapter is."""
    stages: list[str] = []
    first = parts.build()
    assert parts.build(progress=lambda stage, part: stages.append(stage)) == first
    assert stages == []
    other = parts.build("other", progress=lambda stage, part: stages.append(stage))
    assert stages
    assert other.digest != first.digest
    assert read_model(parts.output) == other


def test_progress_goes_up_to_one(parts: Parts) -> None:
    """Progress never goes back and ends at one."""
    seen: list[float] = []
    parts.build(progress=lambda stage, part: seen.append(part))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_damage_is_found(parts: Parts) -> None:
    """A model with a changed byte is refused, and built again by the next build."""
    info = parts.build()
    data = bytearray((parts.output / DATA).read_bytes())
    data[1000] ^= 1
    (parts.output / DATA).write_bytes(data)
    with pytest.raises(ModelError, match=rf"expected SHA-256 {info.data_digest} of .*{DATA}, got .* \(build the model again\)"):
        read_model(parts.output)
    assert parts.build() == info
    assert read_model(parts.output) == info


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 2}', '{"schema": 1, "digest": "x", "shape": {}}'])
def test_unreadable_record_is_an_error(parts: Parts, content: str) -> None:
    """A model.json that says nothing usable is an error."""
    parts.build()
    (parts.output / "model.json").write_text(content)
    with pytest.raises(ModelError, match=r"got a model\.json that can't be read"):
        read_model(parts.output)


def test_no_model_is_an_error(tmp_path: Path) -> None:
    """Where nothing was built the error says how to."""
    with pytest.raises(ModelError, match="octopus model build"):
        read_model(tmp_path)


def test_cut_off_build_leaves_the_old_model(parts: Parts) -> None:
    """A build that is interrupted leaves no half file under a final name, and the model that was there."""

    def interrupt(stage: str, part: float) -> None:
        if part > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts.build(progress=interrupt)
    assert not (parts.output / DATA).exists()
    assert not (parts.output / "model.json").exists()
    first = parts.build()
    with pytest.raises(KeyboardInterrupt):
        parts.build("other", progress=interrupt)
    assert read_model(parts.output) == first


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """A disk that is full sooner."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_full_disk_is_one_clear_error(parts: Parts) -> None:
    """What the system says about writing comes out as one line, and the next build works."""
    with (
        files_of_at_most(50_000),
        pytest.raises(UnavailableService, match=r"expected to write the model to .*, got: File too large"),
    ):
        parts.build()
    parts.build()


def test_one_build_at_a_time(parts: Parts) -> None:
    """A second build into the same folder is refused."""

    def again(stage: str, part: float) -> None:
        with pytest.raises(UnavailableService, match="another build running"):
            parts.build()

    parts.build(progress=again)


def test_parts_that_do_not_fit(parts: Parts) -> None:
    """An adapter with other new rows, a graph of other sizes and another base are refused."""
    write_adapter(parts.folder / "few.safetensors", rows=8)
    with pytest.raises(ModelError, match="expected 64 new rows in the adapter, got 8"):
        parts.build("few")
    other = replace(parts, base=replace(parts.base, file_sha256="0" * 64))
    with pytest.raises(InputError, match="expected SHA-256"):
        other.build()
    wide = parts.folder / "graph"
    wide.mkdir()
    (wide / "graph.onnx").write_bytes(b"another graph")
    layout = read_layout(GRAPH / LAYOUT)
    first, *rest = layout.tensors
    (wide / LAYOUT).write_text(replace(layout, tensors=(replace(first, length=first.length + 4), *rest)).to_json())
    with pytest.raises(ModelError, match="base and graph don't fit"):
        parts.build(graph=wide)
