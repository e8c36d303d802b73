"""Training's network: the same as transformers' Llama, packed; and a run that learns, stops, goes on and saves."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.model_houses import TOKENIZER, encoder
from support.processes import free_port

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch", reason="needs the extra [train]")

from octopus_hub.config.errors import InputError
from octopus_hub.models.build import quantize_rows
from octopus_hub.models.data.packs import Pack, write_packs
from octopus_hub.models.graph import HF_NAMES, LINEARS
from octopus_hub.models.lora import NEW_ROWS, read_adapter
from octopus_hub.models.tokens import (
    ADDED,
    BASE_SIZE,
    PARAMETER_IDS,
    VOCABULARY_SIZE,
    Mark,
    descriptions,
    shared_ids,
    vocabulary_digest,
)
from octopus_hub.models.training.network import Network, PackTensors, rounded
from octopus_hub.models.training.train import Schedule, Settings, rate_at, save_adapter, train

pytestmark = [pytest.mark.torch, pytest.mark.timeout(120)]

LAYERS = 2
SIZES = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": LAYERS, "num_attention_heads": 4, "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5, "rope_theta": 10_000.0, "max_position_embeddings": 256, "tie_word_embeddings": True,
    "vocab_size": BASE_SIZE,
}  # fmt: skip
RANK, ALPHA = 3, 6.0
PACK = Pack(
    [Mark.HOUSE, 700, Mark.AREA, 11, 12, 13],
    [
        ([Mark.TEXT, 5, 6, Mark.RESPONSE], [BASE_SIZE + 208, Mark.DEVICE, 11, Mark.END]),
        ([Mark.TEXT, 9, Mark.RESPONSE], [Mark.GIVE_UP, Mark.CHAT, Mark.END]),
        (
            [Mark.TEXT, 9, 8, 7, 6, 5, Mark.RESPONSE],
            [BASE_SIZE + 209, Mark.ALL, BASE_SIZE + 113, Mark.AFTER, 30, Mark.MINUTES, Mark.END],
        ),
    ],
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as transformers saves it, with a random Llama of two layers and the base's vocabulary."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("base")
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for name, tensor in _llama(BASE_SIZE).state_dict().items():
        if name != "lm_head.weight":
            spread = 0.3 * torch.randn(tensor.shape, generator=generator)
            weights[name] = spread + 1 if name.endswith("norm.weight") else spread
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(SIZES))
    return folder


def _llama(vocabulary: int) -> torch.nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig.from_dict({**SIZES, "vocab_size": vocabulary, "attn_implementation": "eager"})
    model: torch.nn.Module = LlamaForCausalLM(config)
    return model.eval()


def _network(base: Path) -> Network:
    """With an adapter that does something."""
    torch.manual_seed(2)
    network = Network(base, RANK, ALPHA, torch.float32)
    network.start_rows({i: encoder().ids(words) for i, words in descriptions().items()})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
    return network


def _weights(base: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    found: dict[str, torch.Tensor] = load_file(base / "model.safetensors")
    return found


def _reference(base: Path, rows: torch.Tensor, changes: dict[str, torch.Tensor]) -> torch.nn.Module:
    """transformers' model with the adapter's `changes` added to its weights and `rows` behind its embedding."""
    weights = _weights(base)
    weights["model.embed_tokens.weight"] = torch.cat([weights["model.embed_tokens.weight"], rows])
    for name, change in changes.items():
        layer, projection = name.removeprefix("layers.").split(".")
        weights[f"model.layers.{layer}.{HF_NAMES[projection]}.weight"] += change
    model = _llama(VOCABULARY_SIZE)
    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    return model


def _changes(network: Network) -> dict[str, torch.Tensor]:
    tensors = dict(network.named_parameters())
    names = [(i, name) for i in range(LAYERS) for name in LINEARS]
    scale = ALPHA / RANK
    return {f"layers.{i}.{n}": scale * tensors[f"layers.{i}.lora.{n}_b"] @ tensors[f"layers.{i}.lora.{n}_a"] for i, n in names}


def _expected(model: torch.nn.Module, pack: Pack) -> torch.Tensor:
    """Logits where response tokens are predicted, each query on its own behind the prefix."""
    rows = []
    for text, response in pack.queries:
        ids = [*pack.prefix, *text, *response[:-1]]
        rows.append(model(torch.tensor([[int(i) for i in ids]])).logits[0, len(pack.prefix) + len(text) - 1 :])
    return torch.cat(rows)


# The network


def test_packed_equals_llama(base: Path) -> None:
    """Several queries of several lengths in one pack, adapter and new rows in use: the logits of one query at a time."""
    network = _network(base)
    with torch.no_grad():
        expected = _expected(_reference(base, network.new_rows, _changes(network)), PACK)
        got = network.logits(network(PackTensors.of(PACK)))
    assert got.shape == (14, VOCABULARY_SIZE)
    assert expected.std() > 0.5
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_queries_do_not_see_each_other(base: Path) -> None:
    """What stands beside a query in the pack, and how long that is, changes nothing."""
    network = _network(base)
    with torch.no_grad():
        alone = network(PackTensors.of(Pack(PACK.prefix, PACK.queries[1:2])))
        among = network(PackTensors.of(PACK))[4:7]
    torch.testing.assert_close(among, alone, rtol=1e-4, atol=1e-5)


def test_untrained_adapter_changes_nothing(base: Path) -> None:
    """Before the first step the network is the base."""
    network = Network(base, RANK, ALPHA, torch.float32)
    with torch.no_grad():
        expected = _expected(_reference(base, network.new_rows, {}), PACK)
        got = network.logits(network(PackTensors.of(PACK)))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_loss_is_that_of_the_response_tokens(base: Path) -> None:
    """The mean cross-entropy; only adapter and new rows have gradients."""
    network = _network(base)
    pack = PackTensors.of(PACK)
    loss, right = network.scores(pack)
    with torch.no_grad():
        logits = network.logits(network(pack))
        each = -logits.log_softmax(-1)[range(14), pack.targets]
    assert loss.item() == pytest.approx(each.mean().item(), rel=1e-5)
    assert right.item() == pytest.approx((logits.argmax(-1) == pack.targets).float().mean().item())
    added = pack.targets >= BASE_SIZE
    weighted = (each.sum() + each[added].sum()) / (14 + int(added.sum()))
    assert network.scores(pack, added_weight=2.0)[0].item() == pytest.approx(weighted.item(), rel=1e-5)
    loss.backward()
    trained = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert trained == {name for name, _ in network.named_parameters()}
    assert {name.rpartition(".")[2] for name in trained} == {"new_rows", *(f"{n}_{f}" for n in LINEARS for f in "ab")}


def test_adapter_on_some_projections(base: Path) -> None:
    """The others are those of the base: the papers leave the gate out."""
    some = ("q", "k", "v", "o", "up", "down")
    torch.manual_seed(2)
    network = Network(base, RANK, ALPHA, torch.float32, projections=some)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
        tensors, scale = dict(network.named_parameters()), ALPHA / RANK
        changes = {
            f"layers.{i}.{n}": scale * tensors[f"layers.{i}.lora.{n}_b"] @ tensors[f"layers.{i}.lora.{n}_a"]
            for i in range(LAYERS)
            for n in some
        }
        expected = _expected(_reference(base, network.new_rows, changes), PACK)
        torch.testing.assert_close(network.logits(network(PackTensors.of(PACK))), expected, rtol=1e-4, atol=1e-4)
    assert not any("gate" in name for name in network.adapter())


def test_whole_model(base: Path) -> None:
    """Everything is trained, and what is saved is transformers' model with the same numbers."""
    network = Network(base, dtype=torch.float32, whole=True)
    torch.autograd.backward(network.scores(PackTensors.of(PACK))[0])
    with torch.no_grad():
        for parameter in network.parameters():
            assert parameter.grad is not None
            parameter -= 0.01 * parameter.grad
        model = _llama(VOCABULARY_SIZE)
        model.load_state_dict({name: tensor.float() for name, tensor in network.weights().items()}, strict=False)
        model.tie_weights()
        got, expected = network.logits(network(PackTensors.of(PACK))), _expected(model, PACK)
    assert set(network.weights()) == set(_weights(base))
    torch.testing.assert_close(got, expected, rtol=0.03, atol=0.1)  # bfloat16 has eight bits


