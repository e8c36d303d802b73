"""The hub's engine: ONNX Runtime on the CPU, 4-bit weights, one key/value buffer bound as past and as present.

Tuning, measured on two cores of a shared x86 machine behind 400 tokens (medians; believe the ratios):

* 16 tokens take 26 ms, 4 tokens 11 ms, one token 7 ms; on one thread 49, 20 and 13. Behind 1,000 tokens 36, 17 and 11; behind
  4,000 70, 42 and 33. The prefix of 400 takes 0.6 s, opening 0.3 s.
* Accuracy level 4 (activations as 8-bit integers) is the fastest: level 1 (float32) takes 34 and 10 ms where 4 takes 25 and 6.
* Threads spin for 20 µs between operators. Spinning as long as ONNX Runtime likes is no faster on an idle machine (29 and 9 ms,
  29 and 9 with 20 µs, 36 and 14 without), and twice as slow when something else computes too (125 and 36 ms; 63 and 19; 57 and
  16).
* Memory patterns are off: they are kept per shape, and every length is another shape. The arena is off too: as fast, and a long
  prefix does not keep its scratch memory.
* Only the logits of the last token are computed and read back (200 kB). The buffer has room for every position, and takes
  memory (46 kB a token) only for those used. A process that only holds the engine and 420 tokens has 255 MB resident.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from octopus_hub.models.build import ModelInfo, read_model
from octopus_hub.models.engine import Floats, KeyValueState, ModelError, Session
from octopus_hub.models.prefix import Prefixes

if TYPE_CHECKING:
    import onnxruntime

MOST_THREADS = 4


class OnnxEngine:
    """See `Engine`; `directory` is what `build_model` wrote. Raises ModelError."""

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        info = read_model(directory)
        cache = OnnxCache(directory, info, threads or min(MOST_THREADS, len(os.sched_getaffinity(0))))
        self.digest = cache.digest
        self.vocabulary_digest = info.vocabulary_digest
        self.vocabulary = info.vocabulary
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
        self._logits: Floats = np.zeros((1, 1, self.vocabulary_size), np.float32)
        self._mask = np.ones((1, self.positions), np.int64)
        layers, pair, kv_heads, positions, size = self.shape(self.positions)
        self._buffer = untouched((layers, pair, 1, kv_heads, positions, size))
        self._bind()

    def step(self, ids: Sequence[int], past: int) -> Floats:
        """See `Cache.step`."""
        self._ids = np.asarray([ids], np.int64)  # must outlive the run
        self._binding.bind_cpu_input("input_ids", self._ids)
        self._binding.bind_cpu_input("attention_mask", self._mask[:, : past + len(ids)])
        self._session.run_with_iobinding(self._binding)
        logits: Floats = self._logits[0, 0].copy()
        return logits

    def read(self, length: int) -> Floats:
        """See `Cache.read`."""
        return self._buffer[:, :, 0, :, :length].copy()

    def write(self, array: Floats) -> None:
        """See `Cache.write`."""
        self._buffer[:, :, 0, :, : array.shape[3]] = array

    def shape(self, length: int) -> tuple[int, ...]:
        """See `Cache.shape`."""
        return (self._shape.layers, 2, self._shape.kv_heads, length, self._shape.head_size)

    def _bind(self) -> None:
        """Bind each layer's keys and values as input and as output, in place, and the logits. All outlive the binding."""
        import onnxruntime

        value = onnxruntime.OrtValue.ortvalue_from_numpy
        self._binding.bind_ortvalue_output("logits", value(self._logits))
        for layer, pair in enumerate(self._buffer):
            for name, array in zip(("key", "value"), pair, strict=True):
                bound = value(array)
                self._binding.bind_ortvalue_input(f"past_key_values.{layer}.{name}", bound)
                self._binding.bind_ortvalue_output(f"present.{layer}.{name}", bound)


def untouched(shape: tuple[int, ...]) -> Floats:
    """Zeros that take memory only where something was written, a page at a time: room for every position costs nothing."""
    memory = mmap.mmap(-1, 4 * math.prod(shape), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without huge pages
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, np.float32).reshape(shape)


def open_session(graph: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session with the options that the module's docstring argues for. Raises ModelError."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as ort

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.spin_duration_us", "20")
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except (ort.Fail, ort.InvalidArgument, ort.InvalidGraph, ort.InvalidProtobuf, ort.NoSuchFile, ort.NotImplemented) as error:
        raise ModelError(f"expected ONNX Runtime to open {graph}, got: {str(error).splitlines()[0]}") from error
