"""Training packs: verified, reproducible, and of the mix that was asked for."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from support.corpus import corpus, names
from support.model_houses import encoder

from octopus_hub.config.errors import InputError
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Device, House
from octopus_hub.models.data.examples import Corpus, Mix, PackMaker
from octopus_hub.models.data.houses import HouseMaker, Names
from octopus_hub.models.data.packs import Pack
from octopus_hub.models.data.patterns import parse
from octopus_hub.models.tokens import FUNCTION_IDS, REASON_IDS, VOCABULARY_SIZE, Mark

CALLS = Mix(queries=30, queries_more=0, negative=0, absent=0, joined=0, previous=0, examples=0)
ABSENT = Mix(queries=30, queries_more=0, negative=0, absent=1, joined=0, previous=0, examples=0)
NEGATIVE = Mix(queries=30, queries_more=0, negative=1, absent=0, joined=0, previous=0, examples=0)
JOINED = Mix(queries=30, queries_more=0, negative=0, absent=0, joined=1, previous=0, examples=0)


def maker(mix: Mix, *lines: str, seed: int = 4) -> PackMaker:
    """A maker of packs, from these patterns or the committed corpus."""
    patterns = [parse(line) for line in lines]
    first, following = [p for p in patterns if not p.follows], [p for p in patterns if p.follows]
    written = Corpus(first, [(Reason.CHAT, "hello"), (Reason.UNSURE, "do it")], names(), following) if lines else corpus()
    return PackMaker(written, encoder(), seed, mix)


def responses(mix: Mix, *lines: str, packs: int = 2) -> list[list[int]]:
    """What the model is to write."""
    return [response for pack in islice(maker(mix, *lines).packs(), packs) for _, response in pack.queries]


def test_shape_of_a_pack() -> None:
    """A house, then sentences between their marks with plans that end; all ids are of the vocabulary."""
    for pack in islice(maker(Mix(queries=30, queries_more=0, previous=0, examples=0)).packs(), 3):
        assert pack.prefix[0] == Mark.HOUSE
        assert 0 < len(pack.queries) <= 30
        for text, response in pack.queries:
            assert (text[-1], response[-1]) == (Mark.RESPONSE, Mark.END)
            assert text.count(Mark.TEXT) == 1
            assert text[0] in (Mark.TEXT, Mark.AREA, Mark.NO_AREA)  # a large house tells devices before the sentence
            assert all(0 <= i < VOCABULARY_SIZE for i in (*text, *response))


def test_same_seed_makes_the_same_packs() -> None:
    """Data can be made again from its seed."""

    def made(seed: int) -> list[Pack]:
        return list(islice(maker(Mix(queries=12, queries_more=0, previous=0, examples=0), seed=seed).packs(), 2))

    assert made(7) == made(7)
    assert made(7) != made(8)


def test_calls() -> None:
    """A single pattern gives its function's plan."""
    for response in responses(CALLS, "turn on the {d:light} ::: turn_on({d})"):
        assert response[:2] == [FUNCTION_IDS["turn_on"], Mark.DEVICE]


def test_negatives() -> None:
    """A refusal with the reason it was written under; commands that wait are none."""
    found = responses(NEGATIVE, "lights on ::: turn_on(all light)")
    reasons = (Reason.CHAT, Reason.UNSURE, Reason.UNSUPPORTED)
    assert {tuple(response) for response in found} == {(Mark.GIVE_UP, REASON_IDS[reason], Mark.END) for reason in reasons}


def test_refusals_that_name_things_of_the_house() -> None:
    """They are put into a house as commands are."""
    written = Corpus(
        [parse("{d:light} on ::: turn_on({d})")], [(Reason.CHAT, "hi")], names(), [], [parse("I love {d:light} ::: no(chat)")]
    )
    mix = Mix(queries=40, queries_more=0, negative=1, negative_named=1, previous=0, examples=0)
    pack = next(PackMaker(written, encoder(), 4, mix).packs())
    love = encoder().ids("love")
    assert pack.queries
    assert all(response == [Mark.GIVE_UP, REASON_IDS[Reason.CHAT], Mark.END] for _, response in pack.queries)
    assert sum(love[0] in text for text, _ in pack.queries) > len(pack.queries) / 2


