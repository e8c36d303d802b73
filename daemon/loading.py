"""The interpreter that the settings name, loaded. Imports the runtime, so it is itself imported late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from octopus_hub.config.hub import Engine as EngineName
from octopus_hub.config.hub import HubSettings, ModelSettings
from octopus_hub.daemon.brain import Interpreter
from octopus_hub.daemon.places import model_directory
from octopus_hub.models.engine import Engine
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.interpreter import Interpreter as ModelInterpreter
from octopus_hub.models.tokens import TextEncoder

PREFIXES = "prefixes"
"""Where the states of houses are kept, in the state directory."""


def load_interpreter(settings: HubSettings, state: Path) -> Interpreter:
    """An interpreter without a house. Raises HubError where there is no model, or it does not fit."""
    engine = ENGINES[settings.model.engine](model_directory(settings.model, state), settings.model)
    return ModelInterpreter(engine, TextEncoder(WEIGHTS / "tokenizer.json"), state / PREFIXES)


def _engine(location: str) -> Callable[[Path, ModelSettings], Engine]:
    """The engine class at `module:class`; it is imported when it is called, with its runtime."""

    def make(directory: Path, settings: ModelSettings) -> Engine:
        module, _, name = location.partition(":")
        engine: Engine = getattr(import_module(module), name)(directory, settings.threads)
        return engine

    return make


ENGINES: Mapping[EngineName, Callable[[Path, ModelSettings], Engine]] = {
    EngineName.ONNX: _engine("octopus_hub.models.onnx_engine:OnnxEngine"),
    EngineName.TRANSFORMERS: _engine("octopus_hub.models.transformers_engine:TransformersEngine"),
}
"""The engines by their name in hub.yaml."""
