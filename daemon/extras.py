"""What is imported only where an extra of the package is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from octopus_hub.config.errors import UnavailableService


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports inside need the extra `name`. Raises UnavailableService where it is not installed."""
    try:
        yield
    except ImportError as error:
        raise UnavailableService(f"expected the extra [{name}] to be installed, got: {error}") from error
