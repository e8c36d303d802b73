"""The notation of sentence patterns, its mistakes by message, and the committed ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.corpus import corpus

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Reason
from octopus_hub.config.plan import Quantifier
from octopus_hub.models.data.patterns import CallTemplate, SelectorTemplate, Slot, flat, parse, read_patterns

# Reading


def test_device_and_value() -> None:
    """Slots of the sentence are used in the plan by name."""
    pattern = parse("put the {d:light} on {n:percent} percent ::: set_brightness({d}; level={n})", "ruth")
    assert pattern.text == "put the {d:light} on {n:percent} percent"
    assert pattern.slots == (Slot("d", "device", ("light",)), Slot("n", "percent"))
    assert pattern.calls == (CallTemplate("set_brightness", (SelectorTemplate(slot="d"),), (), {"level": "{n}"}),)
    assert (pattern.functions, pattern.origin, pattern.refusal) == (("set_brightness",), "ruth", None)


def test_several_nouns() -> None:
    """A slot may be of any of several nouns."""
    assert parse("stop the {d:blind|garage door} ::: stop({d})").slots == (Slot("d", "device", ("blind", "garage door")),)


def test_described_targets() -> None:
    """Quantity, noun and place: none, here, or a slot."""
    (call,) = parse("x {a:area} {f:floor} ::: turn_off(all light in {a}, many fan on {f}, one switch here, all thing)").calls
    assert call.include == (
        SelectorTemplate(quantifier=Quantifier.ALL, noun="light", place="a"),
        SelectorTemplate(quantifier=Quantifier.MANY, noun="fan", place="f"),
        SelectorTemplate(quantifier=Quantifier.ONE, noun="switch", place="here"),
        SelectorTemplate(quantifier=Quantifier.ALL, noun="thing"),
    )


def test_exceptions_and_groups() -> None:
    """ "except" parts what is meant from what is not."""
    (call,) = parse("x {d:light} {g:group} ::: turn_off(group {g}, all light except {d}, one fan)").calls
    assert call.include == (SelectorTemplate(group="g"), SelectorTemplate(quantifier=Quantifier.ALL, noun="light"))
    assert call.exclude == (SelectorTemplate(slot="d"), SelectorTemplate(quantifier=Quantifier.ONE, noun="fan"))


def test_several_calls_and_when() -> None:
    """Calls are parted by semicolons outside parentheses; each may be put off."""
    pattern = parse('x {t:duration} ::: turn_on(all light) after {t}; close(all cover) at "seven; sharp"; turn_on(all fan) for {t}')
    assert [call.when for call in pattern.calls] == [("after", "{t}"), ("at", '"seven; sharp"'), ("for", "{t}")]


def test_nested_question() -> None:
    """A read function may be an argument."""
    (call,) = parse("say the time ::: announce(message=get_time())").calls
    assert call.arguments == {"message": CallTemplate("get_time")}
    assert [inner.function for inner in flat(call)] == ["announce", "get_time"]


def test_optional_target_and_argument_alone() -> None:
    """Without a target the arguments stand alone; without anything, nothing does."""
    assert parse("play {q:media} ::: play_media(query={q})").calls[0].include == ()
    assert parse("what time is it ::: get_time()").calls == (CallTemplate("get_time"),)


def test_number_that_is_a_device() -> None:
    """A "number" slot is a device where the plan acts on it, else a value."""
    pattern = parse("set {d:number} to {n:number} ::: set_value({d}; value={n})")
    assert pattern.slots == (Slot("d", "device", ("number",)), Slot("n", "number"))


def test_area_of_a_device() -> None:
    """A room may be named because a device is in it."""
    assert parse("the {r:area of d} {d:lamp} ::: turn_on({d})".replace("lamp", "light")).slots[0] == Slot("r", "area of", of="d")


@pytest.mark.parametrize("reason", Reason)
def test_refusals(reason: Reason) -> None:
    """What is not to be acted on has a reason and no calls."""
    pattern = parse(f"hello ::: no({reason})")
    assert (pattern.calls, pattern.refusal) == ((), reason)


# Mistakes

MISTAKES = [
    ("turn it on", "expected 'sentence ::: plan'"),
    ("turn it on :::", "expected 'sentence ::: plan'"),
    ("the {d} on ::: turn_on({d})", "a slot that is not {name:type}"),
    ("the {d:teapot} on ::: turn_on({d})", "unknown slot type ['teapot']"),
    ("{d:light} {d:fan} ::: turn_on({d})", "two slots of one name"),
    ("fly ::: fly(all light)", "expected a call of a known function, got 'fly(all light)'"),
    ("on ::: turn_on all light", "expected a call of a known function"),
    ("on ::: turn_on()", "turn_on needs a target"),
    ("time ::: get_time(all light)", "get_time takes no target"),
    ("dim ::: set_brightness(all light)", "set_brightness needs ['level']"),
    ("dim ::: set_brightness(all light; level=5, colour=red)", "set_brightness has no argument 'colour=red'"),
    ("dim ::: set_brightness(all light; level=5, red)", "set_brightness has no argument 'red'"),
    ("red ::: set_color(all light; color=octarine)", "color is one of red, green"),
    ("x ::: turn_on({d})", "the plan uses ['d'], the sentence has []"),
    ("{a:area} ::: turn_on({a})", "targets ['a'] are no device slots"),
    ("{d:light} ::: turn_on(all light in {d})", "places ['d'] are no area or floor slots"),
    ("{d:light} ::: turn_on(group {d})", "groups ['d'] are no group slots"),
    ("{r:area of d} ::: turn_on(all light)", "areas of ['d'], which are no device slots"),
    ("x ::: turn_on(some light)", "expected a slot, a group or 'one|many|all noun"),
    ("x ::: turn_on(all teapot)", "expected a slot, a group or 'one|many|all noun"),
    ("x ::: turn_on(all light", "unbalanced parentheses or quotes"),
    ('x ::: announce(message="hi)', "unbalanced parentheses or quotes"),
    ("x ::: turn_on(all light) after lunch", "expected a slot or quoted words after after, got lunch"),
    ("x ::: no(mood)", "expected a reason of ['chat', 'absent', 'unsupported', 'unsure'], got mood"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes(line: str, message: str) -> None:
    """A mistake is told by what was expected."""
    with pytest.raises(InputError) as caught:
        parse(line)
    assert message in str(caught.value)


def test_every_mistake_of_a_folder_is_told(tmp_path: Path) -> None:
    """With file and line, comments and empty lines counted."""
    (tmp_path / "a.txt").write_text("# comment\n\non ::: turn_on(all light)\nfly ::: fly()\n")
    (tmp_path / "b.txt").write_text("nothing\n")
    with pytest.raises(InputError) as caught:
        read_patterns(tmp_path)
    first, second = str(caught.value).splitlines()
    assert first.startswith("a.txt:4: expected a call of a known function")
    assert second.startswith("b.txt:1: expected 'sentence ::: plan'")


def test_origin_is_the_file(tmp_path: Path) -> None:
    """Who wrote a pattern is known by its file."""
    (tmp_path / "ruth.txt").write_text("on ::: turn_on(all light)\n")
    assert [pattern.origin for pattern in read_patterns(tmp_path)] == ["ruth"]


# The committed corpus


def test_every_committed_pattern_parses() -> None:
    """All of them, from several authors."""
    patterns = corpus().patterns
    assert len(patterns) > 4000
    assert len({pattern.origin for pattern in patterns}) >= 6


def test_every_function_has_patterns() -> None:
    """No function is left untaught."""
    taught = {inner.function for pattern in corpus().patterns for call in pattern.calls for inner in flat(call)}
    assert taught == {function.name for function in FUNCTIONS}


def test_negatives_are_of_every_reason_but_absent() -> None:
    """What is absent depends on the house, so those are made; the others are written."""
    reasons = {reason for reason, _ in corpus().negatives}
    assert reasons >= {Reason.CHAT, Reason.UNSUPPORTED, Reason.UNSURE}
    assert all(text.strip() for _, text in corpus().negatives)