def test_new_rows_start_as_their_descriptions(base: Path) -> None:
    """A token's row is the mean of the rows of its words; unused rows that of all."""
    network = Network(base, RANK, ALPHA, torch.float32)
    network.start_rows({i: encoder().ids(words) for i, words in descriptions().items()})
    lamp = encoder().ids(descriptions()[int(Mark.GIVE_UP)])
    torch.testing.assert_close(network.new_rows[Mark.GIVE_UP - BASE_SIZE].detach(), network.embedding[list(lamp)].mean(0))
    torch.testing.assert_close(network.new_rows[ADDED - 1].detach(), network.embedding.mean(0))


# The adapter


def test_saved_adapter_merges_to_the_same_model(base: Path, tmp_path: Path) -> None:
    """The file, read and merged as the hub does it, gives the trained network, but for half-precision rounding."""
    network = _network(base)
    save_adapter(network.adapter(), settings(base, tmp_path), {})
    adapter = read_adapter(tmp_path / "adapter.safetensors")
    assert (adapter.rank, adapter.alpha, adapter.vocabulary_digest) == (RANK, ALPHA, vocabulary_digest())
    merged = {}
    for name, change in _changes(network).items():
        zeros = torch.zeros(change.shape).numpy()
        merged[name] = torch.from_numpy(adapter.merged(name, zeros))
        torch.testing.assert_close(merged[name], change.detach(), rtol=1e-2, atol=1e-2)
    with torch.no_grad():
        expected = _expected(_reference(base, torch.from_numpy(adapter.new_rows), merged), PACK)
        torch.testing.assert_close(network.logits(network(PackTensors.of(PACK))), expected, rtol=0, atol=0.05)


