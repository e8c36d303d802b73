"""The interpreter that the settings name, loaded. Imports the runtime, so it is itself imported late."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from octopus_hub.config.errors import VocabularyMismatch
from octopus_hub.config.function_table import FUNCTIONS, own_functions
from octopus_hub.config.functions import Function
from octopus_hub.config.hub import Engine as EngineName
from octopus_hub.config.hub import HubSettings, ModelSettings
from octopus_hub.daemon.brain import LiveInterpreter
from octopus_hub.daemon.places import model_directory
from octopus_hub.models.engine import Engine
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.interpreter import Interpreter as ModelInterpreter
from octopus_hub.models.tokens import VOCABULARY_SIZE, TextEncoder, assign_own, shared_functions, vocabulary_digest

logger = logging.getLogger(__name__)

Loaded = tuple[Engine, Sequence[Function]]
"""An engine, and the functions that its model knows."""
PREFIXES = "prefixes"
"""Where the states of houses are kept, in the state directory."""


def load_interpreter(settings: HubSettings, state: Path) -> LiveInterpreter:
    """An interpreter without a house. Raises HubError where there is no model, or it does not fit."""
    engine, functions = ENGINES[settings.model.engine](model_directory(settings.model, state), settings.model)
    return ModelInterpreter(engine, TextEncoder(WEIGHTS / "tokenizer.json"), state / PREFIXES, functions)


def _onnx(directory: Path, settings: ModelSettings) -> Loaded:
    from octopus_hub.models.onnx_engine import OnnxEngine

    engine = OnnxEngine(directory, settings.threads)
    assign_own(engine.vocabulary.get("own", ()))
    if engine.vocabulary_digest == vocabulary_digest() and not own_functions():
        return engine, FUNCTIONS
    try:
        functions = shared_functions(engine.vocabulary)
    except VocabularyMismatch as error:
        raise VocabularyMismatch(
            f"expected a model of this version's functions in {directory}, got one of others; octopus model build makes it"
        ) from error
    if engine.vocabulary_digest != vocabulary_digest():
        missing = _but(FUNCTIONS, functions) or "none"
        logger.warning("model of another version directory=%s functions not understood: %s", directory, missing)
    if missing := _but(own_functions(), functions):
        logger.warning("functions not understood yet: %s; octopus train --functions teaches them to a model", missing)
    return engine, functions


def _but(functions: Iterable[Function], known: Iterable[Function]) -> str:
    names = {function.name for function in known}
    return ", ".join(function.name for function in functions if function.name not in names)


def _transformers(directory: Path, settings: ModelSettings) -> Loaded:
    from octopus_hub.models.transformers_engine import TransformersEngine

    engine = TransformersEngine(directory, None if settings.quantization == "none" else settings.quantization)
    if engine.vocabulary_size < VOCABULARY_SIZE:
        raise VocabularyMismatch(f"expected a model of {VOCABULARY_SIZE} tokens in {directory}, got {engine.vocabulary_size}")
    return engine, FUNCTIONS


ENGINES: Mapping[EngineName, Callable[[Path, ModelSettings], Loaded]] = {
    EngineName.ONNX: _onnx,
    EngineName.TRANSFORMERS: _transformers,
}
"""The engines by their name in hub.yaml; each imports its runtime when it is called."""
