"""The trained adapter: its file, and merging it into the base's weights, in NumPy.

One safetensors file of float16 tensors: `layers.{i}.{q,k,v,o,gate,up,down}.lora_a` (R, in) and `.lora_b` (out, R), and
`new_rows` (512 D), the embedding and head rows of the added tokens. Metadata: strings `r`, `alpha`, `vocabulary_digest`,
`vocabulary` (the names of the added tokens, as JSON) and more.

Merging computes W + alpha/r · B A in float64 and rounds once. Products of float16 numbers and sums of R of them fit float64
exactly, so every machine gets the same bits, whatever its BLAS, and a built model can be compared by digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octopus_hub.models.engine import Floats, ModelError
from octopus_hub.models.tokens import BASE_SIZE, assign_own, shared_ids

NEW_ROWS = "new_rows"
DTYPES: Mapping[str, type[np.floating]] = {"F16": np.float16, "F32": np.float32}
"""Safetensors' names. The format is little-endian, as are all the machines this runs on."""
MAX_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Adapter:
    """What training adds to the base. `digest` is the file's SHA-256."""

    rank: int
    alpha: float
    vocabulary_digest: str
    digest: str
    tensors: Mapping[str, NDArray[np.floating]]
    vocabulary: Mapping[str, list[str]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def new_rows(self) -> Floats:
        """Rows of the added tokens (512 D)."""
        return self.tensors[NEW_ROWS].astype(np.float32)

    def merged(self, source: str, weight: Floats) -> Floats:
        """`weight` (out, in) of `source` with the adapter in it; itself where the adapter has nothing for it."""
        down, up = self.tensors.get(f"{source}.lora_a"), self.tensors.get(f"{source}.lora_b")
        if down is None or up is None:
            return weight
        if (up.shape[0], down.shape[1]) != weight.shape:
            raise ModelError(f"expected an adapter of shape {weight.shape} for {source}, got {(up.shape[0], down.shape[1])}")
        change = up.astype(np.float64) @ down.astype(np.float64)
        return (weight + change * (self.alpha / self.rank)).astype(np.float32)


def read_adapter(path: Path) -> Adapter:
    """The adapter in a safetensors file. Raises ModelError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"expected an adapter in {path}, got: {error.strerror}") from error
    try:
        tensors, metadata = parse_safetensors(data)
        adapter = Adapter(
            rank=int(metadata["r"]),
            alpha=float(metadata["alpha"]),
            vocabulary_digest=metadata.get("vocabulary_digest", ""),
            digest=hashlib.sha256(data).hexdigest(),
            tensors=tensors,
            vocabulary=json.loads(metadata.get("vocabulary", "{}")),
            metadata=metadata,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"expected an adapter in {path}, got a file that is none: {error}") from error
    _check(adapter, path)
    return adapter


def _check(adapter: Adapter, path: Path) -> None:
    if NEW_ROWS not in adapter.tensors:
        raise ModelError(f"expected the tensor {NEW_ROWS} in {path}, got none")
    for name, tensor in adapter.tensors.items():
        stem, _, kind = name.rpartition(".")
        if name != NEW_ROWS and (kind not in ("lora_a", "lora_b") or f"{stem}.lora_a" not in adapter.tensors):
            raise ModelError(f"expected pairs of lora_a and lora_b in {path}, got {name} alone")
        rank = tensor.shape[0 if kind == "lora_a" else -1]
        if name != NEW_ROWS and (f"{stem}.lora_b" not in adapter.tensors or rank != adapter.rank):
            raise ModelError(f"expected pairs of rank {adapter.rank} in {path}, got {name} of rank {rank}")
        if not np.isfinite(tensor).all():
            raise ModelError(f"expected finite numbers in {path}, got others in {name}")


def mix(start: Path, end: Path, share: float, output: Path) -> None:
    """Write the adapter that lies `share` (0 to 1) of the way from `start` to `end`, which was trained from it.

    It keeps more of what the start knew, at little loss of what is new (arXiv 2203.05482, 2109.01903). Rows of tokens that the
    start did not know are the end's. Raises ModelError for adapters of other shapes.
    """
    old, new = read_adapter(start), read_adapter(end)
    assign_own(old.vocabulary.get("own", ()))
    shapes = [{name: tensor.shape for name, tensor in each.tensors.items()} for each in (old, new)]
    if shapes[0] != shapes[1] or (old.rank, old.alpha) != (new.rank, new.alpha):
        raise ModelError(f"expected two adapters of the same shape, got {start} and {end}")
    known = [i - BASE_SIZE for i in shared_ids(old.vocabulary)]
    mixed = {}
    for name, tensor in new.tensors.items():
        there = tensor.astype(np.float32)
        between = (1 - share) * old.tensors[name].astype(np.float32) + share * there
        if name == NEW_ROWS:
            there[known] = between[known]
            between = there
        mixed[name] = between.astype(tensor.dtype)
    write_safetensors(output, mixed, {**new.metadata, "mixed": f"{share:g} of {new.digest}, the rest of {old.digest}"})


def parse_safetensors(data: bytes) -> tuple[dict[str, NDArray[np.floating]], dict[str, str]]:
    """Tensors and metadata. Raises ValueError, KeyError or TypeError. Source: the safetensors format (0.8)."""
    size = int.from_bytes(data[:8], "little")
    if not 2 <= size <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise ValueError("no safetensors header")
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + size :]
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        if not 0 <= start <= end <= len(body):
            raise ValueError(f"{name} lies outside the file")
        tensors[name] = np.frombuffer(body[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path: Path, tensors: Mapping[str, NDArray[np.floating]], metadata: Mapping[str, str]) -> None:
    """The counterpart of `parse_safetensors`."""
    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).data)
