"""What must hold between the parts of hub.yaml, and between it and the house. Works on plain data, as `house_checks` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from octopus_hub.config.errors import Problem
from octopus_hub.config.house_checks import unknown
from octopus_hub.config.yaml_nodes import Document

_SECRETS = (("mqtt", "password"), ("home_assistant", "token"))
_HOSTS = (("mqtt", "host"), ("home_assistant", "url"))
_WITH_HOST = ("username", "password", "tls", "ca_file", "cert_file", "key_file")
_WITH_TLS = ("ca_file", "cert_file", "key_file")


def check_hub(document: Document, areas: Sequence[str] | None, problems: list[Problem]) -> None:
    """Append every problem between the parts of hub.yaml; `areas` are the house's, None where they could not be read."""
    _secrets_apart(document, problems)
    _broker_known(document, problems)
    _hosts_well_formed(document, problems)
    _answers_outside(document, problems)
    if areas is not None:
        _sources_in_house(document, areas, problems)


def _section(document: Document, name: str) -> Mapping[str, object]:
    section = document.data.get(name)
    return section if isinstance(section, dict) else {}


def _secrets_apart(document: Document, problems: list[Problem]) -> None:
    for section, key in _SECRETS:
        if isinstance(_section(document, section).get(key), str) and (section, key) not in document.secrets:
            message = "a secret stands in plain text; write !secret NAME, and NAME with its value in secrets.yaml"
            problems.append(document.problem((section, key), message))


def _broker_known(document: Document, problems: list[Problem]) -> None:
    mqtt = _section(document, "mqtt")
    for key in _WITH_HOST:
        if key in mqtt and mqtt[key] is not False and "host" not in mqtt:
            message = f"{key} needs a host; without one the hub starts a broker of its own"
            problems.append(document.problem(("mqtt", key), message, at_key=True))
    for key in _WITH_TLS:
        if key in mqtt and "host" in mqtt and mqtt.get("tls", False) is False:
            problems.append(document.problem(("mqtt", key), f"{key} needs tls: true", at_key=True))
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if key in mqtt and other not in mqtt:
            problems.append(document.problem(("mqtt", key), f"{key} needs {other} beside it", at_key=True))


def _hosts_well_formed(document: Document, problems: list[Problem]) -> None:
    """Python encodes a host's name before it looks for it, and raises UnicodeError where that can't be."""
    for section, key in _HOSTS:
        host = _host(_section(document, section).get(key))
        try:
            host.encode("idna")
        except UnicodeError:
            message = "expected a host name whose parts between the dots have 1 to 63 characters each"
            problems.append(document.problem((section, key), message))


def _host(value: object) -> str:
    """The host in a name or a URL; empty where there is none, which is checked with the form of the file."""
    text = value if isinstance(value, str) else ""
    try:
        return (urlsplit(text).hostname or "") if "://" in text else text
    except ValueError:
        return ""


def _answers_outside(document: Document, problems: list[Problem]) -> None:
    """An answer sent to a topic of the hub's own would be taken for a command."""
    mqtt = _section(document, "mqtt")
    base, filters = mqtt.get("base_topic", "octopus"), mqtt.get("response_topics")
    for index, topic in enumerate(filters if isinstance(filters, list) else ()):
        if isinstance(base, str) and isinstance(topic, str) and _may_be_below(topic, base):
            message = f"expected a topic that is not below {base!r}, got {topic!r}"
            problems.append(document.problem(("mqtt", "response_topics", index), message))


def _may_be_below(topic_filter: str, base: str) -> bool:
    levels, above = topic_filter.split("/"), base.split("/")
    for level, expected in zip(levels, above, strict=False):
        if level == "#":
            return True
        if level not in ("+", expected):
            return False
    return len(levels) >= len(above)


def _sources_in_house(document: Document, areas: Sequence[str], problems: list[Problem]) -> None:
    for name, source in _section(document, "sources").items():
        area = source.get("area") if isinstance(source, dict) else None
        if isinstance(area, str) and area not in areas:
            problems.append(document.problem(("sources", name, "area"), unknown("area", area, areas)))
