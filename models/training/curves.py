"""The curves of a run: loss and share of right tokens by step, as a PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from octopus_hub.models.records import read_records

SMOOTH = 20
"""Steps that a point of a curve is the mean of."""


def draw_curves(log: Path, output: Path) -> None:
    """Draw a run's log (`octopus_hub.models.training.train`). Nothing is written for a log without steps."""
    from matplotlib.figure import Figure

    records = read_records(log)
    steps = [record["step"] for record in records]
    if not steps:
        return
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    loss_axes = figure.subplots()
    loss_axes.set(xlabel="step", ylabel="loss", yscale="log")
    loss_axes.plot(steps, _smooth([record["loss"] for record in records]), color="tab:blue")
    right_axes = loss_axes.twinx()
    right_axes.set(ylabel="tokens that came first, %")
    right_axes.plot(steps, _smooth([100 * record.get("right", math.nan) for record in records]), color="tab:orange")
    temporary = output.with_suffix(".tmp")
    figure.savefig(temporary, format="png", dpi=110)
    temporary.replace(output)


def _smooth(values: Sequence[float]) -> list[float]:
    """The mean of each value and those before it."""
    return [sum(values[max(0, i - SMOOTH + 1) : i + 1]) / min(i + 1, SMOOTH) for i in range(len(values))]
