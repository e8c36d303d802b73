"""The second engine: any causal language model that transformers can load, quantized by bitsandbytes or in full precision.

For CUDA machines and larger bases; in float32 it is the exact reference for the other one. About 50 ms a token in float32 and
60 ms in nf4 for the base model on two x86 cores: not for the hub. Needs the extra `[transformers]`; nothing of it is imported
before it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from octopus_hub.models.engine import Floats, KeyValueState, ModelError, Session
from octopus_hub.models.graph import sha256
from octopus_hub.models.prefix import Prefixes

QUANTIZATIONS = ("nf4", None)


class TransformersEngine:
    """See `Engine`. `directory`: a checkpoint as transformers saves it; `quantization`: "nf4" or None; `device`: as torch names it,
    by default CUDA where there is one. Without quantization: float32 on the CPU, bfloat16 on CUDA. Raises ModelError."""

    def __init__(self, directory: Path, quantization: str | None = None, device: str | None = None) -> None:
        cache = TransformersCache(directory, quantization, device)
        self.digest = cache.digest
        self.vocabulary_size = cache.vocabulary_size
        self._prefixes = Prefixes(cache)

    def prefill(self, ids: Sequence[int]) -> KeyValueState:
        """See `Engine.prefill`."""
        return self._prefixes.prefill(ids)

    def load_state(self, data: bytes) -> KeyValueState:
        """See `Engine.load_state`."""
        return self._prefixes.load_state(data)

    def session(self, prefix: KeyValueState | None, capacity: int, wanted: Collection[int] | None = None) -> Session:
        """See `Engine.session`."""
        return self._prefixes.session(prefix, capacity, wanted)


class TransformersCache:
    """A model of transformers and its `DynamicCache`, cropped to go back. See `Cache`."""

    def __init__(self, directory: Path, quantization: str | None, device: str | None) -> None:
        import torch

        if quantization not in QUANTIZATIONS:
            raise ModelError(f"expected quantization nf4 or none, got {quantization}")
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model = load(directory, quantization, self._device)
        config = self._model.config
        self.vocabulary_size = int(config.vocab_size)
        self.positions = int(config.max_position_embeddings)
        self.digest = checkpoint_digest(directory, f"{quantization} {self._model.dtype} {self._device}")
        heads = config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self._shape = (int(config.num_hidden_layers), 2, int(heads), int(size))
        self._cache = self._empty()

    def step(self, ids: Sequence[int], past: int, keep: int = 1) -> Floats:
        """See `Cache.step`."""
        import torch

        surplus = self._cache.get_seq_length() - past
        if surplus:
            self._cache.crop(-surplus)
        with torch.inference_mode():
            fed = torch.tensor([ids], device=self._device)
            logits = self._model(fed, past_key_values=self._cache, use_cache=True, logits_to_keep=keep).logits
            return np.array(logits[0].float().cpu().numpy(), np.float32)

    def want(self, ids: Collection[int] | None) -> None:
        """Nothing is saved by wanting less."""

    def logits(self, states: Floats) -> Floats:
        """What `step` gives are logits already."""
        return states

    def read(self, length: int) -> Floats:
        """See `Cache.read`."""
        array = np.empty(self.shape(length), np.float32)
        for layer, part in enumerate(self._cache.layers):
            for index, tensor in enumerate((part.keys, part.values)):
                array[layer, index] = tensor[0, :, :length].float().cpu().numpy()
        return array

    def write(self, array: Floats) -> None:
        """See `Cache.write`."""
        import torch

        self._cache = self._empty()
        for layer, pair in enumerate(array):
            keys, values = (torch.tensor(part, device=self._device, dtype=self._model.dtype)[None] for part in pair)
            self._cache.update(keys, values, layer)

    def shape(self, length: int) -> tuple[int, ...]:
        """See `Cache.shape`."""
        layers, pair, heads, size = self._shape
        return (layers, pair, heads, length, size)

    def _empty(self) -> Any:
        from transformers import DynamicCache

        return DynamicCache(config=self._model.config)


def load(directory: Path, quantization: str | None, device: str) -> Any:
    """A causal language model, ready to run. Raises ModelError."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    if quantization:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type=quantization, bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
        )
        options["device_map"] = {"": device}
    try:
        model = AutoModelForCausalLM.from_pretrained(directory, **options)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(f"expected a causal language model in {directory}, got: {str(error).splitlines()[0]}") from error
    return (model if quantization else model.to(device)).eval()


def checkpoint_digest(directory: Path, mode: str) -> str:
    """SHA-256 over a checkpoint's configuration and weights and how they are used."""
    files = sorted([directory / "config.json", *directory.glob("*.safetensors")])
    lines = [mode, *(f"{file.name} {sha256(file)}" for file in files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
