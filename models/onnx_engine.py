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
* The graph ends before the head, whose rows are multiplied here, for the tokens that can be wanted. The buffer has room for every
  position, and takes memory (46 kB a token) only for those used. A process that only holds the engine and 420 tokens has 255 MB
  resident.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from octopus_hub.models.build import ModelInfo, read_model
from octopus_hub.models.engine import Floats, KeyValueState, ModelError, Session
from octopus_hub.models.graph import DATA, HIDDEN
from octopus_hub.models.prefix import Prefixes

if TYPE_CHECKING:
    import onnxruntime

MOST_THREADS = 4
BITS_OF_HALF = 4
MOST_ROWS = 8192
"""Rows of the head that are kept: 19 MB for the base model."""


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

    def session(self, prefix: KeyValueState | None, capacity: int, wanted: Collection[int] | None = None) -> Session:
        """See `Engine.session`."""
        return self._prefixes.session(prefix, capacity, wanted)


class OnnxCache:
    """An ONNX Runtime session and its buffer (L 2 1 H C D), float32, C positions. See `Cache`."""

    def __init__(self, directory: Path, info: ModelInfo, threads: int) -> None:
        self.digest = info.digest
        self.vocabulary_size = info.shape.vocabulary
        self.positions = info.shape.positions
        self._shape = info.shape
        self._head = Head(directory / DATA, info)
        self._session = open_session(directory / "graph.onnx", threads)
        self._binding = self._session.io_binding()
        self._mask = np.ones((1, self.positions), np.int64)
        layers, pair, kv_heads, positions, size = self.shape(self.positions)
        self._buffer = untouched((layers, pair, 1, kv_heads, positions, size))
        self._bind()

    def step(self, ids: Sequence[int], past: int, keep: int = 1) -> Floats:
        """See `Cache.step`."""
        import onnxruntime

        self._ids = np.asarray([ids], np.int64)  # must outlive the run
        states: Floats = np.empty((1, len(ids), self._shape.width), np.float32)
        self._binding.bind_cpu_input("input_ids", self._ids)
        self._binding.bind_cpu_input("attention_mask", self._mask[:, : past + len(ids)])
        self._binding.bind_ortvalue_output(HIDDEN, onnxruntime.OrtValue.ortvalue_from_numpy(states))
        self._session.run_with_iobinding(self._binding)
        return states[0, -keep:]

    def want(self, ids: Collection[int] | None) -> None:
        """See `Cache.want`."""
        self._head.want(ids)

    def logits(self, states: Floats) -> Floats:
        """See `Cache.logits`."""
        return self._head.logits(states)

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
        """Bind each layer's keys and values as input and as output, in place. All outlive the binding."""
        import onnxruntime

        value = onnxruntime.OrtValue.ortvalue_from_numpy
        for layer, pair in enumerate(self._buffer):
            for name, array in zip(("key", "value"), pair, strict=True):
                bound = value(array)
                self._binding.bind_ortvalue_input(f"past_key_values.{layer}.{name}", bound)
                self._binding.bind_ortvalue_output(f"present.{layer}.{name}", bound)


class Head:
    """Rows of the embedding, which is the head, read from the data file as they are wanted: of some 50,000 tokens a house and a
    sentence need one or two thousand, and reading all of them took a quarter of a step's memory bandwidth."""

    def __init__(self, data: Path, info: ModelInfo) -> None:
        codes, scales = info.head
        self._size, width = info.shape.vocabulary, info.shape.width
        self._bits = codes.bits
        self._codes = np.memmap(data, np.uint8, "r", codes.offset, (self._size, codes.length // self._size))
        self._scales = np.memmap(data, np.float32, "r", scales.offset, (self._size, scales.length // 4 // self._size))
        self._slots = np.full(self._size, -1, np.int64)
        self._rows: Floats = np.empty((0, width), np.float32)
        self.want(())

    def want(self, ids: Collection[int] | None) -> None:
        """See `Cache.want`."""
        self._wanted = np.arange(self._size) if ids is None else np.fromiter(ids, np.int64, len(ids))
        missing = self._wanted[self._slots[self._wanted] < 0]
        if len(self._rows) + len(missing) > max(MOST_ROWS, len(self._wanted)):
            self._slots[:] = -1
            self._rows, missing = self._rows[:0], self._wanted
        if len(missing):
            self._slots[missing] = np.arange(len(self._rows), len(self._rows) + len(missing))
            self._rows = np.concatenate((self._rows, self._read(missing)))
        self._chosen = self._rows[self._slots[self._wanted]]

    def logits(self, states: Floats) -> Floats:
        """See `Cache.logits`."""
        found: Floats = np.full((len(states), self._size), -np.inf, np.float32)
        found[:, self._wanted] = states @ self._chosen.T
        return found

    def _read(self, ids: NDArray[np.int64]) -> Floats:
        """Rows (N, D) of these tokens, out of codes and scales."""
        codes, scales = self._codes[ids], self._scales[ids]
        if self._bits == BITS_OF_HALF:
            codes = np.stack((codes & 15, codes >> 4), axis=-1).reshape(len(ids), -1)
        numbers = codes.astype(np.float32) - (1 << (self._bits - 1))
        blocks = numbers.reshape(len(ids), scales.shape[1], -1) * scales[:, :, None]
        return blocks.reshape(len(ids), -1)


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
