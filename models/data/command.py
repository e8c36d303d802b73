"""The bodies of `octopus data build`, `check`, `verify` and `overlap`: options in, files and tables out."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.models.data.corpus_check import check_corpus
from octopus_hub.models.data.examples import Corpus, PackMaker
from octopus_hub.models.data.manifest import Manifest, commit_of, corpus_digest, manifest_path, split_tally
from octopus_hub.models.data.overlap import CORPUS, Likeness, overlaps, read_corpus, read_test
from octopus_hub.models.data.packs import SUFFIX, Pack, write_packs
from octopus_hub.models.data.patterns import Pattern
from octopus_hub.models.data.teacher import Teacher
from octopus_hub.models.data.verify import VERDICTS, Examples, judge, lines_of, write_verified
from octopus_hub.models.graph import WEIGHTS, sha256
from octopus_hub.models.tokens import TextEncoder, vocabulary_digest

TOKENIZER = WEIGHTS / "tokenizer.json"
HA_PACKAGE = "home-assistant-intents"
EX_OK, EX_FOUND = 0, 1


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """What `build` is told."""
    parser.add_argument("--output", metavar="FILE", type=Path, required=True, help=f"where the packs go, a {SUFFIX} file")
    parser.add_argument("--packs", metavar="N", type=int, required=True, help="how many; one is a house with about 50 sentences")
    parser.add_argument(
        "--seed", metavar="S", type=int, default=1, help="the same seed and corpus give the same packs (default: 1)"
    )
    help_text = "samples of each block of Home Assistant's intent grammars beside the corpus (default: 0; needs the extra [train])"
    parser.add_argument("--home-assistant", metavar="N", type=int, default=0, help=help_text)
    _add_corpus(parser)


def build(options: argparse.Namespace) -> int:
    """Writes packs, and a manifest beside them."""
    if not options.output.name.endswith(SUFFIX) or options.packs < 1:
        raise InputError(f"expected a file that ends in {SUFFIX} and at least one pack, got {options.output.name}, {options.packs}")
    corpus = Corpus.read(options.corpus, _sampled(options.home_assistant, options.seed))
    maker = PackMaker(corpus, TextEncoder(TOKENIZER), options.seed)
    try:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        with _progress() as progress:
            task = progress.add_task("packs", total=options.packs)
            count = write_packs(options.output, _told(islice(maker.packs(), options.packs), progress, task))
        made = _manifest(maker, count, options)
        manifest_path(options.output).write_text(made.to_json(), encoding="utf-8")
    except OSError as error:
        raise UnavailableService(f"{options.output} can't be written: {error.strerror}") from error
    print(f"{options.output}: {made.packs} packs, {made.sentences} sentences; {_counts(made.classes)}")
    print(f"rejected: {_counts(made.rejected)}")
    return EX_OK


def _sampled(count: int, seed: int) -> list[Pattern]:
    if count == 0:
        return []
    from octopus_hub.models.data.ha_intents import ha_patterns  # needs packages of the extra [train]

    return ha_patterns(random.Random(seed), count)


def _manifest(maker: PackMaker, packs: int, options: argparse.Namespace) -> Manifest:
    classes, rejected, functions = split_tally(maker.tally)
    return Manifest(
        packs=packs,
        sentences=sum(classes.values()),
        seed=maker.seed,
        corpus_digest=corpus_digest(options.corpus),
        home_assistant=f"{options.home_assistant} of {version(HA_PACKAGE)}" if options.home_assistant else None,
        vocabulary_digest=vocabulary_digest(),
        tokenizer_digest=sha256(TOKENIZER),
        commit=commit_of(Path(__file__).parent),
        classes=classes,
        rejected=rejected,
        functions=functions,
    )


def _told(packs: Iterator[Pack], progress: Progress, task: TaskID) -> Iterator[Pack]:
    for pack in packs:
        yield pack
        progress.advance(task)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` is told."""
    parser.add_argument(
        "--houses", metavar="N", type=int, default=40, help="random houses that a pattern is tried in (default: 40)"
    )
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="of the houses (default: 1)")
    parser.add_argument("--functions", action="store_true", help="print how many patterns each function has, the fewest first")
    _add_corpus(parser)


