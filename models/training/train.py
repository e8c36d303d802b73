"""Fine-tuning: packs in, an adapter or a whole model out. Resumable.

AdamW, gradients clipped at 1, one optimizer step a pack (about 50 sentences), or as many packs as there are processes. A run is a
directory: `checkpoint.pt` (weights, optimizer, step), `log.jsonl` (loss and share of right tokens by step), `curves.png`, and
`adapter.safetensors` or, of a whole model, the Hugging Face folder `hf`.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from octopus_hub.config.errors import InputError
from octopus_hub.models.card import TRAINED
from octopus_hub.models.data.packs import SUFFIX, Pack, read_packs
from octopus_hub.models.graph import LAYOUT, LINEARS, WEIGHTS, Part, read_layout, sha256
from octopus_hub.models.lora import read_adapter
from octopus_hub.models.records import open_to_append
from octopus_hub.models.tokens import VOCABULARY_SIZE, TextEncoder, descriptions, vocabulary_digest, vocabulary_names
from octopus_hub.models.training.crew import Crew
from octopus_hub.models.training.curves import draw_curves
from octopus_hub.models.training.export import write_tokenizer

LOG, CURVES, ADAPTER, WHOLE, CONFIG = "log.jsonl", "curves.png", "adapter.safetensors", "hf", "config.json"
MANIFEST = "manifest.json"
ROUND_EVERY = 8
"""Steps between two roundings of the weights as they are stored: one costs about a third of a step."""

if TYPE_CHECKING:
    from torch import Tensor

    from octopus_hub.models.training.network import Network


class Schedule(StrEnum):
    """How the learning rate falls after the warm-up: along a cosine to a fiftieth, or along a line to zero."""

    COSINE = "cosine"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. It lasts `minutes`, or where those are None `epochs` over all packs. `start`: an adapter to go on from, else a new
    one. `whole`: train all weights instead of an adapter on `projections`. `rounded`: train what the hub stores, weights rounded
    to a few bits. `added_weight`: how much an added token counts in the loss. `compiled`: fuse the layers' work, on a CPU only;
    takes a minute at the start. `row_rate`: how many times as fast the rows of added tokens learn."""

    packs: Path
    base: Path
    run: Path
    tokenizer: Path
    minutes: float | None
    epochs: int = 1
    start: Path | None = None
    whole: bool = False
    rounded: bool = True
    rate: float = 1.5e-3
    warmup: int = 60
    schedule: Schedule = Schedule.COSINE
    rank: int = 16
    alpha: float = 32.0
    projections: tuple[str, ...] = LINEARS
    added_weight: float = 1.0
    row_rate: float = 1.0
    seed: int = 1
    threads: int = 2
    device: str = "cpu"
    float32: bool = False
    compiled: bool = True
    checkpoint_every_s: float = 300.0


def rate_at(step: int, progress: float, settings: Settings) -> float:
    """The learning rate of a step: linear warm-up, then down as `progress` goes from 0 to 1."""
    warm, left = min(1.0, (step + 1) / settings.warmup), 1.0 - min(1.0, progress)
    if settings.schedule is Schedule.LINEAR:
        return settings.rate * warm * left
    return settings.rate * warm * (0.02 + 0.98 * 0.5 * (1 - math.cos(math.pi * left)))