def test_absent() -> None:
    """The function is begun and given up where its device should come; what comes before it stays."""
    found = {
        tuple(response)
        for response in responses(ABSENT, "lights on and lock the {d:lock} ::: turn_on(all light); lock({d})", packs=12)
    }
    ending = (Mark.GIVE_UP, Mark.ABSENT, Mark.END)
    assert all(response[-3:] == ending for response in found)
    assert any(response[-4] == FUNCTION_IDS["lock"] and Mark.NEXT in response for response in found)
    assert any(len(response) > 3 and response[-4] == Mark.NEXT for response in found)


def test_joined() -> None:
    """Several sentences in one give several calls in their order."""
    for response in responses(JOINED, "what time is it ::: get_time()", "take that back ::: undo()"):
        functions = [i for i in response if i in FUNCTION_IDS.values()]
        assert len(functions) in (2, 3)
        assert response.count(Mark.NEXT) == len(functions) - 1


def test_questions_are_not_joined() -> None:
    """A corpus that has nothing else still gives packs: what cannot be joined is said alone."""
    mix = Mix(queries=10, queries_more=0, negative=0, absent=0, joined=0.5, corrected=0, previous=0, examples=0)
    found = responses(mix, "what time is it? ::: get_time()")
    assert found
    assert {tuple(response) for response in found} == {(FUNCTION_IDS["get_time"], Mark.END)}


def test_in_a_large_house_a_name_that_was_only_said_is_no_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two locks one is told in the prefix; the other, called by a little word, before no sentence: it can't be known."""
    locks = (Device("f", "Portcullis", "lock"), Device("i", "All", "lock"))
    lamps = (Device(f"d{i}", f"Lamp {i}", "light") for i in range(150))
    monkeypatch.setattr(HouseMaker, "make", lambda _: House(devices=(*locks, *lamps)))
    made = maker(CALLS, "lock the {d:lock} ::: lock({d})")
    pack = next(made.packs())
    assert {tuple(response) for _, response in pack.queries} == {
        (FUNCTION_IDS["lock"], Mark.DEVICE, *encoder().ids("Portcullis"), Mark.END)
    }
    assert made.tally["rejected calls"] > 5


def test_example_that_fails_its_check_is_thrown_away() -> None:
    """A plan with words that are not in the sentence is counted and left out."""
    made = maker(CALLS, 'set a timer ::: timer_start(duration="eight minutes")', "what time is it ::: get_time()")
    found = [response for pack in islice(made.packs(), 2) for _, response in pack.queries]
    assert {response[0] for response in found} == {FUNCTION_IDS["get_time"]}
    assert made.tally["rejected calls"] > 5
    assert made.tally["calls"] == made.tally["function get_time"] == len(found)


def test_pattern_that_does_not_fit_waits_for_another_house() -> None:
    """Rare devices are not skipped: their patterns come when a house has them."""
    made = maker(
        Mix(queries=5, queries_more=0, negative=0, absent=0, joined=0, previous=0, examples=0),
        "mow ::: start(one lawn mower)",
        "what time is it ::: get_time()",
    )
    list(islice(made.packs(), 40))
    assert made.tally["function start"] > 0


def test_corpus_is_read_from_its_folder(tmp_path: Path) -> None:
    """Patterns with plans, and negatives by reason, those among the patterns included."""
    for folder in ("patterns", "negatives", "names"):
        (tmp_path / folder).mkdir()
    (tmp_path / "patterns" / "ruth.txt").write_text("time ::: get_time()\nsing ::: no(unsupported)\nthe {d:light} ::: no(unsure)\n")
    (tmp_path / "negatives" / "ruth.txt").write_text("chat\thello there\n\nunsure\tdo the thing\n")
    read = Corpus.read(tmp_path)
    assert [pattern.text for pattern in read.patterns] == ["time"]
    assert set(read.negatives) == {(Reason.CHAT, "hello there"), (Reason.UNSURE, "do the thing"), (Reason.UNSUPPORTED, "sing")}


