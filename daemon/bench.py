"""`octopus bench latency` and `octopus bench footprint`: arguments in, tables or JSON out.

Benchmarks tell, they do not judge: the exit code is 0 whatever the numbers are, but for a runtime dependency without a wheel for
the Raspberry Pi.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from octopus_hub.config.hub import Engine
from octopus_hub.daemon.bench_footprint import Footprint, Part, measure_footprint
from octopus_hub.daemon.bench_latency import Case, Finding, Measured, Setup, budgets, machine, run
from octopus_hub.daemon.cli import EX_FAILED, EX_OK, Parser, add_config_option, count, find
from octopus_hub.daemon.places import model_directory
from octopus_hub.models.bench_houses import SIZES

WIDTH = 150


def latency(arguments: Sequence[str]) -> int:
    """How long text to calls, the prefix and a cold start take, and how much memory they need, by size of the house."""
    options = _latency_parser().parse_args(arguments)
    found = find(options.config)
    setup = Setup(
        cases=[Case(engine, threads, size) for engine in options.engine for threads in options.threads for size in options.devices],
        model=found.config.hub.model,
        state=found.state,
        repeat=options.repeat,
    )
    before = machine()
    with _progress() as progress:
        task = progress.add_task("houses", total=len(setup.cases))
        findings = [run(case, setup, lambda: progress.advance(task)) for case in setup.cases]
    if options.json:
        print(json.dumps({"machine": before, "findings": [asdict(finding) for finding in findings]}, indent=1))
    else:
        _print_latency(findings, before)
    return EX_OK


def footprint(arguments: Sequence[str]) -> int:
    """What the default installation takes on disk, and whether the Raspberry Pi has a wheel for every part of it."""
    parser = Parser(prog="octopus bench footprint", description="Size of the default installation, and its wheels for aarch64.")
    parser.add_argument("--offline", action="store_true", help="do not ask the package index for wheels")
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    add_config_option(parser)
    options = parser.parse_args(arguments)
    found = find(options.config)
    measured = measure_footprint(model_directory(found.config.hub.model, found.state), ask_index=not options.offline)
    if options.json:
        print(json.dumps(asdict(measured), indent=1))
    else:
        _print_footprint(measured)
    return EX_FAILED if any(part.wheel == "" for part in measured.parts) else EX_OK


def _latency_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="octopus bench latency", description=latency.__doc__)
    sizes, engines = " ".join(map(str, SIZES)), tuple(Engine)
    parser.add_argument("--devices", type=count, nargs="+", metavar="N", default=SIZES, help=f"sizes of houses (default: {sizes})")
    parser.add_argument("--threads", type=count, nargs="+", metavar="N", default=(1, 2), help="of the engine (default: 1 2)")
    parser.add_argument(
        "--engine",
        type=Engine,
        nargs="+",
        choices=engines,
        metavar="E",
        default=engines,
        help=f"{' or '.join(engines)} (default: both)",
    )
    parser.add_argument("--repeat", type=count, metavar="N", default=3, help="how often the 40 sentences are said (default: 3)")
    parser.add_argument("--json", action="store_true", help="as a JSON object, with the machine")
    add_config_option(parser)
    return parser


def _print_latency(findings: Sequence[Finding], before: Mapping[str, str]) -> None:
    head = ("engine", "threads", "devices", "prefix tokens", "p50 ms", "p95 ms", "prefix ms", "start s", "memory MiB")
    rows = [_latency_row(finding) for finding in findings]
    console = Console(width=WIDTH)
    console.print(" · ".join(f"{name} {value}" for name, value in before.items()), highlight=False)
    console.print(_table(head, rows))
    for failed in dict.fromkeys(f"{each.case.engine}: not measured: {each.failed}" for each in findings if each.measured is None):
        console.print(failed, highlight=False)
    for verdict in budgets(findings):
        console.print(verdict, highlight=False)


def _latency_row(finding: Finding) -> tuple[str, ...]:
    case, got = finding.case, finding.measured
    return (str(case.engine), str(case.threads), str(case.devices), *(["–"] * 6 if got is None else _numbers(got)))


def _numbers(got: Measured) -> tuple[str, ...]:
    return (
        str(got.prefix_tokens),
        f"{got.p50_ms:.1f}",
        f"{got.p95_ms:.1f}",
        f"{got.prefix_ms:.0f}",
        f"{got.start_s:.2f}",
        f"{got.memory_mib:.0f}",
    )


def _print_footprint(found: Footprint) -> None:
    console = Console(width=WIDTH)
    console.print(_table(("distribution", "version", "MiB", "wheel for aarch64"), [_part_row(part) for part in found.parts]))
    console.print(f"{len(found.parts)} distributions: {found.installed_mib:.0f} MiB", highlight=False)
    model = f"{found.model_mib:.0f} MiB" if found.model_mib else "not built"
    console.print(f"model, and the base it is built from: {model}", highlight=False)


def _part_row(part: Part) -> tuple[str, ...]:
    wheel = "not asked" if part.wheel is None else part.wheel or "NONE"
    return (part.name, part.version, f"{part.installed_mib:.1f}", wheel)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """In Markdown, to be pasted into docs/benchmarks.md."""
    table = Table(*head, box=MARKDOWN)
    for row in rows:
        table.add_row(*row)
    return table


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True))
