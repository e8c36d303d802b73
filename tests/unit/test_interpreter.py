"""Text to plan for one house, with a fake engine: prefixes kept on disk, houses changed, sentences refused."""

from __future__ import annotations

import itertools
import logging
import os
import time
from pathlib import Path

import pytest
from support.fake_engine import FakeEngine
from support.model_houses import encoder

from octopus_hub.config.errors import DeadlineExceeded, InputError
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Area, Device, House
from octopus_hub.config.plan import Correction, Named, Plan, PlannedCall, Target, Where
from octopus_hub.models.corrections import CORRECTION_TOKENS, CORRECTIONS_TOLD
from octopus_hub.models.engine import CapacityExceeded, Engine, HouseTooLarge
from octopus_hub.models.interpreter import KEPT_PREFIXES, MAX_HOUSE_TOKENS, MAX_SENTENCE_TOKENS, MAX_TEXT_TOKENS, Interpreter
from octopus_hub.models.prompt import example_section, house_prefix, text_prompt
from octopus_hub.models.shards import HousePrompt
from octopus_hub.models.tokens import Mark
from octopus_hub.models.writer import plan_ids

HOUSE = House(areas=(Area("Kitchen"),), devices=(Device("a", "Lamp", "light", "Kitchen"), Device("b", "Spot", "light", "Kitchen")))
OTHER = House(areas=(Area("Cellar"),), devices=(Device("x", "Pump", "switch", "Cellar"),))
TEXT = "Turn on the LAMP, please!"
PLAN = Plan((PlannedCall("turn_on", Target((Named("Lamp"),))),))
PUMP_ON = Plan((PlannedCall("turn_on", Target((Named("Aquarium"),))),))
PUMP = Plan((PlannedCall("turn_on", Target((Named("Pump"),))),))


def knowing(*plans: tuple[str, Plan], digest: str = "0" * 64, positions: int = 8192) -> FakeEngine:
    """An engine that knows these sentences."""
    answers = {tuple(text_prompt(encoder().ids(text))): plan_ids(plan, encoder()) for text, plan in plans}
    return FakeEngine(answers, digest, positions)


def interpreter(engine: Engine, cache: Path | None = None, house: House | None = HOUSE) -> Interpreter:
    """An interpreter with a house."""
    made = Interpreter(engine, encoder(), cache)
    if house is not None:
        made.set_house(house)
    return made


def same(plan: Plan, expected: Plan) -> bool:
    """Equal but for the numbers."""
    return (plan.calls, plan.refusal) == (expected.calls, expected.refusal)


# Sentences


def test_sentence_becomes_a_plan() -> None:
    """The plan that the model likes best, with how sure it was."""
    plan = interpreter(knowing((TEXT, PLAN))).interpret(TEXT)
    assert same(plan, PLAN)
    assert 0.9 < plan.confidence <= 1
    assert 0.9 < plan.mass <= 1


def test_prompt_is_prefix_and_sentence() -> None:
    """The house is read once; a sentence pays for its own tokens only."""
    engine = knowing((TEXT, PLAN))
    ours = interpreter(engine)
    for _ in range(3):
        ours.interpret(TEXT)
    assert engine.prefilled == [tuple(house_prefix(HOUSE, encoder()))]
    prompt = [*house_prefix(HOUSE, encoder()), *text_prompt(encoder().ids(TEXT))]
    assert engine.cache.fed[: len(prompt)] == prompt


def test_corrections_stand_before_the_sentence() -> None:
    """Those that share words with it, the likest last, as far as there is room; what is learnt replaces what was."""
    pump = Correction("the thing on", PUMP)
    engine = knowing((TEXT, PLAN))
    ours = interpreter(engine)

    def fed(*corrections: Correction, text: str = TEXT) -> list[int]:
        ours.learn(corrections)
        ours.interpret(text)
        return engine.cache.fed[len(house_prefix(HOUSE, encoder())) :]

    def section(correction: Correction) -> list[int]:
        return example_section(encoder().ids(correction.text), plan_ids(correction.plan, encoder()))

    prompt = text_prompt(encoder().ids(TEXT))
    near, nearer = Correction("lamp", PLAN), Correction("turn the lamp off please", PUMP)
    whole = [*section(near), *section(nearer), *prompt]
    assert fed(nearer, pump, near)[: len(whole)] == whole
    many = [Correction(f"lamp {number}", PLAN) for number in range(9)]
    assert fed(*many).count(Mark.EXAMPLE) == CORRECTIONS_TOLD
    assert fed(Correction("lamp " * CORRECTION_TOKENS, PLAN), near)[0 : len(section(near))] == section(near)
    assert fed(pump)[: len(prompt)] == prompt
    assert fed()[: len(prompt)] == prompt


