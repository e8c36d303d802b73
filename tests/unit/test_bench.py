"""What benchmarks are made of: houses, percentiles, verdicts, and reading what pip and /proc say. No model, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from octopus_hub.config.errors import HubError, InputError, UnavailableService
from octopus_hub.config.house import House
from octopus_hub.config.hub import Engine, ModelSettings
from octopus_hub.config.loader import demo_directory
from octopus_hub.config.plan import Correction, Described, Plan, PlannedCall, Quantifier, Target
from octopus_hub.daemon import bench, bench_footprint, bench_latency
from octopus_hub.daemon.bench_latency import Case, Finding, Measured, Request, Setup
from octopus_hub.daemon.bench_probe import resident_mib, say_all
from octopus_hub.models.bench_houses import FIRST, SENTENCES, SIZES, bench_house

DEMO = ("--config", str(demo_directory()))
"""Not what this machine happens to have."""


class Echo:
    """An interpreter that always means the lights."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """All lights on."""
        self.heard.append(text)
        return Plan((PlannedCall("turn_on", Target((Described(Quantifier.ALL, "light"),))),))

    def set_house(self, house: House) -> None:
        """Takes any."""

    def learn(self, corrections: Sequence[Correction]) -> None:
        """Takes any."""


def measured(p50_ms: float = 20.0, **other: float) -> Measured:
    """Numbers that keep every budget, but for those that are given."""
    numbers = {"prefix_tokens": 200, "p95_ms": 40.0, "prefix_ms": 500.0, "start_s": 1.0, "memory_mib": 250.0, **other}
    return Measured(p50_ms=p50_ms, **numbers)  # type: ignore[arg-type]  # prefix_tokens is a whole number here too


@pytest.mark.parametrize("size", SIZES)
def test_house_has_its_size(size: int) -> None:
    """A house has exactly as many devices as its name says, in areas that it lists, with ids of their own."""
    house = bench_house(size)
    assert len(house.devices) == len(house.by_id) == size
    assert {device.area for device in house.devices} == {area.name for area in house.areas}
    assert {area.floor for area in house.areas} == {floor.name for floor in house.floors}


def test_house_has_an_end() -> None:
    """A larger house than there are names for is refused, not silently smaller."""
    with pytest.raises(InputError, match="at most 1010"):
        bench_house(1011)


def test_houses_are_the_same_every_time() -> None:
    """Numbers of different days are of the same house."""
    assert bench_house(200).digest == bench_house(200).digest


def test_sentences_fit_every_house() -> None:
    """The devices that sentences speak of are in the smallest house, and so in all."""
    smallest, largest = bench_house(SIZES[0]), bench_house(SIZES[-1])
    assert [device.name for device in smallest.devices] == [thing.name for _, thing in FIRST]
    assert {device.name for device in smallest.devices} <= {device.name for device in largest.devices}
    assert len(SENTENCES) == len(set(SENTENCES)) == 40


def test_every_sentence_is_said_and_timed() -> None:
    """All sentences, as often as asked; each takes some time."""
    interpreter = Echo()
    times_ms = say_all(interpreter, bench_house(10), 2)
    assert interpreter.heard == [*SENTENCES, *SENTENCES]
    assert len(times_ms) == 80
    assert all(each > 0 for each in times_ms)


def test_percentile() -> None:
    """Nineteen of twenty are below the 95th percentile; of few values it is the largest."""
    assert bench_latency.p95([float(each) for each in range(1, 101)]) == pytest.approx(95.95)
    assert bench_latency.p95([1.0, 9.0, 3.0]) == 9.0


def test_budgets_are_told() -> None:
    """Every budget that two sizes and two thread counts can tell of is told, with its verdict."""
    cases: Mapping[tuple[int, int], Measured] = {(2, 50): measured(), (1, 50): measured(40.0), (2, 1000): measured(50.0)}
    findings = [Finding(Case(Engine.ONNX, threads, devices), found) for (threads, devices), found in cases.items()]
    assert bench_latency.budgets(findings) == [
        "onnx: p50, ms: 20.00 of at most 30: met",
        "onnx: p95, ms: 40.00 of at most 60: met",
        "onnx: start, s: 1.00 of at most 3: met",
        "onnx: memory, MiB: 250.00 of at most 350: met",
        "onnx: p50, one thread to two: 2.00 of at most 1.8: MISSED",
        "onnx: p50, 1000 devices to 50: 2.50 of at most 3: met",
    ]


def test_failures_are_findings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An engine that can't be had leaves its reason in the table, and the others go on."""

    def fail(request: Request) -> tuple[dict[str, list[float]], float]:
        raise UnavailableService('needs the Python package "torch"')

    monkeypatch.setattr(bench_latency, "probe", fail)
    case, done = Case(Engine.TRANSFORMERS, 1, 10), []
    finding = bench_latency.run(case, Setup([case], ModelSettings(), tmp_path, 1), lambda: done.append(case))
    assert finding == Finding(case, failed='needs the Python package "torch"')
    assert done == [case]


