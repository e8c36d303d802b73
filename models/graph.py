"""The exported graph and the layout of its data file: which tensor lies where, and of which weights it is made.

The graph is committed without weights (`weights/graph.onnx`, `weights/layout.json`, written by `models.training.export`); the
data file is built to fit. Weights have the names of *sources*, in the orientation (out, in) of a linear layer:
`layers.{i}.{q,k,v,o,gate,up,down,input_norm,post_norm}`, `final_norm`, `embedding`, `rope.cos`, `rope.sin`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from octopus_hub.models.engine import ModelError

WEIGHTS = Path(__file__).parent / "weights"
"""Where the committed graph is."""
GRAPH = "graph.onnx"
LAYOUT = "layout.json"
DATA = "weights.data"
HIDDEN = "hidden"
"""The graph's output."""
HF_NAMES = {
    "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
}  # fmt: skip
"""What a Hugging Face Llama calls the linear layers."""
LINEARS = tuple(HF_NAMES)


class Part(StrEnum):
    """What of a source a tensor holds: 4- or 8-bit codes, their scales, or the float32 numbers themselves."""

    CODES = "codes"
    SCALES = "scales"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes. `positions` is the longest text in tokens."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    inner: int
    positions: int
    rope_theta: float
    norm_epsilon: float


@dataclass(frozen=True, slots=True)
class Tensor:
    """`length` bytes at `offset` of the data file: a part of a source, in `bits` (32 for plain ones)."""

    name: str
    source: str
    part: Part
    bits: int
    shape: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole data file. `block` numbers along a row share one scale."""

    shape: Shape
    block: int
    data_bytes: int
    tensors: tuple[Tensor, ...]

    def head(self) -> tuple[Tensor, Tensor]:
        """Codes and scales of the embedding, which is also the head."""
        found = {tensor.part: tensor for tensor in self.tensors if tensor.source == "embedding"}
        return found[Part.CODES], found[Part.SCALES]

    def to_json(self) -> str:
        """For `read_layout`; a tensor a line."""
        lines = ",\n".join(json.dumps(asdict(t)) for t in self.tensors)
        head = json.dumps({"schema": 1, "shape": asdict(self.shape), "block": self.block, "data_bytes": self.data_bytes})
        return f'{head[:-1]}, "tensors": [\n{lines}\n]}}\n'


def read_layout(path: Path) -> Layout:
    """The layout beside a graph. Raises ModelError."""
    try:
        record = json.loads(path.read_text())
        tensors = tuple(map(read_tensor, record["tensors"]))
        return Layout(read_shape(record["shape"]), record["block"], record["data_bytes"], tensors)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"expected the layout of a graph in {path}, got: {error}") from error


def read_shape(record: Mapping[str, Any]) -> Shape:
    """A shape from JSON. Raises TypeError for missing or unknown keys."""
    return Shape(**record)


def read_tensor(record: Mapping[str, Any]) -> Tensor:
    """A tensor from JSON. Raises TypeError or KeyError for missing or unknown keys, ValueError for an unknown part."""
    return Tensor(**{**record, "part": Part(record["part"]), "shape": tuple(record["shape"])})


def sha256(path: Path) -> str:
    """The file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hf_shape(folder: Path) -> Shape:
    """Of a Llama in a Hugging Face folder, from its config.json."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width, heads = config["hidden_size"], config["num_attention_heads"]
    return Shape(
        vocabulary=config["vocab_size"],
        width=width,
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config["num_key_value_heads"],
        head_size=width // heads,
        inner=config["intermediate_size"],
        positions=config["max_position_embeddings"],
        rope_theta=config.get("rope_theta") or config["rope_parameters"]["rope_theta"],
        norm_epsilon=config["rms_norm_eps"],
    )
