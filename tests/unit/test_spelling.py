"""Misspelt words of a house."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.model_houses import encoder

from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.models.interpreter import MAX_TEXT_TOKENS
from octopus_hub.models.spelling import Speller

HOUSE = House(
    floors=(Floor("Mezzanine"),),
    areas=(Area("Reception"), Area("Lucía's Room", aliases=("nursery",))),
    groups=(Group("Fairy Lights", ("chandelier",)),),
    devices=(
        Device("chandelier", "Chandelier", "light", "Reception"),
        Device("rocinante", "Rocinante", "vacuum"),
        Device("shutter", "Left Shutter", "cover", device_class="shutter"),
        Device("car", "Enyaq", "vehicle"),
        Device("fan", "Ceiling Fan", "fan", options={"preset_modes": ("whirlwind",)}),
    ),
)


def read(text: str) -> str:
    """The sentence as it is meant."""
    return Speller(HOUSE, encoder()).read(text)[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("chandalier on in recepshun", "chandelier on in reception"),
        ("Chandaleer to 20", "chandelier to 20"),
        ("rossinante is stuck", "rocinante is stuck"),
        ("lock the enyak, please", "lock the enyaq, please"),
        ("the nursury is cold", "the nursery is cold"),
        ("mezanine lights", "mezzanine lights"),
        ("fairylights off, and the leftshuter", "fairy lights off, and the left shutter"),
        ("turn the chande lier on", "turn the chandelier on"),
        ("nur sery", "nursery"),
        ("ceeling fan to wirlwind", "ceiling fan to whirlwind"),
    ],
)
def test_misspelt_words_are_those_of_the_house(said: str, meant: str) -> None:
    """Of names, aliases, places and options, where both sound alike."""
    assert read(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "close both shutters",  # several, not one
        "is the reception cold",
        "the shelter is leaking",  # a word of its own
        "play some zarzuela in the kitchen",
        "enya",  # another name
        "ghghgh on",  # without a sound
        "",
    ],
)
def test_what_is_no_misspelling_stays(said: str) -> None:
    """Plurals, words that are whole tokens, and what nothing in the house sounds like."""
    assert read(said) == said


NUMBERED = House(
    areas=(Area("Room 1"), Area("Room 21"), Area("Studio Two"), Area("Wing 3"), Area("Wing Three")),
    devices=(Device("tv", "TV 2", "media_player", options={"source_list": ("HDMI 1",)}),),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("room one light on", "room 1 light on"),
        ("Room twenty-one at twenty one", "Room 21 at twenty one"),
        ("room twenty one, and room one", "room 21, and room 1"),
        ("studio 2 off", "studio two off"),
        ("hdmi one on tv two", "hdmi 1 on tv 2"),
        ("wing three and wing 3", "wing three and wing 3"),
        ("room two at one", "room two at one"),
        ("room twenty", "room twenty"),
        ("one", "one"),
    ],
)
def test_numbers_are_those_of_the_house(said: str, meant: str) -> None:
    """A number in words or in digits, behind the word that has it in a name; a recogniser writes words."""
    assert Speller(NUMBERED, encoder()).read(said)[0] == meant


def test_two_words_written_as_one_are_two() -> None:
    """So that the name is found word for word; both stand where the one was said."""
    text = "turn on the hottub"
    _, pieces = Speller(House(devices=(Device("tub", "Hot Tub", "switch"),)), encoder()).read(text)
    assert [(piece.ids, text[piece.start : piece.end]) for piece in pieces[-2:]] == [
        (encoder().ids("hot"), "hottub"),
        (encoder().ids("tub"), "hottub"),
    ]


def test_pieces_are_meant_ids_at_said_places() -> None:
    """What is copied from the sentence is what was said."""
    text = "add a chandalier to the list"
    _, pieces = Speller(HOUSE, encoder()).read(text)
    assert pieces[2].ids == encoder().ids("chandelier")
    assert text[pieces[2].start : pieces[2].end] == "chandalier"
    text = "play mezza nine"
    _, pieces = Speller(HOUSE, encoder()).read(text)
    assert [text[piece.start : piece.end] for piece in pieces] == ["play", "mezza nine"]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing of it is lost: every piece begins where one began, and ends where one ended."""
    plain = encoder().pieces(text)
    _, pieces = Speller(HOUSE, encoder()).read(text)
    assert {p.start for p in pieces} <= {p.start for p in plain}
    assert [p.end for p in pieces[-1:]] == [p.end for p in plain[-1:]]
    assert all(before.end <= after.start for before, after in pairwise(pieces))


def test_a_large_house_costs_little() -> None:
    """The longest sentence, all of it misspelt, among the words of 1,000 devices."""
    devices = tuple(
        Device(f"d{i}", f"Zq{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}arble {i} Vonulphe", "light") for i in range(1000)
    )
    speller = Speller(House(devices=devices), encoder())
    text = " ".join(["zqxxorble"] * (MAX_TEXT_TOKENS // 4))
    began = time.perf_counter()
    speller.read(text)
    assert time.perf_counter() - began < 0.5