def test_probe_says_why_it_failed() -> None:
    """The last line of a probe's stderr is the reason."""
    with pytest.raises(UnavailableService, match="not a valid Engine"):
        bench_latency.probe(Request("measure", "steam", 1, 10, "model", "state", 1))


def test_resident_memory_is_read(tmp_path: Path) -> None:
    """VmRSS, in MiB; a file without it is an error."""
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmHWM:\t  999999 kB\nVmRSS:\t  204800 kB\n")
    assert resident_mib(status) == 200.0
    status.write_text("Name:\tpython\n")
    with pytest.raises(HubError, match="expected VmRSS"):
        resident_mib(status)


def test_report_of_pip_is_read() -> None:
    """The platform of a wheel is the last part of its name."""
    files = {
        "Demo.Pure": "demo_pure-1-py3-none-any.whl",
        "demo_built": "demo_built-2-cp311-cp311-manylinux_2_28_aarch64.whl",
        "torch": "torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_aarch64.whl",
    }
    items = [{"metadata": {"name": name}, "download_info": {"url": f"file:///x/{file}"}} for name, file in files.items()]
    assert bench_footprint.wheels_of_report(json.dumps({"install": items})) == {
        "demo-pure": "pure Python",
        "demo-built": "manylinux_2_28_aarch64",
        "torch": "manylinux_2_28_aarch64",
    }


def test_missing_wheels_are_told_apart_from_a_missing_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """One requirement without a wheel does not hide the others; if there is none at all, it is the index that is missing."""
    known = {"a==1": {"a": "manylinux2014_aarch64"}}
    monkeypatch.setattr(bench_footprint, "_ask_pip", lambda needs: known.get(needs[0]) if len(needs) == 1 else None)
    assert bench_footprint.aarch64_wheels(["a==1", "b==2"]) == {"a": "manylinux2014_aarch64"}
    with pytest.raises(UnavailableService, match="package index"):
        bench_footprint.aarch64_wheels(["b==2", "c==3"])


def test_footprint_walks_the_default_installation(tmp_path: Path) -> None:
    """What the hub needs is counted, with what that needs in turn; what only extras and development need is not."""
    parts = {part.name.lower(): part for part in bench_footprint.measure_footprint(tmp_path, ask_index=False).parts}
    assert {"octopus-hub", "onnxruntime", "paho-mqtt", "numpy"} <= set(parts)
    assert not {"torch", "pytest", "ruff"} & set(parts)
    assert all(part.installed_mib > 0 and part.wheel is None for part in parts.values())


def test_commands_speak_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints one object with everything that the tables show."""
    monkeypatch.setattr(bench, "run", lambda case, setup, advance: Finding(case, measured()))
    assert bench.latency(["--devices", "50", "--engine", "onnx", "--threads", "2", "--json", *DEMO]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["case"] == {"engine": "onnx", "threads": 2, "devices": 50}
    assert told["findings"][0]["measured"]["p50_ms"] == 20.0
    assert bench.footprint(["--offline", "--json", *DEMO]) == 0
    assert json.loads(capsys.readouterr().out)["installed_mib"] > 10


def test_tables_are_markdown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The table can be pasted into docs/benchmarks.md; what could not be measured says why."""
    found = {2: Finding(Case(Engine.ONNX, 2, 50), measured()), 1: Finding(Case(Engine.ONNX, 1, 50), failed="no model")}
    monkeypatch.setattr(bench, "run", lambda case, setup, advance: found[case.threads])
    assert bench.latency(["--devices", "50", "--engine", "onnx", "--threads", "2", "1", *DEMO]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "| onnx | 2 | 50 | 200 | 20.0 | 40.0 | 500 | 1.00 | 250 |" in lines
    assert "| onnx | 1 | 50 | – | – | – | – | – | – |" in lines
    assert "onnx: not measured: no model" in lines
    assert "onnx: p50, ms: 20.00 of at most 30: met" in lines


@pytest.mark.parametrize("wrong", [("--devices", "0"), ("--threads", "two"), ("--engine", "steam")])
def test_wrong_arguments_are_a_usage_error(wrong: tuple[str, str]) -> None:
    """What can't be measured is told before anything is."""
    with pytest.raises(SystemExit) as stopped:
        bench.latency(wrong)
    assert stopped.value.code == 64


def test_a_missing_wheel_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A runtime dependency without a wheel for the Raspberry Pi fails the command, by name."""
    parts = (bench_footprint.Part("pure", "1", 0.5, "pure Python"), bench_footprint.Part("x86only", "2", 1.0, ""))
    monkeypatch.setattr(bench, "measure_footprint", lambda model, *, ask_index: bench_footprint.Footprint(parts, 1.5, 0.0))
    assert bench.footprint([*DEMO]) == 1
    assert any("x86only" in line and "NONE" in line for line in capsys.readouterr().out.splitlines())
