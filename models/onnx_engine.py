"""The hub's engine: ONNX Runtime on the CPU, 4-bit weights, one key/value buffer bound as past and as present.

Tuning, measured on two cores of a shared x86 machine with 400 past tokens (medians; believe the ratios):

* accuracy level 4 (activations as 8-bit integers) reads 16 tokens in 25 ms and one in 6 ms; level 1 (float32) needs 34 and 10.
* Two threads are 1.85 times as fast as one. Threads that spin between operators save 15 to 30 %; `force_spinning_stop` lets them
  sleep as soon as a run ends, at no cost, so that an idle hub is idle.
* Memory patterns are off: they are kept per shape, and every length is another shape. The arena is off too: as fast, and a long
  prefix does not keep its scratch memory.
* Only the logits of the last token are computed and read back (200 kB).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from octopus_hub.models.build import ModelInfo, read_model
from octopus_hub.models.engine import Floats, KeyValueState, ModelError, Session
from octopus_hub.models.prefix import Prefixes

if TYPE_CHECKING:
    import onnxruntime

ROUND_TO = 128
"""The buffer grows by whole steps of so many positions."""
MOST_THREADS = 4


class OnnxEngine:
    """See `Engine`; `directory` is what `build_model` wrote. Raises ModelError."""

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        cache = OnnxCache(directory, read_model(directory), threads or min(MOST_THREADS, len(os.sched_getaffinity(0))))
        self.digest = cache.digest
        self.vocabulary_size = cache.vocabulary_size
        self._prefixes = Prefixes(cache)

    def prefill(self, ids: Sequence[int]) -> KeyValueState:
        """See `Engine.prefill`."""
        return self._prefixes.prefill(ids)

    def load_state(self, data: bytes) -> KeyValueState:
        """See `Engine.load_state`."""
        return self._prefixes.load_state(data)

    def session(self, prefix: KeyValueState | None, capacity: int) -> Session:
        """See `Engine.session`."""
        return self._prefixes.session(prefix, capacity)


class OnnxCache:
    """An ONNX Runtime session and its buffer (L 2 1 H C D), float32, C positions. See `Cache`."""

    def __init__(self, directory: Path, info: ModelInfo, threads: int) -> None:
        self.digest = info.digest
        self.vocabulary_size = info.shape.vocabulary
        self.positions = info.shape.positions
        self._shape = info.shape
        self._session = open_session(directory / "graph.onnx", threads)
        self._binding = self._session.io_binding()
        self._logits = np.zeros((1, 1, self.vocabulary_size), np.float32)
        self._mask = np.ones((1, self.positions), np.int64)
        self._bound: list[Any] = []  # OrtValue has no types
        self._buffer = np.zeros(self._buffer_shape(0), np.float32)

    def reserve(self, tokens: int, keep: int) -> None:
        """See `Cache.reserve`."""
        if tokens <= self._buffer.shape[4]:
            return
        room = min(self.positions, -(-tokens // ROUND_TO) * ROUND_TO)
        kept, self._buffer = self._buffer, np.zeros(self._buffer_shape(room), np.float32)
        self._buffer[..., :keep, :] = kept[..., :keep, :]
        self._bind()

    def step(self, ids: Sequence[int], past: int) -> Floats:
        """See `Cache.step`."""
        self._binding.bind_cpu_input("input_ids", np.asarray([ids], np.int64))
        self._binding.bind_cpu_input("attention_mask", self._mask[:, : past + len(ids)])
        self._session.run_with_iobinding(self._binding)
        return self._logits[0, 0].copy()

    def read(self, length: int) -> Floats:
        """See `Cache.read`."""
        return self._buffer[:, :, 0, :, :length].copy()

    def write(self, array: Floats) -> None:
        """See `Cache.write`."""
        self._buffer[:, :, 0, :, : array.shape[3]] = array

    def shape(self, length: int) -> tuple[int, ...]:
        """See `Cache.shape`."""
        return (self._shape.layers, 2, self._shape.kv_heads, length, self._shape.head_size)

    def _buffer_shape(self, room: int) -> tuple[int, ...]:
        return (self._shape.layers, 2, 1, self._shape.kv_heads, room, self._shape.head_size)

    def _bind(self) -> None:
        """Bind each layer's keys and values as input and as output, in place, and the logits."""
        import onnxruntime

        value = onnxruntime.OrtValue.ortvalue_from_numpy
        self._binding.clear_binding_inputs()
        self._binding.clear_binding_outputs()
        self._bound = [logits := value(self._logits)]
        self._binding.bind_ortvalue_output("logits", logits)
        for layer, pair in enumerate(self._buffer):
            for name, array in zip(("key", "value"), pair, strict=True):
                self._bound.append(bound := value(array))
                self._binding.bind_ortvalue_input(f"past_key_values.{layer}.{name}", bound)
                self._binding.bind_ortvalue_output(f"present.{layer}.{name}", bound)


def open_session(graph: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session with the options that the module's docstring argues for. Raises ModelError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
        raise ModelError(f"expected ONNX Runtime to open {graph}, got: {str(error).splitlines()[0]}") from error
