"""Sentence patterns from Home Assistant's own intent grammars (package home-assistant-intents, CC BY 4.0), sampled at data time.

Each sampled sentence becomes a line of our pattern notation; what has no counterpart among our functions is left out.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octopus_hub.config.errors import InputError
from octopus_hub.models.data.patterns import Pattern, parse

DOMAIN_NOUNS = {
    "light": "light", "switch": "switch", "fan": "fan", "media_player": "media player", "input_boolean": "switch",
    "climate": "thermostat", "cover": "cover", "valve": "valve", "lock": "lock", "scene": "scene", "script": "script",
    "button": "button", "vacuum": "vacuum", "lawn_mower": "lawn mower", "todo": "to-do list", "person": "person",
    "weather": "weather", "binary_sensor": "binary sensor",
}  # fmt: skip
CLASS_NOUNS = {"awning": "awning", "blind": "blind", "curtain": "curtain", "door": "door", "garage": "garage door", "gate": "gate",
               "shade": "shade", "shutter": "shutter", "window": "window"}  # fmt: skip
SLOTS = {
    "brightness": "{n:percent}", "position": "{n:percent}", "fan_speed": "{n:percent}", "volume": "{n:percent}",
    "volume_step_up": "{n:percent}", "volume_step_down": "{n:percent}", "temperature": "{t:temperature}", "color": "{c:color}",
    "color_temperature": "{k:kelvin}", "search_query": "{q:media}", "message": "{m:message}", "shopping_list_item": "{i:item}",
    "todo_list_item": "{i:item}", "area": "{a:area}", "floor": "{f:floor}",
}  # fmt: skip
TURN = {
    ("HassTurnOn", "cover"): "open", ("HassTurnOff", "cover"): "close", ("HassTurnOn", "valve"): "open",
    ("HassTurnOff", "valve"): "close", ("HassTurnOn", "lock"): "lock", ("HassTurnOff", "lock"): "unlock",
    ("HassTurnOn", "scene"): "activate", ("HassTurnOn", "script"): "run", ("HassTurnOn", "button"): "press",
}  # fmt: skip
PLAIN = {
    "HassMediaNext": ("media_next", "media_player"), "HassMediaPrevious": ("media_previous", "media_player"),
    "HassMediaPause": ("media_pause", "media_player"), "HassMediaUnpause": ("media_play", "media_player"),
    "HassMediaPlayerMute": ("mute", "media_player"), "HassMediaPlayerUnmute": ("unmute", "media_player"),
    "HassVacuumReturnToBase": ("return_to_base", "vacuum"), "HassVacuumStart": ("start", "vacuum"),
    "HassLawnMowerDock": ("return_to_base", "lawn_mower"), "HassLawnMowerStartMowing": ("start", "lawn_mower"),
}  # fmt: skip
ARGUMENTS = {
    "HassClimateSetTemperature": ("set_temperature", "climate", "temperature={t}"),
    "HassFanSetSpeed": ("set_fan_speed", "fan", "level={n}"), "HassSetVolume": ("set_volume", "media_player", "level={n}"),
    "HassSetPosition": ("set_position", "cover", "position={n}"),
    "HassClimateSetFanMode": ("set_fan_mode", "climate", "mode={o}"),
}  # fmt: skip
FIXED = {
    "HassNevermind": "cancel()", "HassGetCurrentDate": "get_date()", "HassGetCurrentTime": "get_time()",
    "HassBroadcast": "announce(message={m})", "HassShoppingListAddItem": "todo_add(item={i})",
    "HassShoppingListCompleteItem": "todo_complete(item={i})",
}  # fmt: skip
LISTS = {"HassListAddItem": "todo_add", "HassListCompleteItem": "todo_complete", "HassListRemoveItem": "todo_remove"}


@dataclass
class _Said:
    """A sampled sentence: its words, and what the lists in it stood for."""

    text: str = ""
    lists: dict[str, str] = field(default_factory=dict)


def ha_patterns(rng: random.Random, per_block: int = 6) -> list[Pattern]:
    """Up to `per_block` patterns of each block of sentences of the English grammars. Needs the extra [train]."""
    import home_assistant_intents

    grammar = json.loads((Path(home_assistant_intents.__file__).parent / "data" / "en.json").read_text(encoding="utf-8"))
    found: dict[str, Pattern] = {}
    for intent, body in grammar["intents"].items():
        for block in body["data"]:
            for said in _samples(block, grammar, rng, 2 if intent == "HassGetState" else per_block):
                plan = _plan(intent, block, said)
                if plan is None:
                    continue
                try:
                    found.setdefault(said.text, parse(f"{said.text} ::: {plan}", "home-assistant-intents"))
                except InputError:
                    continue
    return list(found.values())


def _samples(block: dict[str, Any], grammar: dict[str, Any], rng: random.Random, count: int) -> Iterator[_Said]:
    from hassil.parse_expression import parse_sentence

    nouns = [DOMAIN_NOUNS[d] for d in (block.get("requires_context") or {}).get("domain", ()) if d in DOMAIN_NOUNS]
    for _ in range(count):
        said = _Said()
        expression = parse_sentence(rng.choice(block["sentences"])).expression
        _say(expression, grammar, said, "|".join(dict.fromkeys(nouns)), rng)
        said.text = re.sub(r"\s+", " ", said.text).strip()
        if said.text:
            yield said


def _say(
    expression: Any, grammar: dict[str, Any], said: _Said, nouns: str, rng: random.Random
) -> None:  # hassil's trees are untyped
    from hassil import expression as tree

    if isinstance(expression, tree.TextChunk):
        said.text += expression.original_text
    elif isinstance(expression, tree.RuleReference):
        from hassil.parse_expression import parse_sentence

        _say(parse_sentence(grammar["expansion_rules"][expression.rule_name]).expression, grammar, said, nouns, rng)
    elif isinstance(expression, tree.ListReference):
        said.text += _list_word(expression, grammar, said, nouns, rng)
    elif isinstance(expression, tree.Alternative):
        _say(rng.choice(expression.items), grammar, said, nouns, rng)
    elif isinstance(expression, tree.Permutation):
        for item in rng.sample(expression.items, len(expression.items)):
            said.text += " "
            _say(item, grammar, said, nouns, rng)
    else:
        for item in expression.items:
            _say(item, grammar, said, nouns, rng)


def _list_word(reference: Any, grammar: dict[str, Any], said: _Said, nouns: str, rng: random.Random) -> str:
    name = reference.list_name
    if name == "name":
        said.lists["name"] = nouns
        return f"{{d:{nouns}}}"
    if name == "fan_mode":
        said.lists[name] = name
        return "{o:option}"
    if name in SLOTS:
        said.lists[name] = name
        return SLOTS[name]
    values = grammar["lists"].get(name, {}).get("values")
    if not values:
        said.lists["unknown"] = name
        return ""
    value = rng.choice(values)
    said.lists[name] = str(value["out"])
    from hassil.parse_expression import parse_sentence

    inner = _Said()
    _say(parse_sentence(value["in"]).expression, grammar, inner, "", rng)
    said.lists[f"{name} said"] = inner.text
    return inner.text


def _plan(intent: str, block: dict[str, Any], said: _Said) -> str | None:
    lists = said.lists
    if "unknown" in lists or "media_class" in lists:
        return None
    if intent in FIXED:
        return FIXED[intent]
    if intent in LISTS:
        return f"{LISTS[intent]}({{d}}; item={{i}})" if "name" in lists else None
    domain = str((block.get("slots") or {}).get("domain") or "")
    if intent in ("HassTurnOn", "HassTurnOff"):
        domain = domain or next(iter((block.get("requires_context") or {}).get("domain", ())), "")
        function = TURN.get((intent, domain), "turn_on" if intent == "HassTurnOn" else "turn_off")
        return _call(function, domain, said)
    if intent in PLAIN:
        function, domain = PLAIN[intent]
        return _call(function, domain, said)
    if intent in ARGUMENTS:
        function, domain, argument = ARGUMENTS[intent]
        return _call(function, domain, said, argument)
    return _special(intent, domain, said)


def _special(intent: str, domain: str, said: _Said) -> str | None:
    lists = said.lists
    match intent:
        case "HassLightSet":
            return _light_set(said)
        case "HassSetVolumeRelative":
            up = lists.get("volume_step") == "up" or "volume_step_up" in lists
            amount = ", amount={n}" if "volume_step_up" in lists or "volume_step_down" in lists else ""
            return _call("step_volume", "media_player", said, f"direction={'up' if up else 'down'}{amount}")
        case "HassMediaSearchAndPlay":
            return (
                "play_media(query={q})"
                if set(lists) == {"search_query"}
                else _call("play_media", "media_player", said, "query={q}")
            )
        case "HassVacuumCleanArea":
            return None if "area" not in lists else "clean_area({d}; area={a})" if "name" in lists else "clean_area(area={a})"
        case "HassClimateGetTemperature":
            return _call("get_value", "climate" if "name" in lists else "thing", said, "property=temperature")
        case "HassGetWeather":
            return "get_weather({d})" if "name" in lists else "get_weather()"
        case "HassGetState":
            return _question(domain, said)
    return None


def _light_set(said: _Said) -> str | None:
    lists = said.lists
    if "color" in lists:
        return _call("set_color", "light", said, "color={c}")
    if "color_temperature" in lists:
        return _call("set_color_temperature", "light", said, "temperature={k}")
    if "brightness" in lists:
        return _call("set_brightness", "light", said, "level={n}")
    if "brightness_level" in lists:
        return _call("set_brightness", "light", said, f"level={'max' if lists['brightness_level'] == '100' else 'min'}")
    return None


def _question(domain: str, said: _Said) -> str | None:
    state = next((STATE_WORDS[v] for k, v in said.lists.items() if k.endswith("states said") and v in STATE_WORDS), None)
    if state is None:
        return None
    if "name" in said.lists:
        return f"get_state({{d}}; state={state})"
    first = said.text.split()[0]
    if first not in ("are", "is", "which", "what", "how", "any"):
        return None  # "each lamp on the landing": heard as a command as easily
    if first == "how":
        function = "count_devices"
    elif re.search(r"\b(all|every|each)\b", said.text):
        function = "get_state"
    else:
        function = "list_devices"
    return _call(function, domain, said, f"state={state}", quantifier="all")


STATE_WORDS = {"on": "on", "off": "off", "open": "open", "closed": "closed", "shut": "closed", "locked": "locked",
               "securely locked": "locked", "unlocked": "unlocked"}  # fmt: skip


def _call(function: str, domain: str, said: _Said, argument: str = "", quantifier: str = "") -> str | None:
    target = _target(domain, said, quantifier)
    return None if target is None else f"{function}({target}{'; ' + argument if argument else ''})"


def _target(domain: str, said: _Said, quantifier: str) -> str | None:
    lists = said.lists
    if "name" in lists:
        return None if "area" in lists or "floor" in lists else "{d}"
    noun = _noun(domain, lists)
    if noun is None:
        return None
    quantifier = quantifier or _quantifier(noun, said.text)
    place = " in {a}" if "area" in lists else " on {f}" if "floor" in lists else " here" if re.search(HERE, said.text) else ""
    return f"{quantifier} {noun}{place}"


def _noun(domain: str, lists: dict[str, str]) -> str | None:
    if "cover_classes" in lists:
        return CLASS_NOUNS.get(lists["cover_classes"])
    return "thing" if domain == "thing" else DOMAIN_NOUNS.get(domain)


def _quantifier(noun: str, text: str) -> str:
    if re.search(r"\b(all|every|each)\b", text):
        return "all"
    named = [word for word in text.split() if _is_device_word(word)]
    is_plural = any(word == "lighting" or word.endswith("s") for word in named)
    return "many" if is_plural or (noun == "light" and not named) else "one"


HERE = r"\bhere\b|\b(this|the|my|our) (room|space)\b"


def _is_device_word(word: str) -> bool:
    return bool(re.fullmatch(r"(light|lamp|fan|switch|awning|blind|curtain|door|gate|shade|shutter|window)(s|es)?|lighting", word))