@pytest.mark.parametrize(
    ("pattern", "negative"), [("time ::: get_time()", ""), ("", "chat\thello"), ("time ::: get_time()", "absent\tthe moat")]
)
def test_corpus_that_lacks_one_of_the_two(tmp_path: Path, pattern: str, negative: str) -> None:
    """Commands alone, or negatives alone, can't be made packs of; what houses seldom have is of neither."""
    for folder, text in (("patterns", pattern), ("negatives", negative), ("names", "")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ruth.txt").write_text(text)
    with pytest.raises(InputError, match="expected sentences with plans and some that mean nothing"):
        Corpus.read(tmp_path)


def test_unknown_reason_in_the_corpus(tmp_path: Path) -> None:
    """A negative under a reason that does not exist is not taken for another."""
    for folder in ("patterns", "negatives", "names"):
        (tmp_path / folder).mkdir()
    (tmp_path / "negatives" / "ruth.txt").write_text("# moods\nmood\thello\nchat\n")
    with pytest.raises(InputError, match=r"(?s)ruth.txt:2: expected a reason of .* got mood\nruth.txt:3: expected a reason, a tab"):
        Corpus.read(tmp_path)


def test_a_list_of_names_that_is_missing(tmp_path: Path) -> None:
    """Is told by its file."""
    with pytest.raises(InputError, match=r"expected names in .*floor\.txt, got no such file"):
        HouseMaker(Names(tmp_path), random.Random(1)).make()


def test_it_is_what_the_turn_before_was_about() -> None:
    """The target of the turn before is that of the sentence with "it"."""
    mix = Mix(queries=60, queries_more=0, negative=0, absent=0, joined=0, previous=1, examples=0)
    made = maker(mix, "{d:light} on ::: turn_on({d})", "dim it a bit ::: step_brightness(it; direction=down, amount=little)")
    queries = [query for pack in islice(made.packs(), 2) for query in pack.queries]
    on, step = FUNCTION_IDS["turn_on"], FUNCTION_IDS["step_brightness"]
    followed = [(text, response) for text, response in queries if response[0] == step]
    assert followed
    assert len(followed) < len(queries)
    for text, response in followed:
        assert text[0] == Mark.PREVIOUS
        turn = text[text.index(on) + 1 : text.index(Mark.END)]
        assert response[1 : 1 + len(turn)] == turn


def test_examples_tell_what_is_meant() -> None:
    """A saying means what its example says; "the light" is the light of its example."""
    mix = Mix(queries=200, queries_more=0, negative=0, absent=0, joined=0, previous=0, examples=1)
    lines = (
        "the light on ::: turn_on(one light)",
        "kill the light ::: turn_off(one light)",
        "{d:fan} faster ::: step_fan_speed({d}; direction=up)",
    )
    queries = [query for pack in islice(maker(mix, *lines).packs(), 3) for query in pack.queries]
    switched = (FUNCTION_IDS["turn_on"], FUNCTION_IDS["turn_off"])
    sayings = [(text, response) for text, response in queries if _asked(text)[0] == encoder().ids("hello")[0]]
    named = [(text, response) for text, response in queries if response[0] in switched and response[1] == Mark.DEVICE]
    assert sayings
    assert all(_contains(text, response) for text, response in sayings)
    assert named
    assert all(_contains(text, response[1:]) for text, response in named)
    assert len(sayings) + len(named) < len(queries)


def _asked(text: list[int]) -> list[int]:
    """The sentence, after its mark."""
    return text[text.index(Mark.TEXT) + 1 : -1]


def _contains(text: list[int], part: list[int]) -> bool:
    return any(text[i : i + len(part)] == part for i in range(len(text)))
