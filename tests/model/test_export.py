"""What the hub builds without torch is what the exporter of onnxruntime-genai writes, and computes what transformers computes.

At full size too, with the base that `octopus model build` keeps beside the model (fetched here, if it was not built yet).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from support.tiny_model import BASE_ROWS, EIGHT_BITS, GRAPH, RANK, SHAPE, build_tiny_model

from octopus_hub.config.hub import HubSettings
from octopus_hub.daemon.places import model_directory, state_directory
from octopus_hub.models import graph as names
from octopus_hub.models.base import SMOLLM2, BaseWeights, base_file
from octopus_hub.models.build import build_model
from octopus_hub.models.engine import Engine
from octopus_hub.models.graph import Layout, read_layout
from octopus_hub.models.lora import Adapter, read_adapter, write_safetensors
from octopus_hub.models.training import export

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = [pytest.mark.torch, pytest.mark.timeout(600)]


def write_checkpoint(folder: Path, gguf: Path) -> tuple[BaseWeights, Adapter]:
    """`hf` in `folder`, of the base and the adapter there."""
    base, adapter = BaseWeights(gguf), read_adapter(folder / "adapter.safetensors")
    export.write_hf_directory(base, adapter, folder / "hf")
    return base, adapter


def differences(folder: Path, model: Path, layout: Layout, eight_bits: Collection[str]) -> dict[str, float]:
    """Tensors that are not bit for bit what the exporter writes for the checkpoint in `folder`, and how far off they are."""
    exported = folder / "exported"
    exported.mkdir()
    export.run_builder(folder / "hf", exported, eight_bits)
    theirs = {t.name: t for t in onnx.load(exported / "model.onnx", load_external_data=False).graph.initializer}
    assert theirs.keys() - {"model.embed_tokens.weight"} == {t.name for t in layout.tensors}
    their_data, our_data = (exported / "model.onnx.data").read_bytes(), (model / names.DATA).read_bytes()
    found = {}
    for tensor in layout.tensors:
        place = {entry.key: int(entry.value) for entry in theirs[tensor.name].external_data if entry.key != "location"}
        their = their_data[place["offset"] : place["offset"] + place["length"]]
        our = our_data[tensor.offset : tensor.offset + tensor.length]
        if their != our:
            dtype = np.uint8 if tensor.part is names.Part.CODES else np.float32
            found[tensor.source] = float(np.abs(np.frombuffer(their, dtype) - np.frombuffer(our, dtype)).max())
    return found


def test_built_data_is_the_exporters(tmp_path: Path) -> None:
    """Every tensor has the exporter's bits; only cosines and sines may differ in the last one, where libraries differ."""
    model = build_tiny_model(tmp_path)
    write_checkpoint(tmp_path, tmp_path / "tiny.gguf")
    found = differences(tmp_path, model, read_layout(GRAPH / names.LAYOUT), EIGHT_BITS)
    assert found.keys() <= {"rope.cos", "rope.sin"}
    assert max(found.values(), default=0.0) < 1e-6


def test_committed_tiny_graph_is_the_exporters(tmp_path: Path) -> None:
    """The exporter still writes the graph that the tests use."""
    build_tiny_model(tmp_path)
    base, adapter = write_checkpoint(tmp_path, tmp_path / "tiny.gguf")
    shape = export.shape_with(base, adapter)
    layout = export.export_graph(tmp_path / "hf", shape, tmp_path / "graph", EIGHT_BITS)
    assert layout.tensors == read_layout(GRAPH / names.LAYOUT).tensors
    ours, theirs = (onnx.load(folder / names.GRAPH, load_external_data=False).graph for folder in (GRAPH, tmp_path / "graph"))
    assert [node.op_type for node in ours.node] == [node.op_type for node in theirs.node]


def test_int4_is_close_to_float32(tmp_path: Path) -> None:
    """The built model says nearly what transformers says in float32: for base tokens and for added ones."""
    from octopus_hub.models.onnx_engine import OnnxEngine
    from octopus_hub.models.transformers_engine import TransformersEngine

    model = build_tiny_model(tmp_path)
    write_checkpoint(tmp_path, tmp_path / "tiny.gguf")
    ids = [int(i) for i in np.random.default_rng(5).integers(0, SHAPE.vocabulary, 60)]

    def logits(engine: Engine) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return engine.session(engine.prefill(ids[:40]), 30).append_all(ids[40:])

    ours, exact = logits(OnnxEngine(model, 1)), logits(TransformersEngine(tmp_path / "hf", device="cpu"))
    for rows in (slice(0, BASE_ROWS), slice(BASE_ROWS, None)):
        assert np.corrcoef(ours[:, rows].ravel(), exact[:, rows].ravel())[0, 1] > 0.9


def test_built_data_is_the_exporters_at_full_size(tmp_path: Path) -> None:
    """The same for the real base and graph, with an adapter for the first layers."""
    settings = HubSettings()
    kept = model_directory(settings.model, state_directory(settings, os.environ)) / "base"
    gguf = base_file(None, kept, SMOLLM2, lambda *_: None)
    rng = np.random.default_rng(1)
    width, new_rows = 576, 512
    shapes = {"new_rows": (new_rows, width)}
    for layer in range(3):
        shapes |= {f"layers.{layer}.q.lora_a": (RANK, width), f"layers.{layer}.q.lora_b": (width, RANK)}
    tensors = {name: (rng.standard_normal(shape) * 0.1).astype(np.float16) for name, shape in shapes.items()}
    write_safetensors(tmp_path / "adapter.safetensors", tensors, {"r": str(RANK), "alpha": "8"})
    build_model(gguf, tmp_path / "adapter.safetensors", tmp_path / "model")
    write_checkpoint(tmp_path, gguf)
    found = differences(tmp_path, tmp_path / "model", read_layout(names.WEIGHTS / names.LAYOUT), export.EIGHT_BITS)
    assert found.keys() <= {"rope.cos", "rope.sin"}
    assert max(found.values(), default=0.0) < 1e-6
