"""Small houses, sentences and the tokenizer, for tests of the model's side."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.kinds import KINDS
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.tokens import TextEncoder

TOKENIZER = Path(__file__).resolve().parents[2] / "models" / "weights" / "tokenizer.json"

LONG_NAME = "The very old and rather dusty standard lamp behind the big green armchair, left "
NAMES = (
    "Lamp",
    "Lamp 2",
    "lamp 2 left",
    "Nachttischlämpchen",
    "42",
    "🎄 Tree",
    "Robbie",
    "Front-Door",
    "Öfen",
    "Café milk frother",
    LONG_NAME,
)
AREAS = (
    Area("Kitchen", "Ground", ("Cookhouse", "Lamp")),
    Area("Living Room", "Ground"),
    Area("Living Room 2", "Upper"),
    Area("Küche"),
    Area("guest_room", "Upper"),
    Area("Half Past Café", "Ground"),
)
FLOORS = (Floor("Ground", 0, ("downstairs",)), Floor("Upper", 1))
OPTIONS = {
    "climate": ("hvac_modes", (("off", "heat", "heat_cool"), ("off", "dry"))),
    "light": ("effect_list", (("candle", "Party Mode"), ("Rainbow",))),
    "media_player": ("source_list", (("Netflix", "HDMI 1"), ("HDMI 2",))),
    "select": ("options", (("Soft", "soft start"), ("Wool",))),
}
"""Lists that devices of a kind may have; some devices have none."""
WORDS = ("turn", "on", "the", "Lamp", "lamp", "in", "Küche", "at", "half", "past", "seven", "21.5", "milk", "don't", "and", "café",
         "left", "frother", "lamps", "lights")  # fmt: skip
MARKS = ("", "", "", ",", " —", "!", " 🎉")
EVERYDAY = (
    "light",
    "climate",
    "media_player",
    "cover",
    "sensor",
    "lock",
    "vacuum",
    "todo",
    "select",
    "vehicle",
    "weather",
    "number",
)


@cache
def encoder() -> TextEncoder:
    """The committed tokenizer; reading it takes a third of a second."""
    return TextEncoder(TOKENIZER)


def house_mask(house: House) -> HouseMask:
    """The mask of a house with every function."""
    return HouseMask(Lexicon(house, encoder()))


@st.composite
def small_houses(draw: st.DrawFn, names: tuple[str, ...] = NAMES) -> House:
    """No device to six, of up to three kinds, in up to three areas; names repeat."""
    areas = draw(st.lists(st.sampled_from(AREAS), unique=True, max_size=3))
    kinds = draw(st.lists(st.one_of(st.sampled_from(EVERYDAY), st.sampled_from(KINDS)), unique=True, min_size=1, max_size=3))
    count = draw(st.integers(0, 6))
    devices = tuple(_device(draw, f"d{i}", kinds, areas, names) for i in range(count))
    ids = [device.id for device in devices]
    members = draw(st.lists(st.sampled_from(ids), unique=True, max_size=3)) if ids else []
    groups = (Group("Reading corner", tuple(members), ("corner",)),) if members else ()
    return House(areas=tuple(areas), floors=FLOORS, groups=groups, devices=devices)


def _device(draw: st.DrawFn, device_id: str, kinds: list[str], areas: list[Area], names: tuple[str, ...]) -> Device:
    kind = draw(st.sampled_from(kinds))
    area = draw(st.sampled_from([None, *(area.name for area in areas)]))
    option, lists = OPTIONS.get(kind, ("", ()))
    options = {option: listed} if (listed := draw(st.sampled_from([(), *lists]))) else {}
    device_class = draw(st.sampled_from((None, "blind", "garage"))) if kind == "cover" else None
    name, aliases = draw(st.sampled_from(names)), tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=2)))
    return Device(device_id, name, kind, area, aliases, device_class=device_class, options=options)


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """One to eight words with some punctuation."""
    words = draw(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), min_size=1, max_size=8))
    return " ".join(word + mark for word, mark in words)
