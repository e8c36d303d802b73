"""Which devices a word may mean. Pure.

People call a blind a curtain and a relay for a lamp a light, and installers leave the device class out. So a noun is looked up in
tiers, and the first tier with any device wins. What guards a house ("gate", "garage door", "door") is never stretched to its kin:
a house without a gate has no gate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from octopus_hub.config.house import Device
from octopus_hub.config.kinds import NOUNS, Noun, noun_by_name

WINDOW_COVERINGS = frozenset({"blind", "curtain", "shade", "shutter"})
KIN: Mapping[str, frozenset[str]] = {
    **{name: WINDOW_COVERINGS - {name} for name in WINDOW_COVERINGS},
    "speaker": frozenset({"receiver", "TV"}),
    "receiver": frozenset({"speaker", "TV"}),
}
"""Nouns that stand for each other where nothing better is there."""

WATCHED: Mapping[str, frozenset[str]] = {
    "window": frozenset({"window", "window sensor"}),
    "window sensor": frozenset({"window", "window sensor"}),
    "door": frozenset({"door", "door sensor"}),
    "door sensor": frozenset({"door", "door sensor"}),
}
"""What is only watched and what can be moved go by the same word; the function tells which."""

STRICT = frozenset({"garage door", "gate", "door", "window"})
"""Nouns that mean only what is called so."""

NAMED_AS: Mapping[str, tuple[str, ...]] = {
    "light": ("light", "lights", "lamp", "lamps", "lantern"),
    "fan": ("fan",),
    "garage door": ("garage",),
    "TV": ("tv", "telly", "television"),
    "speaker": ("speaker", "speakers", "sonos", "soundbar", "stereo", "radio"),
    "outlet": ("outlet", "plug", "socket"),
}
"""Words in a device's name that stand for a noun; otherwise the noun itself."""

KIND_WORDS = frozenset({
    "ac", "air", "aircon", "alarm", "audio", "blind", "boiler", "car", "cleaner", "con", "conditioner", "conditioning",
    "cooling", "cover", "curtain", "door", "fan", "garage", "gate", "heat", "heater", "heating", "home", "hoover", "hot",
    "house", "humidifier", "light", "list", "lock", "mower", "music", "outlet", "player", "plug", "radiator", "radio",
    "robot", "room", "sensor", "shade", "shutter", "siren", "socket", "song", "sound", "speaker", "stereo", "switch", "tap",
    "television", "telly", "thermostat", "timer", "track", "tv", "vacuum", "valve", "vehicle", "volume", "water", "window",
})  # fmt: skip
"""Words that are said for any device of a kind, so that they tell none from another even if a name has them."""

RELAY_NOUNS = frozenset({"light", "fan"})
"""Nouns that a plain switch may be, by its name."""

Tier = Callable[[Device, Noun], bool]


def meant_by(name: str, devices: Sequence[Device]) -> list[Device]:
    """The devices that the noun means among `devices`; order is kept."""
    noun = noun_by_name(name)
    for tier in TIERS:
        found = [device for device in devices if tier(device, noun)]
        if found:
            return found
    return []


def _is_it(device: Device, noun: Noun) -> bool:
    return device.is_a(noun) or device.noun.name in WATCHED.get(noun.name, ())


def _is_called_so(device: Device, noun: Noun) -> bool:
    kinds = {noun.kind, "switch"} if noun.name in RELAY_NOUNS else {noun.kind}
    if device.kind not in kinds or (device.kind == noun.kind and not _is_unclassified(device)):
        return False
    words = NAMED_AS.get(noun.name, (noun.name, noun.plural))
    return any(_has_word(name, word) for name in (device.name, *device.aliases) for word in words)


def _is_unclassified_kin(device: Device, noun: Noun) -> bool:
    return noun.name not in STRICT and device.kind == noun.kind and bool(noun.device_classes) and _is_unclassified(device)


def _is_kin(device: Device, noun: Noun) -> bool:
    return device.noun.name in KIN.get(noun.name, ())


def _is_unclassified(device: Device) -> bool:
    """Is nothing more known of it than its kind?"""
    return not device.noun.device_classes


def _has_word(name: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", name, re.IGNORECASE) is not None


TIERS: tuple[Tier, ...] = (_is_it, _is_called_so, _is_unclassified_kin, _is_kin)


def plural_of(name: str) -> str:
    """A noun's plural; "thing" for everything."""
    return next(noun.plural for noun in NOUNS if noun.name == name)
