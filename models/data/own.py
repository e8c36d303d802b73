"""Packs that teach a model an installer's own functions, among sentences of everything else, so that it keeps what it knows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from octopus_hub.config.errors import ConfigError, InputError, Problem
from octopus_hub.config.function_table import adopt, own_functions
from octopus_hub.config.functions import MOST_OWN
from octopus_hub.config.loader import read_functions
from octopus_hub.config.schema_functions import functions_of
from octopus_hub.config.yaml_nodes import file_problem
from octopus_hub.models.data.examples import Corpus, PackMaker
from octopus_hub.models.data.manifest import FUNCTION
from octopus_hub.models.data.overlap import CORPUS
from octopus_hub.models.data.packs import SUFFIX, write_packs
from octopus_hub.models.data.patterns import Pattern, parse
from octopus_hub.models.tokens import TextEncoder, assign_own

SHARE = 1 / 3
"""Of the patterns, those with an own function. They fit into houses where others find no device, so of the sentences it is more."""
PACKS = 40
"""Some 2,000 sentences: each of two hundred examples is seen three times or so, in other houses."""
FEWEST = 10
"""Examples of a function below which there is no point in training."""


def own_patterns(path: Path, known: Sequence[str] = ()) -> list[Pattern]:
    """The examples of a functions.yaml; its functions are known to this process from now on, with tokens behind those of the
    model's own functions `known`. In training any device of the kinds has them: a house's own names are never learnt by heart.

    Raises ConfigError with every problem of the file and its examples.
    """
    problems: list[Problem] = []
    document, file = read_functions(path, None, problems)
    if document is None or file is None or problems:
        raise ConfigError(problems or [file_problem(path, "expected functions, got none")])
    functions = [replace(function, devices=()) for function in functions_of(file)]
    names = [*known, *(function.name for function in functions if function.name not in known)]
    if not functions or len(names) > MOST_OWN:
        expected = f"expected functions to learn, {MOST_OWN} at most with those that the model has, got"
        raise ConfigError([file_problem(path, f"{expected} {len(functions)}, and {len(names) - len(functions)} before")])
    adopt(functions)
    assign_own(names)
    found = []
    for position, node in enumerate(file.functions):
        where = ("functions", position, "examples")
        if len(node.examples) < FEWEST:
            message = f"expected at least {FEWEST} examples to learn from, better 100, got {len(node.examples)}"
            problems.append(document.problem(where, message))
        for index, line in enumerate(node.examples):
            try:
                pattern = parse(line, node.name)
            except InputError as error:
                problems.append(document.problem((*where, index), str(error)))
                continue
            if node.name not in pattern.functions:
                problems.append(document.problem((*where, index), f"expected a plan with {node.name}, got {line!r}"))
            found.append(pattern)
    if problems:
        raise ConfigError(problems)
    return found


def write_own_packs(functions: Path, folder: Path, patterns: Sequence[Pattern], tokenizer: Path, seed: int) -> None:
    """Packs of these patterns and the corpus into `folder`, if they are not there. Raises InputError where those of another file
    are, and where a function has no example that fits a house."""
    digest = hashlib.sha256(functions.read_bytes()).hexdigest()[:16]
    path = folder / f"{digest}{SUFFIX}"
    if path.exists():
        return
    if others := sorted(folder.glob(f"*{SUFFIX}")):
        raise InputError(f"expected a run of its own for {functions}, got one with packs of other functions: {others[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    corpus = Corpus.read(CORPUS)
    copies = max(1, round(SHARE / (1 - SHARE) * len(corpus.patterns) / len(patterns)))
    own = list(patterns) * copies
    corpus = replace(
        corpus,
        patterns=[*corpus.patterns, *(pattern for pattern in own if not pattern.follows)],
        follow_ups=[*corpus.follow_ups, *(pattern for pattern in own if pattern.follows)],
    )
    maker = PackMaker(corpus, TextEncoder(tokenizer), seed)
    write_packs(path, islice(maker.packs(), PACKS))
    if untaught := [function.name for function in own_functions() if not maker.tally[f"{FUNCTION}{function.name}"]]:
        path.unlink()
        raise InputError(f"expected examples that fit some house, got none of {', '.join(untaught)}")