def train(settings: Settings, crew: Crew | None = None) -> Path:
    """Run or resume, in one process or with a crew; returns the path of what was learnt. Raises InputError where there are no
    packs, and for a `start` or `rounded` of a whole model."""
    if settings.whole and (settings.start or settings.rounded):
        raise InputError("a whole model starts from the base and is trained exactly: expected neither a start nor rounding")
    crew = crew or Crew(settings.device)
    run = _Run(settings, crew)
    started = saved_at = time.monotonic()
    earlier_s, first, earlier = run.seconds, run.step, run.sentences
    with open_to_append(settings.run / LOG if crew.is_first else Path(os.devnull)) as log:
        for pack, part in _lesson(settings, crew, first):
            run.seconds = earlier_s + time.monotonic() - started
            progress = crew.mean_of(run.seconds / (settings.minutes * 60) if settings.minutes is not None else part)
            if progress >= 1:
                break
            loss, right = run.learn(pack, rate_at(run.step, progress, settings))
            per_s = (run.sentences - earlier) / (time.monotonic() - started)
            record = {"step": run.step - 1, "loss": round(loss, 4), "right": round(right, 4), "per_s": round(per_s, 1),
                      "progress": round(progress, 4)}  # fmt: skip
            log.write(json.dumps(record) + "\n")
            log.flush()
            if time.monotonic() - saved_at > settings.checkpoint_every_s:
                run.save()
                saved_at = time.monotonic()
    run.save()
    return settings.run / (WHOLE if settings.whole else ADAPTER)


class _Run:
    """A network in training and its optimizer; `step` steps were taken, on `sentences`, in `seconds`."""

    def __init__(self, settings: Settings, crew: Crew) -> None:
        import torch

        torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        settings.run.mkdir(parents=True, exist_ok=True)
        self._settings, self._crew = settings, crew
        self._network = _network(settings, crew.device)
        self._parameters = [p for p in self._network.parameters() if p.requires_grad]
        rows = [p for p in self._parameters if p is self._network.new_rows]
        rest = [p for p in self._parameters if p is not self._network.new_rows]
        groups = [{"params": rest, "share": 1.0}, {"params": rows, "share": settings.row_rate}]
        self._optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0)
        self._checkpoint = settings.run / "checkpoint.pt"
        layout = read_layout(WEIGHTS / LAYOUT)
        self._stored = {t.source: t.bits for t in layout.tensors if t.part is Part.CODES} if settings.rounded else {}
        self._block, self._is_rounded = layout.block, False
        self.step, self.sentences, self.seconds = 0, 0, 0.0
        self._made = {name: str(getattr(settings, name)) for name in ("rank", "alpha", "projections", "whole")}
        if self._checkpoint.exists():
            saved = torch.load(self._checkpoint, weights_only=True, map_location=crew.device)
            if saved.get("made") != self._made:
                raise InputError(f"expected a run of {saved.get('made')} to go on with, got {self._made}: name another --run")
            self._network.load_state_dict(saved["network"], strict=False)
            self._optimizer.load_state_dict(saved["optimizer"])
            self.step, self.sentences, self.seconds = saved["step"], saved["sentences"], saved["seconds"]

    def learn(self, pack: Pack, rate: float) -> tuple[float, float]:
        """One optimizer step at this learning rate; the loss before it, and the share of tokens that came first."""
        import torch

        from octopus_hub.models.training.network import PackTensors

        if self._stored and (self.step % ROUND_EVERY == 0 or not self._is_rounded):
            self._network.round_as_stored(self._stored, self._block)
            self._is_rounded = True
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["share"]
        loss, right = self._network.scores(PackTensors.of(pack, self._crew.device), self._settings.added_weight)
        torch.autograd.backward(loss)
        self._crew.share([p.grad for p in self._parameters if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=False)
        self.step += 1
        self.sentences += len(pack.queries) * self._crew.size
        return float(loss.item()), float(right.item())

    def save(self) -> None:
        """Checkpoint, what was learnt, and the curves, each whole or not at all."""
        import torch

        if not self._crew.is_first:
            return
        trained = {name: p.detach() for name, p in self._network.named_parameters()}
        temporary = self._checkpoint.with_suffix(".tmp")
        done = {"made": self._made, "step": self.step, "sentences": self.sentences, "seconds": self.seconds}
        torch.save({"network": trained, "optimizer": self._optimizer.state_dict(), **done}, temporary)
        temporary.replace(self._checkpoint)
        if self._settings.whole:
            save_whole(self._network.weights(), self._settings)
        else:
            save_adapter(self._network.adapter(), self._settings, self._facts())
        draw_curves(self._settings.run / LOG, self._settings.run / CURVES)

    def _facts(self) -> dict[str, object]:
        """For the model card: what was learnt so far, and of what."""
        settings = self._settings
        return {
            "steps": self.step,
            "sentences": self.sentences,
            "minutes": round(self.seconds / 60),
            "rate": settings.rate,
            "seed": settings.seed,
            "started_from_sha256": sha256(settings.start) if settings.start else None,
            **made_of(settings.run),
        }


def made_of(run: Path) -> dict[str, object]:
    """The commit and the packs that a run's manifest tells of."""
    try:
        whole = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"commit": None, "packs": []}
    packs = [
        {"seed": each["seed"], "corpus_sha256": each["corpus_digest"], "home_assistant": each["home_assistant"]}
        for each in whole["packs"].values()
    ]
    return {"commit": whole["commit"], "packs": packs}