@pytest.mark.parametrize("bits", [4, 8])
def test_rounded_is_what_is_stored(bits: int) -> None:
    """The codes and scales of the builder's quantizer give the same numbers; a block of zeros stays zero."""
    weight = torch.randn(48, 64, generator=torch.Generator().manual_seed(bits))
    weight[3, :32] = 0
    codes, scales = quantize_rows(weight.numpy(), bits, 32)
    numbers = np.stack([codes & 15, codes >> 4], -1).reshape(48, 2, 32) if bits == 4 else codes
    stored = (numbers.astype(np.float32) - 2 ** (bits - 1)) * scales[..., None]
    torch.testing.assert_close(rounded(weight, bits, 32), torch.from_numpy(stored.reshape(48, 64)))


def test_network_rounded_as_stored(base: Path) -> None:
    """Base and adapter together are what the hub stores, and the adapter still gets its gradient; again after a step."""
    network = _network(base)
    bits = {f"layers.{i}.{name}": 8 if name == "v" else 4 for i in range(LAYERS) for name in LINEARS}
    for _ in range(2):
        network.round_as_stored(bits, 8)
        changes = {}
        for name, change in _changes(network).items():
            layer, projection = name.removeprefix("layers.").split(".")
            exact = _weights(base)[f"model.layers.{layer}.{HF_NAMES[projection]}.weight"]
            changes[name] = rounded(exact + change, bits[name], 8) - exact
        with torch.no_grad():
            expected = _expected(_reference(base, network.new_rows, changes), PACK)
            torch.testing.assert_close(network.logits(network(PackTensors.of(PACK))), expected, rtol=1e-3, atol=1e-3)
        torch.autograd.backward(network.scores(PackTensors.of(PACK))[0])
        with torch.no_grad():
            for parameter in network.parameters():
                assert parameter.grad is not None
                parameter -= 0.1 * parameter.grad


