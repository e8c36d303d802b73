"""What of a large house is told: its places in the prefix, and before a sentence what that may be about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.model_houses import TOKENIZER, encoder
from tokenizers import Tokenizer

from octopus_hub.config.house import Area, Device, Floor, House
from octopus_hub.models.prompt import house_prefix
from octopus_hub.models.shards import TOKENS_TOLD, WHOLE_TOKENS, HousePrompt, words
from octopus_hub.models.tokens import NOUN_IDS, Mark

AREAS = tuple(Area(f"Room {i}", "Ground", aliases=(f"Chambre {i}",)) for i in range(40))
LAMPS = tuple(Device(f"d{i}", f"Lamp {i}", "light", f"Room {i % 40}") for i in range(600))
ODD = (
    Device("a", "Café Sign", "switch", "Room 3"),
    Device("b", "Grandma's Radio", "media_player", "Room 5", aliases=("wireless",)),
    Device("c", "Away", "scene"),
)
LARGE = House(floors=(Floor("Ground"),), areas=AREAS, devices=(*LAMPS, *ODD))
PROMPT = HousePrompt(LARGE, encoder())


def told(text: str) -> str:
    """What is told with a sentence, as text, special tokens left out."""
    ids = [i for i in PROMPT.about(text) if i < Mark.HOUSE]
    return str(Tokenizer.from_file(str(TOKENIZER)).decode(ids))


def test_small_house_is_told_as_a_whole() -> None:
    """Then nothing is told with a sentence."""
    small = HousePrompt(House(devices=ODD), encoder())
    assert small.is_whole
    assert small.prefix == house_prefix(House(devices=ODD), encoder())
    assert small.about("the wireless") == []


def test_prefix_of_a_large_house_has_places_and_a_device_of_each_noun() -> None:
    """It is short, and everything that can be asked for is there once."""
    assert not PROMPT.is_whole
    assert len(PROMPT.prefix) < WHOLE_TOKENS
    assert PROMPT.prefix.count(Mark.AREA) == len(AREAS)
    for noun in ("light", "switch", "media player", "scene"):
        assert PROMPT.prefix.count(NOUN_IDS[noun]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("switch on the CAFE sign", "room 3 café sign"),
        ("Grandma's wireless off", "room 5 grandma's radio wireless"),
        ("are we away", "away"),
    ],
)
def test_devices_that_share_words_with_the_sentence(text: str, expected: str) -> None:
    """By name or alias, whatever case and accents; under their areas, or under none."""
    assert told(text).strip() == expected


def test_likeliest_come_first_and_not_too_many() -> None:
    """Six hundred lamps share "lamp" with the sentence: the one that is named is among the few told."""
    assert "lamp 417" in told("dim lamp 417 please")
    assert "lamp 88" in told("the lamp 88 in chambre 8")
    assert len(PROMPT.about("lamp lamp lamp in every room")) <= TOKENS_TOLD


def test_a_device_that_takes_too_much_room_does_not_silence_the_others() -> None:
    """It alone is left out, though it is the likeliest."""
    talkative = Device(
        "t", "Quixote Machine", "select", options={"options": tuple(f"very long programme number {i}" for i in range(12))}
    )
    first = Device("f", "Program", "select")
    prompt = HousePrompt(replace(LARGE, devices=(first, talkative, *LARGE.devices)), encoder())
    alone = replace(LARGE, areas=(), floors=(), devices=(talkative,))
    assert len(house_prefix(alone, encoder())) - 1 > TOKENS_TOLD
    said = "is the quixote machine louder than the radio"
    assert prompt.about("quixote machine") == []
    assert prompt.about(said) == prompt.about("radio") == PROMPT.about("radio") != []


def test_an_alias_that_is_a_noun_is_told_of_one_of_several() -> None:
    """As in a small house: of the only device of its noun it is left out, wherever it is told; of another it is a name."""
    lonely = Device("v", "Robbie", "vacuum", aliases=("vacuum", "dustman"))
    pump, kettle = Device("p", "Pump", "switch", aliases=("switch",)), Device("k", "Kettle", "switch", aliases=("switch",))
    devices = (lonely, pump, kettle)
    large = HousePrompt(replace(LARGE, devices=(*LAMPS, *devices)), encoder())
    assert not large.is_whole
    told = (
        [Mark.NO_AREA, NOUN_IDS["vacuum"], *encoder().ids("Robbie"), Mark.AKA, *encoder().ids("dustman")],
        [NOUN_IDS["switch"], *encoder().ids("Pump"), Mark.AKA, *encoder().ids("switch")],
        [NOUN_IDS["switch"], *encoder().ids("Kettle"), Mark.AKA, *encoder().ids("switch")],
    )
    assert house_prefix(House(devices=devices), encoder()) == [Mark.HOUSE, *told[0], *told[1], *told[2]]
    assert large.prefix[1 : 1 + len(told[0]) + len(told[1])] == [*told[0], *told[1]]
    assert large.about("robbie") == told[0]
    assert large.about("kettle") == [Mark.NO_AREA, *told[2]]


def test_sentence_that_names_nothing() -> None:
    """Little words are no names."""
    assert PROMPT.about("is it on in the") == []


def test_words() -> None:
    """Without case, accents, little words, and the ends that change in a sentence."""
    assert words("The Café's Lamps", "Bus 2") == {"cafe", "lamp", "bus", "2"}