def test_refusal() -> None:
    """A refusal is a plan without calls."""
    plan = interpreter(knowing(("how are you", Plan((), Reason.CHAT)))).interpret("how are you")
    assert same(plan, Plan((), Reason.CHAT))


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u3000", "\x16"])
def test_empty_sentence(text: str) -> None:
    """Nothing was said."""
    with pytest.raises(InputError, match="expected a sentence, got no words"):
        interpreter(FakeEngine()).interpret(text)


def test_sentence_of_punctuation() -> None:
    """ "?!" is odd, but can be refused by the model like any other."""
    plan = interpreter(knowing(("?!", Plan((), Reason.CHAT)))).interpret("?!")
    assert plan.refusal is Reason.CHAT


def test_sentence_that_is_too_long() -> None:
    """The message tells the limit and the length, in tokens."""
    ours = interpreter(FakeEngine())
    ours.interpret("on " * (MAX_TEXT_TOKENS - 2))
    with pytest.raises(InputError, match=f"at most {MAX_TEXT_TOKENS} tokens, got {MAX_TEXT_TOKENS + 1}"):
        ours.interpret("on " * (MAX_TEXT_TOKENS - 1))


def test_half_a_surrogate_pair() -> None:
    """What is no Unicode is no sentence."""
    with pytest.raises(InputError, match="half of a surrogate pair"):
        interpreter(FakeEngine()).interpret("turn on \ud83d")


def test_sentence_before_a_house() -> None:
    """There is nothing to talk about."""
    with pytest.raises(InputError, match="expected a house before a sentence"):
        interpreter(FakeEngine(), house=None).interpret(TEXT)


def test_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that takes too long is discarded, and the next sentence is understood as ever."""
    ours = interpreter(knowing((TEXT, PLAN)))
    with monkeypatch.context() as slow:
        seconds = itertools.count()
        slow.setattr(time, "monotonic", lambda: float(next(seconds)))
        with pytest.raises(DeadlineExceeded):
            ours.interpret(TEXT, deadline_s=2.5)
    assert same(ours.interpret(TEXT, deadline_s=60), PLAN)


def test_long_plan_does_not_fit() -> None:
    """A plan beyond what a session has room for is an error, not half a plan."""
    lamps = House(areas=(Area("Kitchen"),), devices=(Device("a", "so " * 24 + "long", "light", "Kitchen"),))
    target = Target(tuple(Named(lamps.devices[0].name) for _ in range(6)))
    endless = Plan(tuple(PlannedCall("turn_on", target) for _ in range(6)))
    with pytest.raises(CapacityExceeded):
        interpreter(knowing((TEXT, endless)), house=lamps).interpret(TEXT)


# Houses


def test_other_house() -> None:
    """After a change of house the old one's devices are gone, from the prompt and from the mask."""
    engine = knowing((TEXT, PLAN))
    ours = interpreter(engine)
    ours.set_house(OTHER)
    engine.cache.answers = {tuple(text_prompt(encoder().ids(TEXT))): plan_ids(PUMP, encoder())}
    assert same(ours.interpret(TEXT), PUMP)
    assert engine.prefilled[-1] == tuple(house_prefix(OTHER, encoder()))


def test_house_that_cannot_be_read_leaves_the_old_one() -> None:
    """A house beyond the model's positions raises; sentences still go to the house before, mask and prefix alike."""
    engine = knowing((TEXT, PLAN), positions=700)
    ours = interpreter(engine)
    huge = House(areas=tuple(Area(f"Room {i}") for i in range(400)))
    with pytest.raises(CapacityExceeded):
        ours.set_house(huge)
    assert same(ours.interpret(TEXT), PLAN)


def test_house_that_leaves_no_room_for_a_sentence_leaves_the_old_one() -> None:
    """A house that fits the model only just is refused at once, not with every sentence."""
    large = House(devices=tuple(Device(f"d{i}", f"Lamp {i}", "light") for i in range(60)))
    engine = knowing((TEXT, PLAN), positions=len(house_prefix(large, encoder())) + MAX_SENTENCE_TOKENS - 1)
    ours = interpreter(engine)
    with pytest.raises(CapacityExceeded):
        ours.set_house(large)
    assert same(ours.interpret(TEXT), PLAN)


def test_large_house_is_told_with_the_sentence() -> None:
    """Its prefix has the places, and the devices that a sentence may be about stand before it."""
    areas = tuple(Area(f"Room {i}") for i in range(40))
    devices = tuple(Device(f"d{i}", f"Lamp {i}", "light", f"Room {i % 40}") for i in range(600))
    large = House(areas=areas, devices=(*devices, Device("x", "Aquarium", "switch", "Room 7")))
    prompt = HousePrompt(large, encoder())
    asked = "feed the aquarium"
    engine = knowing((asked, PUMP_ON))
    ours = interpreter(engine, house=large)
    assert engine.prefilled == [tuple(prompt.prefix)]
    assert same(ours.interpret(asked), PUMP_ON)
    read = [*prompt.prefix, *prompt.about(asked), *text_prompt(encoder().ids(asked))]
    assert engine.cache.fed[: len(read)] == read


