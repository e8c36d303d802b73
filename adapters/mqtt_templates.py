"""What templates say of messages: `value` is the message, `value_json` what it is as JSON."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import ChainableUndefined, TemplateError

from octopus_hub.config.errors import InputError
from octopus_hub.config.templates import compiled

UNREADABLE = (InputError, TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of reading messages and templates that others wrote."""


def render(text: str, **values: Any) -> str | None:
    """What the template says; None where it fails on these values, or is no template."""
    try:
        return compiled(text).render(**values).strip()
    except UNREADABLE:
        return None


def read(text: str | None, payload: str) -> str | None:
    """The value that a template finds in a message; without a template the message itself."""
    if text is None:
        return payload
    return render(text, value=payload, value_json=parsed(payload))


def parsed(payload: str) -> Any:
    """A message as JSON; nothing where it is none."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return ChainableUndefined()