def check(options: argparse.Namespace) -> int:
    """Prints what is wrong; 1 if a mask refuses a pattern's plan, or a function has no pattern. Lines that can't be read raise
    InputError, all at once."""
    corpus = Corpus.read(options.corpus)
    with _progress() as progress:
        task = progress.add_task("houses", total=options.houses)
        found = check_corpus(corpus, TextEncoder(TOKENIZER), options.seed, options.houses, lambda: progress.advance(task))
    for pattern, filled in found.refused:
        print(f"refused by the mask: {pattern.origin}: {pattern.text}\n    {filled.text} ::: {filled.plan}")
    for pattern in found.homeless:
        print(f"fits none of {options.houses} houses: {pattern.origin}: {pattern.text}")
    if found.untaught:
        print(f"functions without a pattern: {', '.join(found.untaught)}")
    if options.functions:
        table = Table("function", "patterns")
        for name, count in sorted(found.functions.items(), key=lambda item: item[1]):
            table.add_row(name, str(count))
        Console().print(table)
    counts = f"{len(found.refused)} refused, {len(found.homeless)} without a house"
    print(f"{len(corpus.patterns)} patterns, {len(corpus.negatives)} sentences that mean nothing: {counts}")
    return EX_FOUND if found.refused or found.untaught else EX_OK


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """What `verify` is told."""
    add = parser.add_argument
    add("--teacher", metavar="URL", required=True, help="an OpenAI-compatible endpoint: http://127.0.0.1:8080/v1")
    add("--model", metavar="NAME", required=True, help="the teacher's model, as the endpoint calls it")
    add("--key-file", metavar="FILE", type=Path, help="a file with the endpoint's key (default: none is sent)")
    add(
        "--output", metavar="DIR", type=Path, required=True, help="gets verdicts.jsonl and the verified corpus; goes on where it is"
    )
    add("--tries", metavar="N", type=int, default=2, help="times that a line is written anew before it is left out (default: 2)")
    add("--at-once", metavar="N", type=_positive, default=4, help="questions at the same time (default: 4)")
    add("--lines", metavar="N", type=int, help="judge only so many, chosen at random")
    add("--houses", metavar="N", type=int, default=40, help="random houses that examples are made in (default: 40)")
    add("--seed", metavar="S", type=int, default=1, help="of the houses and the choice (default: 1)")
    _add_corpus(parser)


def verify(options: argparse.Namespace) -> int:
    """Has the corpus judged by a teacher, and writes what is left of it."""
    try:
        key = options.key_file.read_text(encoding="utf-8").strip() if options.key_file else ""
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"expected a file or folder that can be used, got {error.filename}: {error.strerror}") from error
    lines = list(lines_of(options.corpus))
    if options.lines is not None:
        lines = random.Random(options.seed).sample(lines, min(options.lines, len(lines)))
    examples = Examples(Corpus.read(options.corpus), TextEncoder(TOKENIZER), options.seed, options.houses)
    verdicts = options.output / VERDICTS

    async def ask() -> None:
        with _progress() as progress:
            advance = partial(progress.advance, progress.add_task("lines", total=len(lines)))
            async with Teacher(options.teacher, options.model, key) as teacher:
                await judge(lines, examples, teacher, verdicts, tries=options.tries, at_once=options.at_once, advance=advance)

    asyncio.run(ask())
    tally = write_verified(options.corpus, verdicts, options.output)
    print(f"{options.output}: {_counts(tally)}")
    return EX_OK


def add_overlap_arguments(parser: argparse.ArgumentParser, test: Path) -> None:
    """What `overlap` is told; `test` is the default test."""
    parser.add_argument("--input", metavar="DIR", type=Path, default=test, help="the test's sentences (default: the blind test)")
    choices = tuple(Likeness)
    help_text = f"the least likeness that is told: {', '.join(choices)} (default: near)"
    parser.add_argument("--least", type=Likeness, choices=choices, default=Likeness.NEAR, metavar="L", help=help_text)
    _add_corpus(parser)


def overlap(options: argparse.Namespace) -> int:
    """Prints every line of the corpus that the test has too, as `file:line: likeness: line | sentence`; 1 if there is one."""
    order = tuple(Likeness)
    told = order[: order.index(options.least) + 1]
    found = overlaps(read_corpus(options.corpus), read_test(options.input), options.least)
    matches = [match for match in found if match.likeness in told]
    for match in sorted(matches, key=lambda each: (order.index(each.likeness), each.corpus.place)):
        print(f"{match.corpus.place}: {match.likeness}: {match.corpus.text} | {match.test.place}: {match.test.text}")
    lines = len({match.corpus.place for match in matches})
    print(f"{lines} lines of the corpus are like {len({match.test.place for match in matches})} sentences of the test")
    return EX_FOUND if matches else EX_OK


def _add_corpus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", metavar="DIR", type=Path, default=CORPUS, help="patterns, negatives, names (default: the project's)"
    )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
