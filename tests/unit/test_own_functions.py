"""Functions of an installer's own: from functions.yaml to the mask, the tokens, the adapters and the packs that teach them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.model_houses import encoder

from octopus_hub.adapters.services import ServiceCall, translate
from octopus_hub.adapters.virtual import VirtualAdapter
from octopus_hub.config.errors import ConfigError, InputError, Unsupported
from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import Parameter, Told, ValueType
from octopus_hub.config.house import ActionClass, Device, House
from octopus_hub.config.loader import load_config
from octopus_hub.config.plan import Call, Duration, Named, Plan, PlannedCall, Result, Status, Target
from octopus_hub.daemon.cli import read
from octopus_hub.daemon.policy import Trust, decide
from octopus_hub.daemon.reports import tell
from octopus_hub.daemon.resolver import resolve
from octopus_hub.daemon.structured import plan_of
from octopus_hub.models.data import own
from octopus_hub.models.data.own import own_patterns, write_own_packs
from octopus_hub.models.data.packs import SUFFIX, read_packs
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import (
    FUNCTION_IDS,
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
    """What a command reads of a configuration is known from then on; the hub's own functions stay."""
    config = read(POOL)
    assert [function.name for function in config.functions] == ["boost_pump", "backwash_filter"]
    assert by_name()["boost_pump"] is config.functions[0]
    assert by_name()["turn_on"] in FUNCTIONS
    assert load_config(POOL) == config


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
    monkeypatch.setattr(own, "PACKS", 3)
    patterns = own_patterns(POOL / "functions.yaml")
    functions = POOL / "functions.yaml"
    write_own_packs(functions, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=1)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    responses = [response for pack in read_packs(path) for _, response in pack.queries]
    taught = sum(not {OWN_LAST, OWN_LAST - 1}.isdisjoint(response) for response in responses)
    assert 0.2 * len(responses) < taught < 0.5 * len(responses)
    write_own_packs(functions, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=2)
    assert len(list(tmp_path.iterdir())) == 1
    other = tmp_path / "functions.yaml"
    other.write_text(functions.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    with pytest.raises(InputError, match="packs of other functions"):
        write_own_packs(other, tmp_path, patterns, WEIGHTS / "tokenizer.json", seed=1)


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
