"""Every engine keeps the same promises: what was fed decides the logits, not how it was fed or what came before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.extras import needs_torch
from support.tiny_model import SHAPE, build_tiny_model

from octopus_hub.config.errors import InputError
from octopus_hub.models.base import BaseWeights
from octopus_hub.models.engine import CapacityExceeded, Engine, SessionEnded, StateMismatch
from octopus_hub.models.lora import read_adapter

PREFIX = [int(i) for i in np.random.default_rng(3).integers(0, SHAPE.vocabulary, 90)]
QUERY = [7, 300, 12, 280, 5]
OTHER = [int(i) for i in np.random.default_rng(4).integers(0, SHAPE.vocabulary, 33)]
ALMOST = 0.5
"""How far the hub's engine may be off when tokens come in other chunks: activations are rounded to 8 bits, and a sum's last bit
decides which way. Logits have a standard deviation of 7 here; up to 0.2 was seen."""
EXACT = 2e-4


def onnx_engine(folder: Path, seed: int) -> Engine:
    """The hub's engine, built as on the hub."""
    from octopus_hub.models.onnx_engine import OnnxEngine

    return OnnxEngine(build_tiny_model(folder, seed), threads=1)


def transformers_engine(folder: Path, seed: int) -> Engine:
    """The second engine in float32, over the same base and adapter."""
    from octopus_hub.models.training.export import write_hf_directory
    from octopus_hub.models.transformers_engine import TransformersEngine

    build_tiny_model(folder, seed)
    write_hf_directory(BaseWeights(folder / "tiny.gguf"), read_adapter(folder / "adapter.safetensors"), folder / "hf")
    return TransformersEngine(folder / "hf", device="cpu")


ENGINES = [
    pytest.param((onnx_engine, ALMOST), id="onnx"),
    pytest.param((transformers_engine, EXACT), id="transformers", marks=[pytest.mark.torch, pytest.mark.timeout(60), needs_torch]),
]
Make = Callable[[Path, int], Engine]


@pytest.fixture(scope="module", params=ENGINES)
def implementation(request: pytest.FixtureRequest) -> tuple[Make, float]:
    """How an engine is made, and how exact it is."""
    made: tuple[Make, float] = request.param
    return made


@pytest.fixture(scope="module")
def make(implementation: tuple[Make, float]) -> Make:
    """Makes an engine in a folder; another seed is another model."""
    return implementation[0]


@pytest.fixture(scope="module")
def tolerance(implementation: tuple[Make, float]) -> float:
    """How far logits may be apart that should be equal."""
    return implementation[1]


