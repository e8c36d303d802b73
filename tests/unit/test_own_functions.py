"""Functions of an installer's own: from functions.yaml to the mask, the tokens, the adapters and the packs that teach them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from support.corpus import corpus
from support.model_houses import encoder

from octopus_hub.adapters.services import ServiceCall, translate
from octopus_hub.adapters.virtual import VirtualAdapter
from octopus_hub.config.errors import ConfigError, InputError, Unsupported
from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import MOST_OWN, Parameter, Told, ValueType
from octopus_hub.config.house import ActionClass, Device, House
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.loader import load_config, read_functions
from octopus_hub.config.plan import Call, Duration, Named, Number, Plan, PlannedCall, Result, Scalar, Status, Target, Value, Word
from octopus_hub.config.schema_functions import functions_of
from octopus_hub.daemon.cli import find, read
from octopus_hub.daemon.policy import Trust, decide
from octopus_hub.daemon.reports import tell
from octopus_hub.daemon.resolver import resolve
from octopus_hub.daemon.structured import plan_of
from octopus_hub.models.data import own
from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.own import own_patterns, write_own_packs
from octopus_hub.models.data.packs import SUFFIX, read_packs
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import (
    FUNCTION_IDS,
    NOUN_IDS,
    OWN_LAST,
    Mark,
    assign_own,
    descriptions,
    shared_functions,
    shared_ids,
    vocabulary_digest,
    vocabulary_names,
)
from octopus_hub.models.writer import plan_ids

Adopt = Callable[..., None]

POOL = Path(__file__).parent.parent.parent / "config" / "examples" / "pool"
PUMP = Device("pool_pump", "Pool Pump", "switch", home_assistant={"main": "switch.pump"})
HOUSE = House(devices=(PUMP, Device("kettle", "Kettle", "switch")))
MINUTES = Told(service="script.boost", data={"minutes": "{{ duration // 60 }}", "why": "{{ text }}", "now": "true"})
DURATION = Parameter("duration", ValueType.DURATION, "how long", required=False)
LEVEL = Parameter("level", ValueType.PERCENT, "how much", minimum=20, maximum=80, unit="%")
TEN = Call("boost", ("pool_pump",), {"duration": 600})


def test_the_example_is_read(own_function: Adopt) -> None:
    """What a command finds in a configuration is known from then on; the hub's own functions stay."""
    config = find(POOL).config
    assert [function.name for function in config.functions] == ["boost_pump", "backwash_filter"]
    assert by_name()["boost_pump"] is config.functions[0]
    assert by_name()["turn_on"] in FUNCTIONS
    assert load_config(POOL) == config


def test_reading_again_changes_no_functions(own_function: Adopt) -> None:
    """The interpreter keeps those that it was loaded with, so the process does."""
    read(POOL)
    assert "boost_pump" not in by_name()


@pytest.mark.parametrize(("unit", "expected"), [("C", "°C"), ("°F", "°F"), ("F", "°F"), ("", "")])
def test_units_of_temperature(tmp_path: Path, unit: str, expected: str) -> None:
    """Written as the house's are, or with their sign."""
    path = tmp_path / "functions.yaml"
    argument = f"{{name: temperature, type: temperature, unit: '{unit}'}}"
    function = f"{{name: heat, doc: Heats., kinds: [switch], topic: heat, arguments: [{argument}]}}"
    path.write_text(f"version: 1\nfunctions:\n  - {function}\n", encoding="utf-8")
    _, file = read_functions(path, None, [])
    assert file is not None
    assert functions_of(file)[0].parameters[0].unit == expected


def test_tokens_are_counted_from_the_end(own_function: Adopt) -> None:
    """They have names, words to begin with, and a digest of their own; taken back, the vocabulary is as before."""
    before = vocabulary_digest()
    own_function("boost")
    own_function("rinse")
    assign_own(["boost", "rinse"])
    assert (FUNCTION_IDS["boost"], FUNCTION_IDS["rinse"]) == (OWN_LAST, OWN_LAST - 1)
    assert vocabulary_names()["own"] == ["boost", "rinse"]
    assert descriptions()[OWN_LAST - 1] == "rinse rinse does it."
    assert vocabulary_digest() != before
    assign_own([])
    assert "own" not in vocabulary_names()
    assert vocabulary_digest() == before