def test_house_that_is_too_large_is_not_even_read() -> None:
    """Its size is told in tokens and places, as a mistake of the configuration, and the old house stays."""
    engine = knowing((TEXT, PLAN))
    ours = interpreter(engine)
    vast = House(areas=tuple(Area(f"Room {i}") for i in range(3000)))
    size = len(house_prefix(vast, encoder()))
    with pytest.raises(HouseTooLarge, match=f"at most {MAX_HOUSE_TOKENS} tokens .*, got {size} for 3000 areas") as raised:
        ours.set_house(vast)
    assert raised.value.exit_code == 78
    assert len(engine.prefilled) == 1
    assert same(ours.interpret(TEXT), PLAN)


def test_house_that_cannot_be_compiled_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one whose mask cannot be built."""
    ours = interpreter(knowing((TEXT, PLAN)))
    with monkeypatch.context() as broken:
        broken.setattr("octopus_hub.models.interpreter.HouseMask", _refuse)
        with pytest.raises(InputError):
            ours.set_house(OTHER)
    assert same(ours.interpret(TEXT), PLAN)


def _refuse(_lexicon: object) -> None:
    raise InputError("no such mask")


# Prefixes on disk


def test_prefix_is_kept(tmp_path: Path) -> None:
    """The second start of a house loads what the first one read, and understands the same."""
    first = knowing((TEXT, PLAN))
    before = interpreter(first, tmp_path / "new" / "folder").interpret(TEXT)
    second = knowing((TEXT, PLAN))
    after = interpreter(second, tmp_path / "new" / "folder").interpret(TEXT)
    assert (len(first.prefilled), first.loaded) == (1, 0)
    assert (len(second.prefilled), second.loaded) == (0, 1)
    assert after == before
    assert [path.suffix for path in (tmp_path / "new" / "folder").iterdir()] == [".prefix"]


def test_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder nothing is written anywhere."""
    monkeypatch.chdir(tmp_path)
    interpreter(FakeEngine())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"octopus-kv-1\n\0\0\0\2{}"])
def test_damaged_file_is_replaced(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, the house is read again, and the next start finds a whole file."""
    interpreter(FakeEngine(), tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert len(_prefilled(tmp_path)) == 1
    assert "prefix state not used" in caplog.text
    assert file.read_bytes() == whole
    assert _prefilled(tmp_path) == []


def _prefilled(cache: Path, house: House = HOUSE, digest: str = "0" * 64) -> list[tuple[int, ...]]:
    engine = FakeEngine(digest=digest)
    interpreter(engine, cache, house)
    return engine.prefilled


def test_other_model_and_other_house_have_other_files(tmp_path: Path) -> None:
    """A state is never used for a house or a model that it is not of."""
    assert _prefilled(tmp_path)
    assert _prefilled(tmp_path, OTHER)
    assert _prefilled(tmp_path, digest="f" * 64)
    assert not _prefilled(tmp_path)
    assert not _prefilled(tmp_path, OTHER)
    assert len(list(tmp_path.iterdir())) == 3


def test_few_files_are_kept(tmp_path: Path) -> None:
    """The folder does not grow with every edit of the house; what is used stays, what is not goes first."""
    areas = [House(areas=(Area(f"Room {i}"),)) for i in range(KEPT_PREFIXES + 3)]
    for age, house in enumerate(areas):
        _prefilled(tmp_path, house)
        for file in tmp_path.iterdir():
            os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns - 10**9 * (age + 1)))
        assert not _prefilled(tmp_path, areas[0])
    assert len(list(tmp_path.iterdir())) == KEPT_PREFIXES
    assert not _prefilled(tmp_path, areas[0])
    assert _prefilled(tmp_path, areas[1])


def test_cache_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A full or broken disk costs time at the next start, not the house; it is said once of reading and once of writing."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        ours = interpreter(knowing((TEXT, PLAN)), blocked)
    assert same(ours.interpret(TEXT), PLAN)
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "prefix state not used",
        "prefix state not kept",
    ]


def test_half_written_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file appears whole or not at all."""

    def fail(_self: Path, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    interpreter(FakeEngine(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_repeated_name_is_told_by_its_room() -> None:
    """End to end: two lamps of one name, and the room decides."""
    house = House(
        areas=(Area("Hall"), Area("Attic")), devices=(Device("a", "Lamp", "light", "Hall"), Device("b", "Lamp", "light", "Attic"))
    )
    plan = Plan((PlannedCall("turn_off", Target((Named("Lamp", Where(area="Attic")),))),))
    assert same(interpreter(knowing(("attic lamp off", plan)), house=house).interpret("attic lamp off"), plan)
    assert Mark.IN in plan_ids(plan, encoder())
