"""Marks for tests that need an extra which `make check` does not install; `make test` does, and skips none of them."""

from __future__ import annotations

import importlib.util

import pytest

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra [train]")