def test_a_model_is_shared_by_name(own_function: Adopt) -> None:
    """Of own functions, those that both the house and the model know; the hub's own all."""
    own_function("boost")
    own_function("rinse")
    names = {**vocabulary_names(), "own": ["old", "rinse"]}
    assign_own(names["own"])
    assert [function.name for function in shared_functions(names)[len(FUNCTIONS) :]] == ["rinse"]
    assert FUNCTION_IDS["rinse"] == OWN_LAST - 1
    assert {OWN_LAST, OWN_LAST - 1} <= set(shared_ids(names))


def test_the_mask_offers_them_for_their_devices(own_function: Adopt) -> None:
    """By name and by noun, with their arguments, and for no other device of the kind; what was decoded reads back."""
    own_function("boost", devices=("pool_pump",), parameters=(DURATION,))
    assign_own(["boost"])
    lexicon = Lexicon(HOUSE, encoder(), (*FUNCTIONS, by_name()["boost"]))
    plan, house = plan_of((TEN,), HOUSE)
    text = "boost the pool pump for ten minutes"
    pieces = encoder().pieces(text)
    walk = HouseMask(lexicon).walk(pieces)
    named = plan_ids(Plan((PlannedCall("boost", Target((Named("Pool Pump"),)), {"duration": Duration(600)}),)), encoder())
    for token in named:
        walk.advance(token)
    assert walk.is_done
    assert PlanReader(named, lexicon, text, pieces).read().calls[0].function == "boost"
    beside = HouseMask(lexicon).walk(pieces)
    for token in (OWN_LAST, Mark.DEVICE):
        beside.advance(token)
    assert encoder().ids("kettle")[0] not in beside.allowed
    assert resolve(plan, house, {}).calls == (TEN,)


def test_a_choice_is_written_as_it_is_spoken(own_function: Adopt) -> None:
    """Its underscores are blanks for the mask, and come back when it is read."""
    own_function("boost", parameters=(Parameter("mode", ValueType.CHOICE, "how", choices=("full_power", "gentle")),))
    assign_own(["boost"])
    lexicon = Lexicon(HOUSE, encoder(), (*FUNCTIONS, by_name()["boost"]))
    plan = Plan((PlannedCall("boost", Target((Named("Pool Pump"),)), {"mode": Word("full_power")}),))
    written = plan_ids(plan, encoder())
    pieces = encoder().pieces("pool pump at full power")
    walk = HouseMask(lexicon).walk(pieces)
    for token in written:
        walk.advance(token)
    assert walk.is_done
    assert set(written) <= lexicon.token_ids
    assert PlanReader(written, lexicon, "pool pump at full power", pieces).read() == plan


def test_a_call_is_checked(own_function: Adopt) -> None:
    """As any other: devices, arguments, their ranges, and the class that the installer gave it."""
    own_function("boost", devices=("pool_pump",), parameters=(LEVEL,), action_class=ActionClass.OPEN)
    with pytest.raises(InputError, match='boost is not for "kettle"'):
        plan_of((Call("boost", ("kettle",), {"level": 50}),), HOUSE)
    plan, house = plan_of((Call("boost", ("pool_pump",), {"level": 90}),), HOUSE)
    refused = resolve(plan, house, {}).refusal
    assert refused is not None
    assert refused.code == "range"
    plan, house = plan_of((Call("boost", ("pool_pump",), {"level": 50}),), HOUSE)
    (call,) = resolve(plan, house, {}).calls
    assert call.arguments == {"level": 50}
    assert decide(call, HOUSE, Trust(), {}).code == "denied"


