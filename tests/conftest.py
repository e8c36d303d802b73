"""What tests of every kind share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from octopus_hub.config.function_table import adopt, own_functions
from octopus_hub.config.functions import Confirmation, Function, Told
from octopus_hub.models.tokens import assign_own


@pytest.fixture
def own_function() -> Iterator[Callable[..., None]]:
    """Makes a function of an installer's own known beside those that are; afterwards none is."""

    def make(name: str, kinds: tuple[str, ...] = ("switch",), **more: Any) -> None:
        made = {"doc": f"{name.capitalize()} does it.", "confirmation": Confirmation.SENT, "told": Told(topic="t"), **more}
        adopt([*own_functions(), Function(name, kinds=kinds, **made)])

    yield make
    adopt([])
    assign_own([])