def test_going_on_from_an_adapter(base: Path, tmp_path: Path) -> None:
    """It is the network that was saved, but for rows of tokens that it did not know; one of another rank is refused."""
    network = _network(base)
    save_adapter(network.adapter(), settings(base, tmp_path), {})
    adapter = read_adapter(tmp_path / "adapter.safetensors")
    other = Network(base, RANK, ALPHA, torch.float32)
    own_rows = other.new_rows.detach().clone()
    other.start_from(replace(adapter, vocabulary={**adapter.vocabulary, "parameters": adapter.vocabulary["parameters"][:-1]}))
    known = [i - BASE_SIZE for i in shared_ids(adapter.vocabulary)]
    unknown = PARAMETER_IDS[adapter.vocabulary["parameters"][-1]] - BASE_SIZE
    known.remove(unknown)
    for name, tensor in network.adapter().items():
        rows = known if name == NEW_ROWS else slice(None)
        assert torch.equal(other.adapter()[name][rows], tensor[rows])
    assert torch.equal(other.new_rows[unknown], own_rows[unknown])
    with pytest.raises(InputError, match=f"expected an adapter of rank {RANK + 1} and alpha {ALPHA}, got {RANK} and {ALPHA}"):
        Network(base, RANK + 1, ALPHA, torch.float32).start_from(adapter)


# Training


def settings(base: Path, run: Path, minutes: float = 1.0, checkpoint_every_s: float = 300.0) -> Settings:
    """A short run in float32, its layers not compiled, nothing rounded: the base is narrower than a block."""
    packs = run / "packs"
    packs.mkdir(exist_ok=True)
    return Settings(
        packs, base, run, TOKENIZER, minutes,
        rate=0.02, warmup=4, rank=RANK, alpha=ALPHA, rounded=False, float32=True, compiled=False,
        checkpoint_every_s=checkpoint_every_s,
    )  # fmt: skip


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which every look takes a second, so that runs are as long everywhere."""
    seconds = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))


def losses(run: Path) -> list[dict[str, float]]:
    """The log of a run."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("ticking")
def test_run_learns_and_resumes(base: Path, tmp_path: Path) -> None:
    """It learns a pack by heart; a second call goes on where the first stopped, with what it had learnt, to the longer end."""
    first = settings(base, tmp_path, minutes=1.0)
    write_packs(first.packs / "a.jsonl.gz", iter([PACK]))
    train(first)
    begun = losses(tmp_path)
    assert 10 < len(begun) < 30
    assert begun[-1]["loss"] < begun[0]["loss"]
    path = train(settings(base, tmp_path, minutes=3.0))
    steps = losses(tmp_path)
    assert [record["step"] for record in steps] == list(range(len(steps)))
    assert len(steps) > 2 * len(begun)
    assert steps[len(begun)]["loss"] < begun[0]["loss"]
    assert steps[len(begun)]["progress"] == pytest.approx(1 / 3, abs=0.03)
    assert steps[-1]["loss"] < 0.3 * steps[0]["loss"]
    facts = json.loads(read_adapter(path).metadata["trained"])
    assert (facts["steps"], facts["sentences"]) == (len(steps), len(steps) * len(PACK.queries))
    assert (facts["started_from_sha256"], facts["commit"], facts["packs"]) == (None, None, [])


@pytest.mark.usefixtures("ticking")
def test_run_that_is_over_stays_over(base: Path, tmp_path: Path) -> None:
    """Calling again after the end learns nothing more and leaves the adapter as it is."""
    run = settings(base, tmp_path, minutes=0.5)
    write_packs(run.packs / "a.jsonl.gz", iter([PACK]))
    first = read_adapter(train(run))
    steps = len(losses(tmp_path))
    again = read_adapter(train(run))
    assert len(losses(tmp_path)) == steps
    assert all((again.tensors[name] == tensor).all() for name, tensor in first.tensors.items())