DEGREES = Parameter("temperature", ValueType.TEMPERATURE, "how hot", minimum=40, maximum=95, choices=("gentle", "max"))
SAID: list[tuple[Parameter, Value, dict[str, Scalar] | str]] = [
    (DEGREES, Number(80), {"temperature": 80, "unit": "°C"}),
    (DEGREES, Number(180), {"temperature": 82, "unit": "°C"}),
    (DEGREES, Number(20, "°C"), "20 °C is too low for the Pool Pump: it takes 40 to 95 °C."),
    (DEGREES, Word("gentle"), {"temperature": "gentle"}),
    (DEGREES, Word("max"), {"temperature": "max"}),
    (replace(DEGREES, unit="°F", minimum=104, maximum=203), Number(80, "°C"), {"temperature": 176, "unit": "°F"}),
    (replace(DEGREES, minimum=None), Number(-40), {"temperature": -40, "unit": "°C"}),
    (replace(DEGREES, minimum=None), Number(96, "°C"), "That is out of range."),
    (replace(DEGREES, name="amount", minimum=1, maximum=5), Number(9, "°F"), {"amount": 5}),
    (replace(DEGREES, name="amount", minimum=1, maximum=5), Number(6), "6 °C is too high for the Pool Pump: it takes 1 to 5 °C."),
    (replace(LEVEL, minimum=None), Number(-5), {"level": -5}),
    (replace(LEVEL, minimum=None), Number(90), "That is out of range."),
    (replace(LEVEL, maximum=None), Number(2e9), {"level": 2e9}),
]


@pytest.mark.parametrize(("parameter", "value", "expected"), SAID, ids=str)
def test_numbers_have_the_bounds_that_were_given(
    own_function: Adopt, parameter: Parameter, value: Value, expected: dict[str, Scalar] | str
) -> None:
    """Only these, whatever the kind of device takes otherwise; words stay words."""
    own_function("boost", parameters=(parameter,))
    found = resolve(Plan((PlannedCall("boost", Target((Named("Pool Pump"),)), {parameter.name: value}),)), HOUSE, {})
    assert (found.refusal.text if found.refusal else found.calls[0].arguments) == expected


def test_what_is_told(own_function: Adopt) -> None:
    """Templates give numbers and truths where they read as such; what fails on the arguments is Unsupported, in words."""
    own_function("boost", told=MINUTES)
    (service,) = translate(TEN, HOUSE)
    assert service == ServiceCall("script.boost", ("switch.pump",), {"minutes": 10, "why": "", "now": True})
    with pytest.raises(Unsupported, match=r"the template .* fails on"):
        translate(Call("boost", ("pool_pump",), {"duration": "soon"}), HOUSE)
    own_function("flush", told=Told(topic="pool/flush"))
    with pytest.raises(Unsupported, match="names no service"):
        translate(Call("flush", ("pool_pump",)), HOUSE)


async def test_a_virtual_device_notes_it(own_function: Adopt) -> None:
    """It was asked, and that is what is reported: nothing was seen."""
    own_function("boost")
    adapter = VirtualAdapter(HOUSE)
    await adapter.start()
    result = await adapter.execute(TEN, "pool_pump")
    assert result == Result("pool_pump", "boost", Status.SENT)
    assert adapter.states()["pool_pump"].attributes["boost"] == {"duration": 600}
    assert tell((TEN,), (result,), HOUSE) == "Pool Pump asked to boost."


# Teaching


