"""The processes of a run: one, or those that `accelerate launch` started, each with its own packs and all with the same gradients.

The adapter is small, so gradients are averaged by hand after each step instead of wrapping the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Crew:
    """`size` processes, of which this is number `index`; `device` is where it computes."""

    def __init__(self, device: str) -> None:
        self.size, self.index, self.device = 1, 0, device
        self._accelerator = None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            from accelerate import Accelerator

            self._accelerator = Accelerator(cpu=device == "cpu")
            self.size, self.index = self._accelerator.num_processes, self._accelerator.process_index
            self.device = str(self._accelerator.device)

    @property
    def is_first(self) -> bool:
        """Is it the one that writes?"""
        return self.index == 0

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """The first process does this before the others: what it makes is there for them."""
        if self._accelerator is None:
            yield
        else:
            with self._accelerator.main_process_first():
                yield

    def mean_of(self, value: float) -> float:
        """The mean of what all processes have, so that all decide the same."""
        if self._accelerator is None:
            return value
        import torch

        mean: Tensor = self._accelerator.reduce(torch.tensor(value, device=self.device), reduction="mean")
        return float(mean.item())

    def share(self, gradients: Sequence[Tensor]) -> None:
        """Replace gradients by the mean of those of all processes."""
        if self._accelerator is None:
            return
        import torch

        flat: Tensor = self._accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), reduction="mean")
        for gradient, part in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
