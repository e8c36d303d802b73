"""The model that the settings name, for both engines: one that is missing, and one of other functions, is one line and exit 78."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.extras import needs_torch
from support.tiny_model import SHAPE, build_tiny_model

from octopus_hub.config.errors import HubError, VocabularyMismatch
from octopus_hub.config.hub import Engine, HubSettings, ModelSettings
from octopus_hub.daemon.__main__ import main
from octopus_hub.daemon.loading import ENGINES, load_interpreter
from octopus_hub.models import tokens
from octopus_hub.models.base import BaseWeights
from octopus_hub.models.interpreter import Interpreter as ModelInterpreter
from octopus_hub.models.lora import read_adapter

BOTH = [
    Engine.ONNX,
    pytest.param(Engine.TRANSFORMERS, marks=[pytest.mark.torch, pytest.mark.timeout(60), needs_torch]),
]


def settings(engine: Engine, directory: Path | None = None) -> HubSettings:
    """A hub with a model."""
    return HubSettings(model=ModelSettings(directory=directory, engine=engine, threads=1, quantization="none"))


def of_other_functions(engine: Engine, folder: Path) -> Path:
    """A model for this engine that was not made with our vocabulary."""
    directory = build_tiny_model(folder)
    if engine is Engine.ONNX:
        return directory
    from octopus_hub.models.training.export import write_hf_directory

    write_hf_directory(BaseWeights(folder / "tiny.gguf"), read_adapter(folder / "adapter.safetensors"), folder / "hf")
    return folder / "hf"


def test_every_engine_is_here() -> None:
    """An engine without these tests is none."""
    assert set(ENGINES) == set(Engine)


@pytest.mark.parametrize("engine", BOTH)
def test_no_model(engine: Engine, tmp_path: Path) -> None:
    """Where nothing was built the message says where it was looked for."""
    with pytest.raises(HubError, match=rf"{tmp_path / 'model'}") as raised:
        load_interpreter(settings(engine), tmp_path)
    assert raised.value.exit_code == 78
    assert "\n" not in str(raised.value)


MISMATCH = {
    Engine.ONNX: "expected a model of this version's functions in {}, got one of others; octopus model build makes it",
    Engine.TRANSFORMERS: f"expected a model of {tokens.VOCABULARY_SIZE} tokens in {{}}, got {SHAPE.vocabulary}",
}


@pytest.mark.parametrize("engine", BOTH)
def test_a_model_of_other_functions(engine: Engine, tmp_path: Path) -> None:
    """A model that would mean something else by its tokens is not used."""
    directory = of_other_functions(engine, tmp_path)
    with pytest.raises(VocabularyMismatch) as raised:
        load_interpreter(settings(engine, directory), tmp_path)
    assert raised.value.exit_code == 78
    assert str(raised.value) == MISMATCH[engine].format(directory)


def test_a_model_of_our_functions_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What tells is the digest of the vocabulary, not the sizes."""
    monkeypatch.setattr("octopus_hub.daemon.loading.vocabulary_digest", lambda: "tiny")
    load_interpreter(settings(Engine.ONNX, build_tiny_model(tmp_path)), tmp_path)


def test_a_model_of_an_older_version_is_used_for_what_it_knows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its functions are a beginning of ours; the others are told once, and cannot come out."""
    names = tokens.vocabulary_names()
    directory = build_tiny_model(tmp_path)
    info = json.loads((directory / "model.json").read_text())
    info["vocabulary"] = {**names, "functions": names["functions"][:3]}
    (directory / "model.json").write_text(json.dumps(info))
    interpreter = load_interpreter(settings(Engine.ONNX, directory), tmp_path)
    assert "functions not understood: set_brightness, " in caplog.text
    assert isinstance(interpreter, ModelInterpreter)
    assert [function.name for function in interpreter.functions] == ["turn_on", "turn_off", "toggle"]


@pytest.mark.parametrize("given", [["say", "hello"], ["interpret", "--input", "in", "--output", "out"]])
def test_a_command_without_a_model(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to make one, and leaves nothing behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").touch()
    (tmp_path / "house.yaml").write_text("version: 1\n")
    (tmp_path / "hub.yaml").write_text("version: 1\nstate_directory: state\n")
    assert main([*given, "--config", str(tmp_path)]) == 78
    assert capsys.readouterr().err == (
        f"octopus: expected a built model in {tmp_path}/state/model, got none (octopus model build makes one)\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["house.yaml", "hub.yaml", "in"]