def test_packs_teach_them_among_everything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_function: Adopt) -> None:
    """A good part of the sentences have an own function, the rest what the hub knows; the packs are made once a file."""
    monkeypatch.setattr(own, "PACKS", 10)
    patterns = own_patterns(POOL / "functions.yaml")
    functions = POOL / "functions.yaml"
    write_own_packs(functions, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=1)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    switches = {NOUN_IDS["switch"], NOUN_IDS["outlet"]}
    packs = [pack for pack in read_packs(path) if not switches.isdisjoint(pack.prefix)]  # in other houses there is no such function
    responses = [response for pack in packs for _, response in pack.queries]
    taught = sum(not {OWN_LAST, OWN_LAST - 1}.isdisjoint(response) for response in responses)
    assert 0.36 * len(responses) < taught < 0.54 * len(responses)
    write_own_packs(functions, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=2)
    assert len(list(tmp_path.iterdir())) == 1
    other = tmp_path / "functions.yaml"
    other.write_text(functions.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    with pytest.raises(InputError, match="packs of other functions"):
        write_own_packs(other, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=1)


@pytest.mark.parametrize(("example", "fits"), [("boost the {d:siren} ::: boost({d})", False), ("once more ::: boost(it)", True)])
def test_examples_must_fit_some_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_function: Adopt, example: str, fits: bool
) -> None:
    """A function that would not be learnt is told before the training; "it" is what the turn before was about."""
    few = replace(corpus(), patterns=corpus().patterns[::750], follow_ups=[])
    monkeypatch.setattr(Corpus, "read", lambda _: few)
    monkeypatch.setattr(own, "PACKS", 8)
    functions = tmp_path / "functions.yaml"
    kinds = [kind for kind in KINDS if kind != "siren"]
    node = {"name": "boost", "doc": "Boosts.", "kinds": kinds, "topic": "t", "examples": [f"{n} {example}" for n in range(10)]}
    functions.write_text(json.dumps({"version": 1, "functions": [node]}), encoding="utf-8")
    patterns, packs = own_patterns(functions), tmp_path / "packs"
    with nullcontext() if fits else pytest.raises(InputError, match="expected examples that fit some house, got none of boost"):
        write_own_packs(functions, packs, patterns, WEIGHTS / "tokenizer.json", seed=1)
    assert len(list(packs.iterdir())) == fits


def functions_file(folder: Path, count: int) -> Path:
    """Functions without any examples."""
    path = folder / "functions.yaml"
    nodes = (f"  - {{name: boost_{i}, doc: Boosts., kinds: [switch], topic: t}}\n" for i in range(count))
    path.write_text("version: 1\nfunctions:" + ("\n" + "".join(nodes) if count else " []\n"))
    return path


def test_no_functions_to_learn(tmp_path: Path, own_function: Adopt) -> None:
    """An empty list is told by its file."""
    with pytest.raises(ConfigError, match="expected functions to learn, 64 at most with those that the model has, got 0, and 2"):
        own_patterns(functions_file(tmp_path, 0), ["old", "older"])


def test_more_functions_than_there_are_tokens(tmp_path: Path, own_function: Adopt) -> None:
    """Those that the model has count; one that is among both counts once."""
    path = functions_file(tmp_path, MOST_OWN - 1)
    with pytest.raises(ConfigError, match="64 at most with those that the model has, got 63, and 2 before"):
        own_patterns(path, ["old", "older"])
    assert "own" not in vocabulary_names()
    with pytest.raises(ConfigError, match="expected at least 10 examples"):
        own_patterns(path, ["old", "boost_3"])
    assert len(vocabulary_names()["own"]) == MOST_OWN


def test_functions_that_a_model_has_keep_their_tokens(own_function: Adopt) -> None:
    """Teaching more functions to a model that knows some does not move those."""
    own_patterns(POOL / "functions.yaml", ["old", "backwash_filter"])
    assert vocabulary_names()["own"] == ["old", "backwash_filter", "boost_pump"]


def test_examples_are_checked_where_they_stand(tmp_path: Path, own_function: Adopt) -> None:
    """Too few, one that cannot be read, and one of another function: each with its line."""
    path = tmp_path / "functions.yaml"
    lines = ["x ::: boost(one switch)", "x", "{d:switch} on ::: turn_on({d})"]
    examples = "".join(f'      - "{line}"\n' for line in lines)
    path.write_text(
        f"version: 1\nfunctions:\n  - name: boost\n    doc: Boosts.\n    kinds: [switch]\n    topic: t\n    examples:\n{examples}"
    )
    with pytest.raises(ConfigError) as raised:
        own_patterns(path)
    told = [(problem.line, problem.message) for problem in raised.value.problems]
    assert told == [
        (8, "expected at least 10 examples to learn from, better 100, got 3"),
        (9, "expected 'sentence ::: plan'"),
        (10, "expected a plan with boost, got '{d:switch} on ::: turn_on({d})'"),
    ]
