"""Templates as Home Assistant's MQTT integration has them: Jinja, sandboxed, with its filters for JSON."""

from __future__ import annotations

import json
from functools import lru_cache

from jinja2 import ChainableUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from octopus_hub.config.errors import InputError


def _iif(value: object, if_true: object = True, if_false: object = False) -> object:
    return if_true if value else if_false


_environment = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)  # no HTML here
_environment.filters |= {"to_json": json.dumps, "from_json": json.loads, "is_defined": lambda value: value, "iif": _iif}
_environment.globals |= {"iif": _iif, "float": float, "int": int, "min": min, "max": max, "round": round}


@lru_cache(maxsize=4096)
def compiled(text: str) -> Template:
    """The template. Raises InputError where it is none, or has filters that are unknown."""
    try:
        return _environment.from_string(text)
    except (TemplateError, AttributeError, RecursionError, SyntaxError, TypeError) as error:
        raise InputError(f"expected a Jinja template, got {text!r}: {getattr(error, 'message', error)}") from error
