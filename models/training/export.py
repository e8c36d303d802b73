"""Exporting: a Hugging Face directory of base and adapter, and the graph that the hub's engine runs, without weights.

The graph comes from the model builder of onnxruntime-genai (4-bit weights, symmetric blocks of 32, accuracy level 4) and is changed
in three ways. It ends with the final norm: the engine has the head, for the tokens that a house and a sentence can need. The
embedding is looked up in the head's quantized rows. And weights that suffer most from 4 bits get 8. Measured on the base,
divergence from float32 over 1,000 tokens of prose and commands (KL in nats, then the share of equal first choices), with sizes
of the data file and milliseconds for 16 tokens and 1 token behind 400, the head of all tokens included:

==========================================  =====  ====  ======  ==========
all 4 bits                                  0.418   65 %   86 MB   25.7 / 6.1
+ v of all layers, five `down`, two `up`    0.214   73 %   91 MB   26.0 / 6.2
+ embedding and head (chosen)               0.118   79 %  105 MB   25.8 / 7.0
all 8 bits                                  0.006   93 %  154 MB   30.3 / 10.2
==========================================  =====  ====  ======  ==========

Also tried: blocks of 64 and 128 (KL 0.63 and 0.71; 10 % and 20 % faster), scales of least squared error (0.52: outliers matter
most), zero points (0.48, and ARM's fast kernels want none), gate and up fused (no faster), keys and values in 8 bits (slower
but for one token).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from octopus_hub.models.base import BaseWeights
from octopus_hub.models.build import MergedWeights
from octopus_hub.models.engine import Floats
from octopus_hub.models.graph import DATA, GRAPH, HF_NAMES, HIDDEN, LAYOUT, LINEARS, WEIGHTS, Layout, Part, Shape, Tensor
from octopus_hub.models.lora import Adapter, write_safetensors

if TYPE_CHECKING:
    import onnx

BLOCK = 32
ALIGNMENT_BYTES = 64
EIGHT_BITS = frozenset(
    ["embedding", "layers.28.up", "layers.29.up"]
    + [f"layers.{layer}.v" for layer in range(30)]
    + [f"layers.{layer}.down" for layer in (0, 2, 11, 28, 29)]
)
"""Sources stored in 8 bits: see the module's docstring."""

ALL_HF_NAMES = {**HF_NAMES, "input_norm": "input_layernorm", "post_norm": "post_attention_layernorm"}


def write_hf_directory(base: BaseWeights, adapter: Adapter, output: Path) -> None:
    """A Llama checkpoint of the base with the adapter merged in: config, float32 weights, and the base's tokenizer."""
    shape = shape_with(base, adapter)
    weights = MergedWeights(base, adapter, shape)
    tensors = {"model.embed_tokens.weight": joined(weights, "embedding"), "model.norm.weight": joined(weights, "final_norm")}
    for layer in range(shape.layers):
        for kind, name in ALL_HF_NAMES.items():
            tensors[f"model.layers.{layer}.{name}.weight"] = joined(weights, f"layers.{layer}.{kind}")
    output.mkdir(parents=True, exist_ok=True)
    write_safetensors(output / "model.safetensors", tensors, {"format": "pt"})
    (output / "config.json").write_text(json.dumps(hf_config(shape), indent=1))
    write_tokenizer(WEIGHTS / "tokenizer.json", output)


