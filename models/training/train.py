"""Fine-tuning: packs in, adapter out. Resumable; the learning rate follows a cosine over the whole run.

AdamW, gradients clipped at 1, one optimizer step a pack (about 44 sentences). A run is a directory: `checkpoint.pt` (weights,
optimizer, step), `log.jsonl` (loss by step), and at the end `adapter.safetensors`.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from octopus_hub.models.data.packs import Pack, read_packs
from octopus_hub.models.tokens import TextEncoder, descriptions, vocabulary_digest


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. `preset_paper` of the command line gives the paper's (5e-5, 10 warm-up steps, linear, 3 epochs)."""

    packs: Path
    base: Path
    run: Path
    tokenizer: Path
    minutes: float
    rate: float = 1.5e-3
    warmup: int = 60
    rank: int = 16
    alpha: float = 32.0
    seed: int = 1
    threads: int = 2
    device: str = "cpu"
    float32: bool = False
    checkpoint_every_s: float = 300.0


def rate_at(step: int, progress: float, settings: Settings) -> float:
    """The learning rate of a step: linear warm-up, then a cosine down to a fiftieth as `progress` goes from 0 to 1."""
    warm = min(1.0, (step + 1) / settings.warmup)
    return settings.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def train(settings: Settings) -> Path:
    """Run or resume; returns the adapter's path."""
    import torch

    from octopus_hub.models.training.network import Network, PackTensors

    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    settings.run.mkdir(parents=True, exist_ok=True)
    network = Network(settings.base, settings.rank, settings.alpha, torch.float32 if settings.float32 else torch.bfloat16)
    encoder = TextEncoder(settings.tokenizer)
    network.start_rows({i: encoder.ids(words) for i, words in descriptions().items()})
    network.to(settings.device)
    if settings.device == "cpu":
        network.compile_layers()
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0)
    checkpoint = settings.run / "checkpoint.pt"
    first, earlier_s = 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        first, earlier_s = saved["step"], saved["seconds"]
    log = (settings.run / "log.jsonl").open("a")
    started = saved_at = time.monotonic()

    def spent_s() -> float:
        return earlier_s + time.monotonic() - started

    def save(step: int) -> None:
        trained = {name: p.detach() for name, p in network.named_parameters()}
        temporary = checkpoint.with_suffix(".tmp")
        torch.save({"network": trained, "optimizer": optimizer.state_dict(), "step": step, "seconds": spent_s()}, temporary)
        temporary.replace(checkpoint)
        save_adapter(network.adapter(), settings)

    sentences, step = 0, first
    for step, pack in enumerate(_endless(settings.packs, first), first):
        progress = spent_s() / (settings.minutes * 60)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, progress, settings)
        loss = network.loss(PackTensors.of(pack, settings.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        sentences += len(pack.queries)
        speed = sentences / (time.monotonic() - started)
        record = {"step": step, "loss": round(loss.item(), 4), "per_s": round(speed, 1), "progress": round(progress, 4)}
        log.write(json.dumps(record) + "\n")
        log.flush()
        if time.monotonic() - saved_at > settings.checkpoint_every_s:
            save(step + 1)
            saved_at = time.monotonic()
    save(step)
    return settings.run / "adapter.safetensors"


def _endless(folder: Path, skip: int) -> Iterator[Pack]:
    """The packs of a folder's files by name, again and again, from number `skip` on; files may be added while a run goes on."""
    seen = 0
    done: set[Path] = set()
    while True:
        waiting = sorted(set(folder.glob("*.jsonl.gz")) - done)
        if not waiting:
            done.clear()
            continue
        done.add(waiting[0])
        for pack in read_packs(waiting[0]):
            if seen >= skip:
                yield pack
            seen += 1


def save_adapter(tensors: dict[str, object], settings: Settings) -> None:
    """Write the adapter as float16 safetensors with what it was trained from."""
    from safetensors.torch import save_file

    metadata = {
        "r": str(settings.rank), "alpha": str(settings.alpha), "vocabulary_digest": vocabulary_digest(), "seed": str(settings.seed),
        "settings": json.dumps({k: str(v) for k, v in asdict(settings).items()}),
    }  # fmt: skip
    temporary = settings.run / "adapter.tmp"
    save_file(tensors, temporary, metadata=metadata)  # type: ignore[arg-type]
    os.replace(temporary, settings.run / "adapter.safetensors")
