"""`octopus data …`, `octopus train` and `octopus export`: making models; the bodies are in `octopus_hub.models`."""

from __future__ import annotations

from collections.abc import Sequence

from octopus_hub.daemon.cli import Parser
from octopus_hub.daemon.cli_accuracy import BLIND_TEST
from octopus_hub.models.data import command as data


def data_build(arguments: Sequence[str]) -> int:
    """Training packs out of the corpus."""
    parser = Parser(prog="octopus data build", description="Makes training packs out of the corpus, with a manifest beside them.")
    data.add_build_arguments(parser)
    return data.build(parser.parse_args(arguments))


def data_check(arguments: Sequence[str]) -> int:
    """What is wrong with the corpus."""
    parser = Parser(prog="octopus data check", description="Tries every pattern of the corpus in random houses.")
    data.add_check_arguments(parser)
    return data.check(parser.parse_args(arguments))


def data_verify(arguments: Sequence[str]) -> int:
    """The corpus, judged by a teacher."""
    parser = Parser(prog="octopus data verify", description="Has a teacher judge each line of the corpus. Needs the extra [train].")
    data.add_verify_arguments(parser)
    return data.verify(parser.parse_args(arguments))


def data_overlap(arguments: Sequence[str]) -> int:
    """What the corpus has in common with a test."""
    parser = Parser(prog="octopus data overlap", description="Lines of the corpus that are sentences of a test, or nearly.")
    data.add_overlap_arguments(parser, BLIND_TEST)
    return data.overlap(parser.parse_args(arguments))


def train(arguments: Sequence[str]) -> int:
    """An adapter out of packs."""
    from octopus_hub.models.training import command  # numpy and more

    parser = Parser(prog="octopus train", description="Fine-tunes the base on packs. Needs the extra [train].")
    command.add_train_arguments(parser)
    return command.train(parser.parse_args(arguments))


def mix(arguments: Sequence[str]) -> int:
    """An adapter between two."""
    from octopus_hub.models.training import command

    parser = Parser(prog="octopus mix", description="Makes an adapter between one and another that was trained from it.")
    command.add_mix_arguments(parser)
    return command.mix(parser.parse_args(arguments))


def export(arguments: Sequence[str]) -> int:
    """The hub's model, its card, a merged checkpoint, and the graph."""
    from octopus_hub.models.training import command

    description = "Quantizes an adapter on its base, merges it, and writes its card; with --graph exports the graph too."
    parser = Parser(prog="octopus export", description=description)
    command.add_export_arguments(parser)
    return command.export(parser.parse_args(arguments))
