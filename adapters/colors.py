"""The colours people name, as Home Assistant and lamps take them. Pure."""

from __future__ import annotations

import cmath
import colorsys
import math
from collections.abc import Mapping, Sequence

from octopus_hub.config.house import number

Rgb = tuple[int, int, int]

COLORS: Mapping[str, Rgb] = {
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
    "purple": (128, 0, 128),
    "pink": (255, 192, 203),
    "white": (255, 255, 255),
    "lavender": (230, 230, 250),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "violet": (238, 130, 238),
    "indigo": (75, 0, 130),
    "turquoise": (64, 224, 208),
    "teal": (0, 128, 128),
    "gold": (255, 215, 0),
    "brown": (165, 42, 42),
    "salmon": (250, 128, 114),
    "coral": (255, 127, 80),
    "crimson": (220, 20, 60),
    "lime": (0, 255, 0),
    "navy": (0, 0, 128),
    "amber": (255, 191, 0),
    "aqua": (0, 255, 255),
    "maroon": (128, 0, 0),
    "mint": (62, 180, 137),
    "peach": (255, 218, 185),
    "olive": (128, 128, 0),
    "beige": (245, 245, 220),
    "sky blue": (135, 206, 235),
}
"""Every colour of `set_color`. Source: CSS Color Module Level 4; amber and mint, which it lacks, from Wikipedia."""

CSS_NAMES: Mapping[str, str] = {"sky blue": "skyblue", "peach": "peachpuff"}
"""Home Assistant takes CSS names without spaces."""

SAME_ON_A_LAMP = frozenset({"navy", "maroon", "brown", "olive", "lime", "aqua", "teal", "magenta"})
"""Colours that differ from others (blue, red, yellow, green, cyan, purple) in how dark they are."""

NOT_CSS = frozenset({"amber", "mint"})

MOST_HUE_TURNS = 0.08
MOST_SATURATION = 0.35
"""So far a lamp's own colour may be from the one asked for: gamuts differ, and brightness is told apart from colour."""


def color_data(name: str) -> dict[str, str | list[int]]:
    """The data of `light.turn_on` for a colour."""
    if name in NOT_CSS:
        return {"rgb_color": list(COLORS[name])}
    return {"color_name": CSS_NAMES.get(name, name)}


def rgb_shown(told: object) -> list[float] | None:
    """Red, green and blue, 0 to 255, of what a lamp tells as `rgb_color`; None where it tells none."""
    channels = [number(channel) for channel in told[:3]] if isinstance(told, Sequence) else []
    known = [channel for channel in channels if channel is not None]
    return known if len(known) == 3 else None


def is_same_color(name: str, shown: Sequence[float]) -> bool:
    """Is this what a lamp shows that was asked for the colour? `shown` is red, green, blue, 0 to 255."""
    (wanted_hue, wanted_saturation), (hue, saturation) = _hue_and_saturation(COLORS[name]), _hue_and_saturation(shown)
    if abs(saturation - wanted_saturation) > MOST_SATURATION:
        return False
    apart = abs(hue - wanted_hue)
    return wanted_saturation < MOST_SATURATION or min(apart, 1 - apart) <= MOST_HUE_TURNS


def name_of(shown: Sequence[float]) -> str:
    """The colour people would call it: the nearest in hue and saturation, since a lamp tells apart how bright it is."""
    names = (name for name in COLORS if name not in SAME_ON_A_LAMP)
    return min(names, key=lambda name: _distance(COLORS[name], shown))


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    """On the wheel of colours, where white is in the middle."""
    return abs(_on_wheel(one) - _on_wheel(other))


def _on_wheel(rgb: Sequence[float]) -> complex:
    hue, saturation = _hue_and_saturation(rgb)
    return cmath.rect(saturation, 2 * math.pi * hue)


def _hue_and_saturation(rgb: Sequence[float]) -> tuple[float, float]:
    """The hue in turns."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb))
    return hue, saturation