def _network(settings: Settings, device: str) -> Network:
    import torch

    from octopus_hub.models.training.network import Network

    dtype = torch.float32 if settings.float32 else torch.bfloat16
    network = Network(settings.base, settings.rank, settings.alpha, dtype, projections=settings.projections, whole=settings.whole)
    encoder = TextEncoder(settings.tokenizer)
    network.start_rows({i: encoder.ids(words) for i, words in descriptions().items()})
    if settings.start:
        network.start_from(read_adapter(settings.start))
    network.to(device)
    if device == "cpu" and settings.compiled:
        network.compile_layers()
    return network


def _lesson(settings: Settings, crew: Crew, steps: int) -> Iterator[tuple[Pack, float]]:
    """The packs for this process, after those of `steps` steps of all; and how far in the run each is, 0 to 1, by epochs."""
    first = steps * crew.size
    total = 0
    if settings.minutes is None:
        total = settings.epochs * sum(1 for path in settings.packs.glob(f"*{SUFFIX}") for _ in read_packs(path))
    for number, pack in enumerate(_endless(settings.packs, first), first):
        whole_rounds = total - total % crew.size
        if settings.minutes is None and number >= whole_rounds:
            return
        if number % crew.size == crew.index:
            yield pack, (number - crew.index) / whole_rounds if whole_rounds else 0.0


def _endless(folder: Path, skip: int) -> Iterator[Pack]:
    """The packs of a folder's files by name, again and again, from number `skip` on; files may be added while a run goes on."""
    seen = before = 0
    done: set[Path] = set()
    while True:
        waiting = sorted(set(folder.glob(f"*{SUFFIX}")) - done)
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


def save_adapter(tensors: dict[str, Tensor], settings: Settings, facts: Mapping[str, object]) -> None:
    """Write the adapter as float16 safetensors with what it was trained from; `facts` are for the model card."""
    from safetensors.torch import save_file

    metadata = {
        "r": str(settings.rank), "alpha": str(settings.alpha), "vocabulary_digest": vocabulary_digest(),
        "vocabulary": json.dumps(vocabulary_names()), "seed": str(settings.seed),
        TRAINED: json.dumps(facts),
        "settings": json.dumps({k: v.name if isinstance(v, Path) else str(v) for k, v in asdict(settings).items()}),
    }  # fmt: skip
    temporary = settings.run / "adapter.tmp"
    save_file(tensors, temporary, metadata=metadata)
    temporary.replace(settings.run / ADAPTER)


def save_whole(tensors: dict[str, Tensor], settings: Settings) -> None:
    """Write a Hugging Face folder, `hf`: for engines that take one, the hub's `engine: transformers` among them."""
    from safetensors.torch import save_file

    folder = settings.run / WHOLE
    folder.mkdir(exist_ok=True)
    config = json.loads((settings.base / CONFIG).read_text()) | {"vocab_size": VOCABULARY_SIZE, "torch_dtype": "bfloat16"}
    (folder / CONFIG).write_text(json.dumps(config, indent=1))
    write_tokenizer(settings.tokenizer, folder)
    temporary = folder / "model.tmp"
    save_file(tensors, temporary, metadata={"format": "pt"})
    temporary.replace(folder / "model.safetensors")
