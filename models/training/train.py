"""Fine-tuning: packs in, adapter out. Resumable; the learning rate follows a cosine over the whole run.

AdamW, gradients clipped at 1, one optimizer step a pack (about 50 sentences). A run is a directory: `checkpoint.pt` (weights,
optimizer, step), `log.jsonl` (loss by step), and at the end `adapter.safetensors`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octopus_hub.config.errors import InputError
from octopus_hub.models.data.packs import Pack, read_packs
from octopus_hub.models.graph import LAYOUT, WEIGHTS, Part, read_layout
from octopus_hub.models.lora import read_adapter
from octopus_hub.models.tokens import TextEncoder, descriptions, vocabulary_digest, vocabulary_names

ROUND_EVERY = 8
"""Steps between two roundings of the weights as they are stored: one costs about a third of a step."""

if TYPE_CHECKING:
    from torch import Tensor

    from octopus_hub.models.training.network import Network


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. `start`: an adapter to go on from, else a new one. `rounded`: train what the hub stores, weights rounded to a few
    bits. `compiled`: fuse the layers' work, on a CPU only; takes a minute at the start."""

    packs: Path
    base: Path
    run: Path
    tokenizer: Path
    minutes: float
    start: Path | None = None
    rounded: bool = True
    rate: float = 1.5e-3
    warmup: int = 60
    rank: int = 16
    alpha: float = 32.0
    seed: int = 1
    threads: int = 2
    device: str = "cpu"
    float32: bool = False
    compiled: bool = True
    checkpoint_every_s: float = 300.0


def rate_at(step: int, progress: float, settings: Settings) -> float:
    """The learning rate of a step: linear warm-up, then a cosine down to a fiftieth as `progress` goes from 0 to 1."""
    warm = min(1.0, (step + 1) / settings.warmup)
    return settings.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def train(settings: Settings) -> Path:
    """Run or resume; returns the adapter's path. Raises InputError where there are no packs."""
    run = _Run(settings)
    started = saved_at = time.monotonic()
    earlier_s, first, sentences = run.seconds, run.step, 0
    with (settings.run / "log.jsonl").open("a") as log:
        for pack in _endless(settings.packs, first):
            run.seconds = earlier_s + time.monotonic() - started
            progress = run.seconds / (settings.minutes * 60)
            if progress >= 1:
                break
            loss = run.learn(pack, rate_at(run.step, progress, settings))
            sentences += len(pack.queries)
            per_s = sentences / (time.monotonic() - started)
            record = {"step": run.step - 1, "loss": round(loss, 4), "per_s": round(per_s, 1), "progress": round(progress, 4)}
            log.write(json.dumps(record) + "\n")
            log.flush()
            if time.monotonic() - saved_at > settings.checkpoint_every_s:
                run.save()
                saved_at = time.monotonic()
    run.save()
    return settings.run / "adapter.safetensors"


class _Run:
    """A network in training and its optimizer; `step` packs were learnt, in `seconds`."""

    def __init__(self, settings: Settings) -> None:
        import torch

        torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        settings.run.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._network = _network(settings)
        self._parameters = [p for p in self._network.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._parameters, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0)
        self._checkpoint = settings.run / "checkpoint.pt"
        layout = read_layout(WEIGHTS / LAYOUT)
        self._stored = {t.source: t.bits for t in layout.tensors if t.part is Part.CODES} if settings.rounded else {}
        self._block, self._is_rounded = layout.block, False
        self.step, self.seconds = 0, 0.0
        if self._checkpoint.exists():
            saved = torch.load(self._checkpoint, weights_only=True)
            self._network.load_state_dict(saved["network"], strict=False)
            self._optimizer.load_state_dict(saved["optimizer"])
            self.step, self.seconds = saved["step"], saved["seconds"]

    def learn(self, pack: Pack, rate: float) -> float:
        """One optimizer step at this learning rate; the loss before it."""
        import torch

        from octopus_hub.models.training.network import PackTensors

        if self._stored and (self.step % ROUND_EVERY == 0 or not self._is_rounded):
            self._network.round_as_stored(self._stored, self._block)
            self._is_rounded = True
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = self._network.loss(PackTensors.of(pack, self._settings.device))
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=False)
        self.step += 1
        return float(loss.item())

    def save(self) -> None:
        """Checkpoint and adapter, each whole or not at all."""
        import torch

        trained = {name: p.detach() for name, p in self._network.named_parameters()}
        temporary = self._checkpoint.with_suffix(".tmp")
        state = {"network": trained, "optimizer": self._optimizer.state_dict(), "step": self.step, "seconds": self.seconds}
        torch.save(state, temporary)
        temporary.replace(self._checkpoint)
        save_adapter(self._network.adapter(), self._settings)


def _network(settings: Settings) -> Network:
    import torch

    from octopus_hub.models.training.network import Network

    network = Network(settings.base, settings.rank, settings.alpha, torch.float32 if settings.float32 else torch.bfloat16)
    encoder = TextEncoder(settings.tokenizer)
    network.start_rows({i: encoder.ids(words) for i, words in descriptions().items()})
    if settings.start:
        network.start_from(read_adapter(settings.start))
    network.to(settings.device)
    if settings.device == "cpu" and settings.compiled:
        network.compile_layers()
    return network


def _endless(folder: Path, skip: int) -> Iterator[Pack]:
    """The packs of a folder's files by name, again and again, from number `skip` on; files may be added while a run goes on."""
    seen = before = 0
    done: set[Path] = set()
    while True:
        waiting = sorted(set(folder.glob("*.jsonl.gz")) - done)
        if not waiting:
            if seen == before:
                raise InputError(f"expected packs in {folder}, got none")
            before = seen
            done.clear()
            continue
        done.add(waiting[0])
        for pack in read_packs(waiting[0]):
            if seen >= skip:
                yield pack
            seen += 1


def save_adapter(tensors: dict[str, Tensor], settings: Settings) -> None:
    """Write the adapter as float16 safetensors with what it was trained from."""
    from safetensors.torch import save_file

    metadata = {
        "r": str(settings.rank), "alpha": str(settings.alpha), "vocabulary_digest": vocabulary_digest(),
        "vocabulary": json.dumps(vocabulary_names()), "seed": str(settings.seed),
        "settings": json.dumps({k: v.name if isinstance(v, Path) else str(v) for k, v in asdict(settings).items()}),
    }  # fmt: skip
    temporary = settings.run / "adapter.tmp"
    save_file(tensors, temporary, metadata=metadata)
    temporary.replace(settings.run / "adapter.safetensors")
