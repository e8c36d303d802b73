"""`octopus model build` and `octopus model info`: making the hub's model file, and what it is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option, find
from octopus_hub.daemon.places import model_directory
from octopus_hub.models.graph import WEIGHTS

ADAPTER = WEIGHTS / "adapter.safetensors"


def build(arguments: Sequence[str]) -> int:
    """Builds the model, or finds it built."""
    description = "Builds the hub's model: the committed adapter on its base, which is downloaded once. Finds it if it is there."
    parser = Parser(prog="octopus model build", description=description)
    parser.add_argument("--source", metavar="FILE", type=Path, help="the base as a local .whl or .gguf file, instead of a download")
    parser.add_argument("--adapter", metavar="FILE", type=Path, default=ADAPTER, help="another adapter than the committed one")
    parser.add_argument("--output", metavar="DIR", type=Path, help="where the model goes (default: where the hub looks for it)")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    from octopus_hub.models.build import build_model  # the runtime takes a while

    output = options.output or _directory(options.config)
    with Progress(TextColumn("{task.description}"), BarColumn(), console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, part: float) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=1.0)
            progress.update(tasks[stage], completed=part)

        info = build_model(options.source, options.adapter, output, show)
    print(f"{output}: model {info.digest[:12]}")
    return EX_OK


def info(arguments: Sequence[str]) -> int:
    """Prints what the model is made of, with its digests checked."""
    parser = Parser(prog="octopus model info", description="What the hub's model is made of; its files are checked.")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    from octopus_hub.models.build import read_model  # the runtime takes a while

    directory = _directory(options.config)
    print(json.dumps({"directory": str(directory), **asdict(read_model(directory))}, indent=1))
    return EX_OK


def _directory(configuration: Path | None) -> Path:
    found = find(configuration)
    return model_directory(found.config.hub.model, found.state)