@pytest.fixture(scope="module")
def engine(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine that all tests share, one after the other."""
    return make(tmp_path_factory.mktemp("engine"), 2)


def test_sizes(engine: Engine) -> None:
    """An engine tells its vocabulary and a digest."""
    assert engine.vocabulary_size == SHAPE.vocabulary
    assert len(engine.digest) == 64
    logits = engine.session(None, 8).append(QUERY)
    assert logits.shape == (SHAPE.vocabulary,)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_chunks_equal_one_append(engine: Engine, tolerance: float) -> None:
    """The logits are the same whether tokens come at once, in chunks or one by one."""
    prefix = engine.prefill(PREFIX)
    at_once = engine.session(prefix, 20).append(QUERY)
    session = engine.session(prefix, 20)
    session.append(QUERY[:2])
    assert np.abs(session.append(QUERY[2:]) - at_once).max() < tolerance
    each = engine.session(prefix, 20).append_all(QUERY)
    assert each.shape == (len(QUERY), SHAPE.vocabulary)
    assert np.abs(each[-1] - at_once).max() < tolerance


def test_logits_of_several_tokens(engine: Engine, tolerance: float) -> None:
    """What is made of each of the last tokens is what feeding them one by one gives."""
    each = engine.session(None, 20).append_all(QUERY)
    scored = engine.session(None, 20).append_scored(QUERY, 3)
    assert scored.shape == (3, SHAPE.vocabulary)
    assert np.abs(scored - each[-3:]).max() < tolerance


def test_wanted_tokens_have_their_logits(engine: Engine) -> None:
    """Wanting less changes nothing for what is wanted; the rest may be out of the question, and is there again when asked for."""
    everything = engine.session(None, 20).append(QUERY)
    for wanted in ([3, 299, 7], [SHAPE.vocabulary - 1], []):
        some = engine.session(None, 20, wanted).append(QUERY)
        assert some.shape == everything.shape
        assert np.allclose(some[wanted], everything[wanted], atol=1e-4)
        assert (some <= everything + 1e-4).all()
    assert np.array_equal(engine.session(None, 20).append(QUERY), everything)


def test_rows_of_the_head_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens are wanted one after the other, few are kept, and each has its logits."""
    from octopus_hub.models import onnx_engine as onnx

    engine = onnx_engine(tmp_path, 2)
    everything = engine.session(None, 20).append(QUERY)
    monkeypatch.setattr(onnx, "MOST_ROWS", 40)
    for first in range(0, SHAPE.vocabulary - 30, 30):
        wanted = range(first, first + 30)
        assert np.allclose(engine.session(None, 20, wanted).append(QUERY)[wanted], everything[wanted], atol=1e-4)


def test_prefix_equals_session(engine: Engine, tolerance: float) -> None:
    """A prefix read ahead gives what the same tokens fed to a session give."""
    at_once = engine.session(engine.prefill(PREFIX), 20).append(QUERY)
    session = engine.session(None, 200)
    session.append(PREFIX)
    assert np.abs(session.append(QUERY) - at_once).max() < tolerance
    assert session.length == len(PREFIX) + len(QUERY)


def test_order_and_place_matter(engine: Engine) -> None:
    """Other tokens before, or the same in another order, change the logits."""
    straight = engine.session(engine.prefill(PREFIX), 20).append(QUERY)
    turned = engine.session(engine.prefill(PREFIX[::-1]), 20).append(QUERY)
    bare = engine.session(None, 20).append(QUERY)
    assert np.abs(straight - turned).max() > 2 * ALMOST
    assert np.abs(straight - bare).max() > 2 * ALMOST


def test_sessions_leave_the_prefix_alone(engine: Engine) -> None:
    """Sessions over one prefix, one after the other, give bit-equal logits."""
    prefix = engine.prefill(PREFIX)
    first = engine.session(prefix, 60).append(QUERY)
    engine.session(prefix, 60).append_all(OTHER)
    assert np.array_equal(engine.session(prefix, 60).append(QUERY), first)


def test_prefixes_take_turns(engine: Engine) -> None:
    """A prefix survives that the engine reads another one, or none, in between."""
    one = engine.prefill(PREFIX)
    first = engine.session(one, 20).append(QUERY)
    other = engine.prefill(OTHER)
    second = engine.session(other, 20).append(QUERY)
    assert np.array_equal(engine.session(one, 20).append(QUERY), first)
    engine.session(None, 100).append(OTHER)
    assert np.array_equal(engine.session(one, 20).append(QUERY), first)
    assert np.array_equal(engine.session(other, 20).append(QUERY), second)


def test_state_round_trips(engine: Engine) -> None:
    """A state comes back from its bytes, also while another prefix is in use, and gives bit-equal logits."""
    state = engine.prefill(PREFIX)
    first = engine.session(state, 20).append(QUERY)
    data = state.to_bytes()
    engine.prefill(OTHER)
    assert state.to_bytes() == data
    loaded = engine.load_state(data)
    assert (loaded.length, loaded.digest) == (len(PREFIX), engine.digest)
    assert np.array_equal(engine.session(loaded, 20).append(QUERY), first)


def test_state_of_another_model_is_refused(engine: Engine, make: Make, tmp_path: Path) -> None:
    """A state, or its bytes, of a model with other weights is an error that names both."""
    other = make(tmp_path, 5)
    assert other.digest != engine.digest
    state = other.prefill(OTHER)
    with pytest.raises(StateMismatch, match=f"expected a state of model {engine.digest[:12]}, got one of {other.digest[:12]}"):
        engine.load_state(state.to_bytes())
    with pytest.raises(StateMismatch, match="expected a prefix of this engine"):
        engine.session(state, 10)


@pytest.mark.parametrize("damage", ["cut", "flipped", "header", "nothing"])
def test_damaged_state_is_refused(engine: Engine, damage: str) -> None:
    """Bytes that were cut, changed or never were a state are an error."""
    data = engine.prefill(OTHER).to_bytes()
    flipped = data[:-9] + bytes([data[-9] ^ 64]) + data[-8:]
    broken = {"cut": data[:-4], "flipped": flipped, "header": data[:40], "nothing": b""}[damage]
    with pytest.raises(StateMismatch, match=r"expected a (whole|key/value) state"):
        engine.load_state(broken)


def test_capacity_is_a_limit(engine: Engine) -> None:
    """Tokens beyond a session's capacity, or beyond the model's positions, are an error, and nothing of them is fed."""
    session = engine.session(engine.prefill(PREFIX), 6)
    session.append(QUERY)
    with pytest.raises(CapacityExceeded, match="expected at most 96 tokens, got 95 and 2 more"):
        session.append([1, 2])
    assert session.length == 95
    session.append([1])
    with pytest.raises(CapacityExceeded, match=f"expected at most {SHAPE.positions} tokens"):
        engine.session(None, SHAPE.positions + 1)
    with pytest.raises(CapacityExceeded, match=f"expected at most {SHAPE.positions} tokens"):
        engine.prefill([1] * (SHAPE.positions + 1))


def test_every_position_can_be_used(engine: Engine) -> None:
    """The last position of the model is as good as the first."""
    session = engine.session(engine.prefill([i % 300 for i in range(SHAPE.positions - 2)]), 2)
    assert np.isfinite(session.append([1, 2])).all()
    assert session.length == SHAPE.positions


def test_wrong_ids_are_refused(engine: Engine) -> None:
    """No tokens, and ids outside the vocabulary, are errors."""
    session = engine.session(None, 10)
    with pytest.raises(InputError, match="got none"):
        session.append([])
    with pytest.raises(InputError, match=f"below {SHAPE.vocabulary}, got 1 to {SHAPE.vocabulary}"):
        session.append([1, SHAPE.vocabulary])
    with pytest.raises(InputError, match="got -1"):
        engine.prefill([-1])


def test_old_sessions_are_over(engine: Engine) -> None:
    """A session ends when another is opened or another prefix is read."""
    old = engine.session(None, 10)
    old.append([1])
    engine.session(None, 10)
    with pytest.raises(SessionEnded):
        old.append([1])
    newer = engine.session(None, 10)
    engine.prefill(OTHER)
    with pytest.raises(SessionEnded):
        newer.append([1])
