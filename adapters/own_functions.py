"""Functions that an installer made, as what is told: a service of Home Assistant, a message over MQTT. Pure."""

from __future__ import annotations

import json

from octopus_hub.adapters.mqtt_templates import render
from octopus_hub.config.errors import Unsupported
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Told
from octopus_hub.config.plan import Call, Scalar


def told(call: Call) -> Told | None:
    """How the call's function is carried out, if it is an installer's own."""
    return by_name()[call.function].told


def service_data(own: Told, call: Call, adapter: str) -> dict[str, Scalar]:
    """The data of its service. Raises Unsupported where a template fails on the arguments."""
    return {key: _number(filled(template, call, adapter)) for key, template in own.data.items()}


def filled(template: str, call: Call, adapter: str) -> str:
    """The template over the call's arguments. Raises Unsupported where it fails on them."""
    text = render(template, **call.arguments)
    if text is None:
        raise Unsupported(f"the template {template!r} fails on {dict(call.arguments)}", adapter=adapter)
    return text


def _number(text: str) -> Scalar:
    """What Home Assistant's own templates make of it: a number or truth where it reads as one."""
    try:
        value = json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
