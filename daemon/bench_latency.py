"""Text to calls, prefix, cold start and memory, one process each: what one engine leaves behind does not weigh on the next.

The budgets are those of the design: on two cores, for a house of 50 devices.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from octopus_hub.config.errors import UnavailableService
from octopus_hub.config.hub import Engine, ModelSettings
from octopus_hub.daemon.places import model_directory

STARTS = 3
"""Cold starts whose median is told."""

TIMEOUT_S = 900.0

REFERENCE_DEVICES, LARGEST_DEVICES = 50, 1000
P50_MS, P95_MS, START_S, MEMORY_MIB = 30.0, 60.0, 3.0, 350.0
ONE_CORE_RATIO, LARGEST_RATIO = 1.8, 3.0


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: an engine with so many threads in a house of so many devices."""

    engine: Engine
    threads: int
    devices: int


@dataclass(frozen=True, slots=True)
class Setup:
    """All cases, the model they are measured with, and how often the sentences are said."""

    cases: Sequence[Case]
    model: ModelSettings
    state: Path
    repeat: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Text to calls (p50, p95), reading the house without a cache, process start to ready with one, memory after 40 sentences."""

    prefix_tokens: int
    p50_ms: float
    p95_ms: float
    prefix_ms: float
    start_s: float
    memory_mib: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Exactly one of: numbers, why there are none."""

    case: Case
    measured: Measured | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a probe process is asked; travels as JSON."""

    action: str
    engine: str
    threads: int
    devices: int
    model: str
    state: str
    repeat: int


def run(case: Case, setup: Setup, advance: Callable[[], None]) -> Finding:
    """One case; `advance` is called at its end. What cannot be measured says why."""
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as state:
        model = str(model_directory(setup.model, setup.state))
        request = Request("measure", str(case.engine), case.threads, case.devices, model, state, setup.repeat)
        try:
            finding = Finding(case, _measure(request))
        except UnavailableService as error:
            finding = Finding(case, failed=str(error))
    advance()
    return finding


def _measure(request: Request) -> Measured:
    """Raises UnavailableService where a probe fails."""
    found, _ = probe(request)
    times_ms = [float(each) for each in found["ms"]]
    starts = [probe(Request(**{**asdict(request), "action": "start"})) for _ in range(STARTS)]
    return Measured(
        prefix_tokens=int(found["prefix_tokens"][0]),
        p50_ms=statistics.median(times_ms),
        p95_ms=p95(times_ms),
        prefix_ms=float(found["prefix_ms"][0]),
        start_s=statistics.median(ready_s for _, ready_s in starts),
        memory_mib=statistics.median(float(told["memory_mib"][0]) for told, _ in starts),
    )


def p95(values: Sequence[float]) -> float:
    """The 95th percentile; the largest where there are fewer than twenty values."""
    return statistics.quantiles(values, n=20)[-1] if len(values) >= 20 else max(values)


def probe(request: Request) -> tuple[Mapping[str, Sequence[float]], float]:
    """What `bench_probe` found, and the seconds from its start to its first line. Raises UnavailableService."""
    command = [sys.executable, "-m", "octopus_hub.daemon.bench_probe", json.dumps(asdict(request))]
    with tempfile.TemporaryFile("w+") as errors:
        began_s = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            assert process.stdout is not None  # it was asked for
            guard = threading.Timer(TIMEOUT_S, process.kill)
            guard.start()
            process.stdout.readline()
            ready_s = time.monotonic() - began_s
            out = process.stdout.read()
        guard.cancel()
        if process.returncode:
            errors.seek(0)
            raise UnavailableService((errors.read().strip().splitlines() or [f"ended with {process.returncode}"])[-1])
    found: Mapping[str, Sequence[float]] = json.loads(out)
    return found, ready_s


def budgets(findings: Sequence[Finding]) -> list[str]:
    """The budgets that these findings can tell of, each with what was measured."""
    found = {finding.case: finding.measured for finding in findings if finding.measured is not None}
    lines = []
    for engine in Engine:
        two = found.get(Case(engine, 2, REFERENCE_DEVICES))
        one = found.get(Case(engine, 1, REFERENCE_DEVICES))
        largest = found.get(Case(engine, 2, LARGEST_DEVICES))
        checks: list[tuple[str, float, float]] = []
        if two is not None:
            checks += [("p50, ms", two.p50_ms, P50_MS), ("p95, ms", two.p95_ms, P95_MS)]
            checks += [("start, s", two.start_s, START_S), ("memory, MiB", two.memory_mib, MEMORY_MIB)]
        if two is not None and one is not None:
            checks.append(("p50, one thread to two", one.p50_ms / two.p50_ms, ONE_CORE_RATIO))
        if two is not None and largest is not None:
            checks.append(("p50, 1000 devices to 50", largest.p50_ms / two.p50_ms, LARGEST_RATIO))
        lines += [f"{engine}: {_verdict(*check)}" for check in checks]
    return lines


def _verdict(name: str, value: float, most: float) -> str:
    return f"{name}: {value:.2f} of at most {most:g}: {'met' if value <= most else 'MISSED'}"


def machine() -> dict[str, str]:
    """What was measured on, and how busy it was."""
    cpu = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith(("model name", "Model")):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cpu": cpu,
        "cores": str(len(os.sched_getaffinity(0))),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "octopus-hub": version("octopus-hub"),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