@pytest.mark.usefixtures("ticking")
def test_run_that_is_cut_off_goes_on_from_its_checkpoint(base: Path, tmp_path: Path) -> None:
    """It loses no more than the time between two checkpoints, and no file is left half written."""
    run = settings(base, tmp_path, checkpoint_every_s=15.0)
    write_packs(run.packs / "a.jsonl.gz", iter([PACK] * 10))
    (run.packs / "b.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(OSError, match="gzip"):
        train(run)
    done = len(losses(tmp_path))
    (run.packs / "b.jsonl.gz").unlink()
    assert {p.name for p in tmp_path.iterdir()} == {"packs", "log.jsonl", "checkpoint.pt", "adapter.safetensors", "curves.png"}
    train(run)
    resumed = losses(tmp_path)[done]["step"]
    assert done - 6 <= resumed < done


def test_epochs_along_a_line(base: Path, tmp_path: Path) -> None:
    """A run of epochs ends after the last pack, however long that takes, and goes on where it stopped."""
    run = replace(settings(base, tmp_path), minutes=None, epochs=2, schedule=Schedule.LINEAR)
    write_packs(run.packs / "a.jsonl.gz", iter([PACK] * 3))
    train(run)
    assert [record["progress"] for record in losses(tmp_path)] == [round(i / 6, 4) for i in range(6)]
    train(replace(run, epochs=3))
    assert [record["step"] for record in losses(tmp_path)] == list(range(9))
    assert losses(tmp_path)[6]["progress"] == pytest.approx(6 / 9, abs=1e-4)
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.usefixtures("ticking")
def test_run_of_a_whole_model(base: Path, tmp_path: Path) -> None:
    """It gives a folder that transformers reads, and learns; a start or rounding has no meaning for it."""
    from transformers import AutoModelForCausalLM

    run = replace(settings(base, tmp_path), whole=True, rate=0.003)
    (base / "config.json").write_text(json.dumps({**SIZES, "model_type": "llama"}))
    write_packs(run.packs / "a.jsonl.gz", iter([PACK]))
    folder = train(run)
    assert losses(tmp_path)[-1]["loss"] < 0.7 * losses(tmp_path)[0]["loss"]
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size == VOCABULARY_SIZE
    with pytest.raises(InputError, match="neither a start nor rounding"):
        train(replace(run, rounded=True))


def test_several_processes(base: Path, tmp_path: Path) -> None:
    """Two processes take every other pack each and learn as one: half as many steps, one log, one adapter."""
    both = Pack(PACK.prefix, PACK.queries[:1]), Pack(PACK.prefix, PACK.queries[1:2])
    (tmp_path / "packs").mkdir()
    write_packs(tmp_path / "packs" / "a.jsonl.gz", iter(both * 4))
    command = [
        *(sys.executable, "-m", "octopus_hub.daemon", "train", "--packs", str(tmp_path / "packs"), "--run", str(tmp_path / "run")),
        *("--base", str(base), "--preset", "paper", "--epochs", "1", "--rank", str(RANK), "--rate", "0.01", "--float32"),
        *("--no-compile", "--threads", "1"),
    ]
    launched = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    ranks = [launched | {"RANK": rank, "LOCAL_RANK": rank} for rank in "01"]  # what `accelerate launch` sets
    processes = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for env in ranks]
    told = [process.communicate(timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    log = losses(tmp_path / "run")
    assert [record["progress"] for record in log] == [0, 0.25, 0.5, 0.75]
    assert log[-1]["loss"] < log[0]["loss"]
    assert "layers.0.gate.lora_a" not in read_adapter(tmp_path / "run" / "adapter.safetensors").tensors


def test_run_without_packs(base: Path, tmp_path: Path) -> None:
    """Nothing to learn from is an error, not an endless wait."""
    with pytest.raises(InputError, match=r"expected packs in .*, got none"):
        train(settings(base, tmp_path))


def test_learning_rate(tmp_path: Path) -> None:
    """It rises for the first steps and falls along a cosine to a fiftieth."""
    run = Settings(tmp_path, tmp_path, tmp_path, TOKENIZER, 1.0, rate=1.0, warmup=4)
    assert [rate_at(step, 0.0, run) for step in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    assert rate_at(9, 0.5, run) == pytest.approx(0.02 + 0.98 / 2)
    assert rate_at(9, 1.0, run) == rate_at(9, 2.0, run) == pytest.approx(0.02)
    line = replace(run, schedule=Schedule.LINEAR)
    assert [rate_at(9, progress, line) for progress in (0.0, 0.25, 1.0)] == pytest.approx([1.0, 0.75, 0.0])
    falling = [rate_at(9, progress / 10, run) for progress in range(11)]
    assert falling == sorted(falling, reverse=True)
    assert math.isclose(falling[0], 1.0)
