"""Templates as Home Assistant's MQTT integration has them: Jinja, with `value` and `value_json`. Sandboxed."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from octopus_hub.config.errors import InputError


def _iif(value: object, if_true: object = True, if_false: object = False) -> object:
    return if_true if value else if_false


UNREADABLE = (InputError, TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of reading messages and templates that others wrote."""

_environment = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)  # no HTML here
_environment.filters |= {"to_json": json.dumps, "from_json": json.loads, "is_defined": lambda value: value, "iif": _iif}
_environment.globals |= {"iif": _iif, "float": float, "int": int, "min": min, "max": max, "round": round}


@lru_cache(maxsize=4096)
def compiled(text: str) -> Template:
    """The template. Raises InputError where it is none."""
    try:
        return _environment.from_string(text)
    except (TemplateError, AttributeError, RecursionError, SyntaxError, TypeError) as error:
        raise InputError(f"expected a template, got {text!r}: {error}") from error


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
