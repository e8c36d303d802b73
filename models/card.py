"""The model card: what an adapter was made of, what a build of it must come to, and how it did. `card.json` is for programs, the
README.md beside it is the same in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from octopus_hub.config.errors import InputError
from octopus_hub.models.base import SMOLLM2
from octopus_hub.models.engine import ModelError
from octopus_hub.models.lora import Adapter

CARD, TEXT, SCHEMA = "card.json", "README.md", 2
TRAINED, MIXED = "trained", "mixed"
"""Keys of an adapter's metadata: facts of the run as JSON, and between what it lies."""
LICENCE = "Apache-2.0"
BASE = f"SmolLM2-135M-Instruct, as GGUF Q4_1 in the Python package {SMOLLM2.package} {SMOLLM2.version}; {LICENCE}"
MEASURED = ("right", "false_actions", "reversed")
HEAD = """# Model card

What is here: `adapter.safetensors` (LoRA of rank {rank} on all linear layers, and 512 rows for our own tokens; float16),
`graph.onnx` and `layout.json` (the layers without weights, and where the weights go), `tokenizer.json` (the base's), `card.json`
(this in JSON; a build whose digest differs is refused). `octopus model build` makes the hub's 4-bit model of them and the base;
`octopus export` wrote this page.
"""
SCORES = """## Scores

4-bit, with the thresholds of the configuration. In parentheses: counts, and the 95 % interval (Wilson). Commands, and how it is
scored: [docs/accuracy.md](../../docs/accuracy.md).

| sentences | right commands | false actions | reversed |
| --- | --- | --- | --- |
"""
MEANT_FOR = (
    "turning one English sentence into calls of the functions of [docs/functions.md](../../docs/functions.md), in a house of up to "
    "some hundred devices, under the hub's mask"
)
NOT_MEANT_FOR = "anything without the mask; chat; other languages; deciding what is allowed (policy does)"
WEAK_AT = "several calls at once, things in other words than their names, misheard words, and large houses with odd names"
WRITTEN = "sentence patterns, names and sentences that mean nothing, all written by language models ([how](../../docs/training.md))"

Json = Mapping[str, Any]


def check_against_card(folder: Path, adapter_digest: str, data_digest: str) -> None:
    """Raise ModelError where the card in `folder` speaks of this adapter and expects other data. No card, nothing to check."""
    path = folder / CARD
    if not path.exists():
        return
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        adapter, data = card["adapter_sha256"], card["data_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"expected a model card in {path}, got a file that is none: {error}") from error
    if adapter == adapter_digest and data != data_digest:
        raise ModelError(f"expected a build of SHA-256 {data}, as {path} says, got {data_digest}")


def make_card(adapter: Adapter, data_digest: str, scores: Iterable[Json] = ()) -> dict[str, Any]:
    """Of an adapter and the 4-bit model that it was built to."""
    return {
        "schema": SCHEMA,
        "base": BASE,
        "licence": LICENCE,
        "adapter_sha256": adapter.digest,
        "data_sha256": data_digest,
        "vocabulary_sha256": adapter.vocabulary_digest,
        "rank": adapter.rank,
        "trained": json.loads(adapter.metadata.get(TRAINED, "{}")),
        "mixed": adapter.metadata.get(MIXED),
        "scores": list(scores),
    }


def read_score(path: Path, model_digest: str) -> dict[str, Any]:
    """What the card keeps of a file of `octopus bench accuracy --json`. Raises InputError, also for that of another model."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        model, asked = report["model"], report["asked"]
        found = {"input": asked["input"], "fill_to": asked["fill_to"], **{name: dict(report[name]) for name in MEASURED}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected a report of octopus bench accuracy in {path}, got none: {error!r}") from error
    if model != model_digest:
        raise InputError(f"expected scores of the model {model_digest[:12]} in {path}, got those of {model[:12]}")
    return found


def card_text(card: Json) -> str:
    """The card in words, as Markdown."""
    rows = {
        "base": card["base"],
        "adapter": f"{card['licence']}; SHA-256 {card['adapter_sha256']}",
        "built": f"SHA-256 {card['data_sha256']}",
        "meant for": MEANT_FOR,
        "not meant for": NOT_MEANT_FOR,
        "weak at": WEAK_AT,
        "trained": _history(card),
        "data": _data(card),
    }
    table = "".join(f"| {name} | {told} |\n" for name, told in rows.items())
    scores = "".join(map(_row, card["scores"]))
    return f"{HEAD.format(rank=card['rank'])}\n| | |\n| --- | --- |\n{table}" + (f"\n{SCORES}{scores}" if scores else "")


def _history(card: Json) -> str:
    run = card["trained"]
    if not run:
        return "nobody wrote down how"
    start = run["started_from_sha256"]
    told = f"{run['steps']:,} steps on {run['sentences']:,} sentences in {run['minutes']} minutes, highest rate {run['rate']:g}, "
    told += f"seed {run['seed']}, commit {run['commit']}; from {f'the adapter {start[:12]}' if start else 'the base'}"
    return f"{told}; then mixed: {card['mixed']}" if card["mixed"] else told


def _data(card: Json) -> str:
    packs = card["trained"].get("packs", ())
    return "; ".join([*map(_pack, packs), WRITTEN])


def _pack(pack: Json) -> str:
    return f"packs of seed {pack['seed']}: corpus {pack['corpus_sha256'][:12]}, Home Assistant {pack['home_assistant']}"


def _row(score: Json) -> str:
    filled = f", houses filled up to {score['fill_to']:,} devices" if score["fill_to"] else ""
    return f"| {score['input']}{filled} | {' | '.join(_share(score[name]) for name in MEASURED)} |\n"


def _share(share: Json) -> str:
    if not share["of"]:
        return ""
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{100 * share['share']:.1f} % ({share['count']} of {share['of']}; {low:.1f} to {high:.1f})"
