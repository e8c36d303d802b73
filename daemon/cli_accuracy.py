"""`octopus bench accuracy`: arguments in, tables or files out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.config.hub import Engine, PolicySettings
from octopus_hub.daemon.accuracy import Examiner, States, dump_row, make_interpreter
from octopus_hub.daemon.accuracy_cases import Case, Expected, Said, read_cases
from octopus_hub.daemon.accuracy_report import SWEEP, Judged, Report, Share, functions_of, report, sweep, to_json
from octopus_hub.daemon.bench_latency import machine
from octopus_hub.daemon.cli import EX_OK, Found, Parser, add_config_option, count, find
from octopus_hub.daemon.scoring import NOTHING_DONE, Verdict
from octopus_hub.models.data.overlap import CORPUS, read_corpus, seen, words_of

CHECKOUT = Path(__file__).resolve().parent.parent
BLIND_TEST = CHECKOUT / "tests" / "data" / "blind"
"""In a checkout; an installed hub has none and needs `--input`."""
WIDTH = 150


def main(arguments: Sequence[str]) -> int:
    """Prints the report; errors, JSON, dump and sweep where they were asked for."""
    options = _parser().parse_args(arguments)
    found = find(options.config)  # before the sentences: they may name its own functions
    cases = read_cases(options.input)
    if options.unseen:
        known = seen(read_corpus(CORPUS))
        cases = [case for case in cases if words_of(case.text) not in known]
    if options.no_examples:
        cases = [replace(case, examples=()) for case in cases]
    policy = _policy(options, found)
    judged, model = _examine(cases, options, found)
    made = report(judged, policy)
    console = Console(width=WIDTH, highlight=False)
    _print_report(console, made, policy)
    _print_errors(console, made, options.errors)
    if options.sweep:
        _print_sweep(console, judged)
    if options.dump is not None:
        _write(options.dump, "".join(f"{dump_row(each)}\n" for each in judged))
    if options.json is not None:
        whole = {"schema": 1, "model": model, **_whole(made, policy, options)}
        _write(options.json, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    return EX_OK


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="octopus bench accuracy",
        description="How many commands are understood, and how many sentences that mean nothing are acted upon. Where nothing else"
        " is said, engine, model, threads and thresholds are those of the configuration.",
    )
    add = parser.add_argument
    add(
        "--input",
        metavar="PATH",
        type=Path,
        default=BLIND_TEST,
        help="houses and sentences, or one file of them (default: the blind test)",
    )
    add("--unseen", action="store_true", help="leave out sentences that the training corpus has word for word")
    add("--no-examples", action="store_true", help="leave out the corrections that houses were taught")
    add("--engine", type=Engine, choices=tuple(Engine), metavar="E", help=", ".join(Engine))
    add("--model", metavar="DIR", type=Path, help="a built model")
    add("--threads", type=count, metavar="N", help="threads of the engine")
    add("--quantization", choices=("nf4", "none"), metavar="Q", help="of the engine transformers: nf4, or none for float32")
    add("--no-mask", action="store_true", help="decode without the mask; what it would have refused counts as failed")
    states = "of devices of which a record tells no state: quiet (made up; the default) or none"
    add("--states", type=States, choices=tuple(States), default=States.QUIET, metavar="S", help=states)
    add("--fill-to", type=int, metavar="N", default=0, help="show the model each house filled up with other rooms to N devices")
    add("--min-confidence", type=float, metavar="P", help="act only from this confidence on")
    add("--min-mass", type=float, metavar="P", help="act only from this probability mass on")
    add("--sweep", action="store_true", help="right commands and false actions over both thresholds")
    add("--errors", type=int, metavar="N", default=0, help="print the first N sentences that went wrong")
    add("--dump", metavar="FILE", type=Path, help="plan, confidence and mass of every sentence, a JSON object a line")
    add("--json", metavar="FILE", type=Path, help="the report as JSON")
    add_config_option(parser)
    return parser


def _policy(options: argparse.Namespace, found: Found) -> PolicySettings:
    policy = found.config.hub.policy
    given = {"min_confidence": options.min_confidence, "min_mass": options.min_mass}
    for name, value in given.items():
        if value is not None and not 0 <= value <= 1:
            raise InputError(f"--{name.replace('_', '-')}: expected a number from 0 to 1, got {value:g}")
    return replace(policy, **{name: value for name, value in given.items() if value is not None})


def _examine(cases: Sequence[Case], options: argparse.Namespace, found: Found) -> tuple[list[Judged], str]:
    """What became of each case, and the digest of the model."""
    model = found.config.hub.model
    model = replace(
        model,
        directory=options.model or model.directory,
        engine=options.engine or model.engine,
        threads=options.threads or model.threads,
        quantization=options.quantization or model.quantization,
    )
    interpreter = make_interpreter(model, found.state, masked=not options.no_mask)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("sentences", total=len(cases))
        examiner = Examiner(interpreter, options.states, lambda: progress.advance(task), options.fill_to)
        return examiner.examine(cases), interpreter.model_digest


def _whole(made: Report, policy: PolicySettings, options: argparse.Namespace) -> dict[str, object]:
    asked = {
        "input": _within(options.input),
        "masked": not options.no_mask,
        "states": str(options.states),
        "fill_to": options.fill_to,
        "unseen": options.unseen,
        "min_confidence": policy.min_confidence,
        "min_mass": policy.min_mass,
    }
    return {"asked": asked, "machine": machine(), **to_json(made)}


def _within(path: Path) -> str:
    """The path from the checkout on, where it lies in it."""
    whole = path.resolve()
    return (whole.relative_to(CHECKOUT) if whole.is_relative_to(CHECKOUT) else path).as_posix()


# Tables


def _print_report(console: Console, made: Report, policy: PolicySettings) -> None:
    p50_ms, p95_ms = made.times_ms()
    thresholds = f"confidence {policy.min_confidence:g}, mass {policy.min_mass:g}"
    console.print(f"thresholds: {thresholds}; in parentheses: counts, and the 95 % interval (Wilson)")
    console.print(f"right commands: {made.right}")
    console.print(f"right functions and devices, whatever the values: {made.right_targets}")
    console.print(f"reversed commands: {made.reversed}")
    console.print(f"false actions: {made.false_actions}")
    console.print(f"right reasons of refusals: {made.reasons}")
    console.print(f"text to calls: p50 {p50_ms:.1f} ms, p95 {p95_ms:.1f} ms")
    console.print(_shares("commands became", {str(verdict): share for verdict, share in made.verdicts.items() if share.count}))
    console.print(_shares("kind", made.right_by(lambda case: (case.kind,))))
    console.print(_shares("house", made.right_by(lambda case: (case.house_name,))))
    console.print(_shares("function", made.right_by(functions_of)))
    console.print(_others(made))


def _shares(head: str, shares: Mapping[str, Share]) -> Table:
    table = _table((head, "share", "count", "of"))
    for name, share in shares.items():
        table.add_row(name, f"{100 * share.value:.1f} %", str(share.count), str(share.of))
    return table


def _others(made: Report) -> Table:
    table = _table(("nothing meant", "acted", "put off", "answered", "nothing done", "of"))
    for kind, counts in made.others_by_kind().items():
        done = [str(counts[verdict]) for verdict in (Verdict.ACTED, Verdict.PUT_OFF, Verdict.ANSWERED)]
        table.add_row(kind, *done, str(sum(counts[verdict] for verdict in NOTHING_DONE)), str(counts.total()))
    return table


def _print_sweep(console: Console, judged: Sequence[Judged]) -> None:
    """Rows: least confidence; columns: least mass; cells: right commands in % / false actions in %."""
    found = sweep(judged)
    table = _table(("confidence \\ mass", *(f"{mass:g}" for mass in SWEEP)))
    for confidence in SWEEP:
        cells = (found[confidence, mass] for mass in SWEEP)
        table.add_row(f"{confidence:g}", *(f"{100 * right.value:.1f} / {100 * acted.value:.1f}" for right, acted in cells))
    console.print("right commands / false actions, in %, by least confidence and least mass:")
    console.print(table)


def _table(head: Sequence[str]) -> Table:
    """In Markdown, to be pasted into docs/accuracy.md."""
    return Table(*head, box=MARKDOWN)


def _print_errors(console: Console, made: Report, most: int) -> None:
    wrong = [each for each in (*made.others, *made.commands) if each.verdict not in (Verdict.RIGHT, *NOTHING_DONE)]
    wrong += [each for each in made.commands if each.verdict in NOTHING_DONE]
    for each in wrong[:most]:
        sure = "" if each.plan is None else f" (confidence {each.plan.confidence:.2f}, mass {each.plan.mass:.2f})"
        console.print(f"{each.case.id}: {each.verdict}{f', {each.code}' if each.code else ''}{sure}", markup=False)
        console.print(f"    said      {each.case.text}", markup=False)
        console.print(f"    expected  {'; '.join(map(_shown, each.case.expected)) or each.case.reason or 'nothing'}", markup=False)
        console.print(f"    plan      {each.plan or '-'}", markup=False)


def _shown(call: Expected) -> str:
    arguments = ", ".join(f"{name}={_shown_value(value)}" for name, value in call.arguments.items())
    inside = "; ".join(part for part in (", ".join(sorted(call.device_ids)), arguments) if part)
    return f"{call.function}({inside})" + (" later" if call.is_later else "")


def _shown_value(value: Said) -> str:
    if isinstance(value, Expected):
        return _shown(value)
    return value if isinstance(value, str) else f"{value:g}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnavailableService(f"{path} can't be written: {error.strerror}") from error