def write_tokenizer(tokenizer: Path, output: Path) -> None:
    """What transformers wants beside a checkpoint."""
    (output / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    shutil.copyfile(tokenizer, output / "tokenizer.json")


def shape_with(base: BaseWeights, adapter: Adapter) -> Shape:
    """The base's shape with the adapter's rows added."""
    return replace(base.shape, vocabulary=base.shape.vocabulary + len(adapter.new_rows))


def joined(weights: MergedWeights, source: str) -> Floats:
    """A whole weight."""
    return np.concatenate(list(weights.pieces(source)))


def hf_config(shape: Shape) -> dict[str, object]:
    """The config.json of a Llama checkpoint of this shape."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "max_position_embeddings": shape.positions,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_theta": shape.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
    }


def export_graph(checkpoint: Path, shape: Shape, output: Path, eight_bits: Collection[str] = EIGHT_BITS) -> Layout:
    """Write `graph.onnx` and `layout.json` for a checkpoint of this shape into `output`."""
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        run_builder(checkpoint, Path(folder), eight_bits)
        model = onnx.load(str(Path(folder) / "model.onnx"), load_external_data=False)
    layout = lay_out(model, shape, eight_bits)
    share_embedding(model, shape, 8 if "embedding" in eight_bits else 4)
    cut_head(model, shape)
    point_to_data(model, layout)
    output.mkdir(parents=True, exist_ok=True)
    (output / LAYOUT).write_text(layout.to_json())
    onnx.save(model, str(output / GRAPH))
    return layout


def run_builder(checkpoint: Path, output: Path, eight_bits: Collection[str]) -> None:
    """The model builder of onnxruntime-genai: `model.onnx` and `model.onnx.data`."""
    overrides = [{"match": {"name": node_name(source)}, "type": "int8"} for source in sorted(eight_bits)]
    weights = {"type": "int4", "block_size": BLOCK, "symmetric": True, "accuracy_level": 4, "overrides": overrides}
    options = {"quant_config": {"weights": weights}, "optimizations": {"fuse_qkv": False}}
    command = [
        *(sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", "local", "-i", str(checkpoint.resolve())),
        *("-o", str(output.resolve()), "-p", "int4", "-e", "cpu", "-c", str(output.resolve() / "cache")),
        *("--builder_config_version", "2", "--target_options", json.dumps(options)),
        *("--extra_options", "prune_lm_head=true", "shared_embeddings=false"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, cwd=output)
    if done.returncode:
        raise RuntimeError(f"expected the model builder to succeed, got: {done.stderr[-2000:]}")


def node_name(source: str) -> str:
    """The builder's name for the product with a source's weight."""
    if source == "embedding":
        return "/lm_head/MatMul"
    _, layer, kind = source.split(".")
    return f"/model/layers.{layer}/{'attn' if kind in 'qkvo' else 'mlp'}/{kind}_proj/MatMul"


def sources_by_name(shape: Shape) -> dict[str, tuple[str, Part]]:
    """The builder's names of initializers, without the suffix of quantized ones' bits."""
    names = {"cos_cache": ("rope.cos", Part.PLAIN), "sin_cache": ("rope.sin", Part.PLAIN)}
    names[f"model.layers.{shape.layers}.final_norm_layernorm.weight"] = ("final_norm", Part.PLAIN)
    quantized = {"lm_head.MatMul": "embedding"}
    for layer in range(shape.layers):
        for kind in ("input_norm", "post_norm"):
            names[f"model.layers.{layer}.{ALL_HF_NAMES[kind]}.weight"] = (f"layers.{layer}.{kind}", Part.PLAIN)
        for kind in LINEARS:
            stem = f"{node_name(f'layers.{layer}.{kind}')[1:].replace('/', '.')}"
            quantized[stem] = f"layers.{layer}.{kind}"
    for stem, source in quantized.items():
        names |= {f"{stem}.weight_Q4": (source, Part.CODES), f"{stem}.weight_Q8": (source, Part.CODES)}
        names[f"{stem}.weight_scales"] = (source, Part.SCALES)
    return names


def lay_out(model: onnx.ModelProto, shape: Shape, eight_bits: Collection[str]) -> Layout:
    """Where each of the model's initializers goes; the float embedding goes nowhere."""
    names = sources_by_name(shape)
    tensors, offset = [], 0
    for initializer in model.graph.initializer:
        if initializer.name == "model.embed_tokens.weight":
            continue
        source, part = names[initializer.name]
        bits = 32 if part is Part.PLAIN else 8 if source in eight_bits else 4
        dims = tuple(initializer.dims)
        length = int(np.prod(dims)) * (1 if part is Part.CODES else 4)
        tensors.append(Tensor(initializer.name, source, part, bits, dims, offset, length))
        offset = -(-(offset + length) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    return Layout(shape, BLOCK, tensors[-1].offset + tensors[-1].length, tuple(tensors))


def share_embedding(model: onnx.ModelProto, shape: Shape, bits: int) -> None:
    """Look the embedding up in the head's rows: other names for the same codes (V D·bits/8) and scales (V D/block)."""
    from onnx import TensorProto, helper

    graph = model.graph
    node = next(n for n in graph.node if n.name == "/model/embed_tokens/Gather")
    ids = node.input[1]
    node.op_type, node.domain = "GatherBlockQuantized", "com.microsoft"
    del node.input[:], node.attribute[:]
    node.input.extend(["embedding.codes", ids, "embedding.scales"])
    attributes = {"bits": bits, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    by_name = {tensor.name: tensor for tensor in graph.initializer}
    for name, head, dims in (
        ("embedding.codes", f"lm_head.MatMul.weight_Q{bits}", (shape.vocabulary, shape.width * bits // 8)),
        ("embedding.scales", "lm_head.MatMul.weight_scales", (shape.vocabulary, shape.width // BLOCK)),
    ):
        alias = TensorProto()
        alias.CopyFrom(by_name[head])
        alias.name = name
        alias.dims[:] = dims
        graph.initializer.append(alias)
    graph.initializer.remove(by_name["model.embed_tokens.weight"])


def cut_head(model: onnx.ModelProto, shape: Shape) -> None:
    """End the graph with the final norm of every token fed: `hidden` (1 T D)."""
    from onnx import TensorProto, helper

    graph = model.graph
    head = [node for node in graph.node if node.name.startswith("/lm_head/")]
    inside = {name for node in head for name in node.output}
    (norm,) = {name for node in head for name in node.input if name.endswith("/final_norm_layernorm/output_0")} - inside
    for node in head:
        graph.node.remove(node)
    for node in graph.node:
        node.output[:] = [HIDDEN if name == norm else name for name in node.output]
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    graph.output.remove(next(output for output in graph.output if output.name == "logits"))
    shown = helper.make_tensor_value_info(HIDDEN, TensorProto.FLOAT, ["batch_size", "sequence_length", shape.width])
    graph.output.insert(0, shown)


def point_to_data(model: onnx.ModelProto, layout: Layout) -> None:
    """Make every initializer external, at its place in the data file."""
    from onnx import TensorProto

    places = {tensor.name: tensor for tensor in layout.tensors}
    head = {tensor.part: tensor for tensor in layout.tensors if tensor.source == "embedding"}
    places |= {"embedding.codes": head[Part.CODES], "embedding.scales": head[Part.SCALES]}
    for initializer in model.graph.initializer:
        place = places[initializer.name]
        initializer.ClearField("raw_data")
        initializer.data_location = TensorProto.EXTERNAL
        del initializer.external_data[:]
        for key, value in (("location", DATA), ("offset", place.offset), ("length", place.length)):
            entry: Any = initializer.external_data.add()
            entry.key, entry.value = key, str(value)
