"""The accuracy test: cases as read, thresholds, shares, and the blind test itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.gold_plans import gold_plan
from support.interpreters import TableInterpreter, call

from octopus_hub.config.errors import DeadlineExceeded, InputError
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.hub import PolicySettings
from octopus_hub.config.plan import Plan
from octopus_hub.daemon.accuracy import Examiner, States, dump_row
from octopus_hub.daemon.accuracy_cases import Case, read_cases
from octopus_hub.daemon.accuracy_report import Judged, Share, functions_of, report, sweep, to_json
from octopus_hub.daemon.cli_accuracy import BLIND_TEST
from octopus_hub.daemon.scoring import Verdict
from octopus_hub.models.bench_houses import filled_up

HOUSES = {
    "Flat": {"devices": [{"name": "Lamp", "kind": "light"}, {"name": "Door", "kind": "lock"}, {"name": "Gate", "kind": "lock"}]}
}
ON = {"function": "turn_on", "devices": ["lamp"]}
RECORDS: list[dict[str, Any]] = [
    {"id": "flat-one-01", "text": "on", "expect": [ON]},
    {"id": "flat-one-02", "text": "off", "expect": [ON]},
    {"id": "flat-one-03", "text": "which", "expect": [{"function": "lock", "devices": ["door"]}]},
    {"id": "flat-one-04", "text": "slow", "expect": [ON]},
    {"id": "flat-two-01", "text": "perhaps", "expect": [ON]},
    {"id": "neg-1", "text": "hello", "expect": [], "reason": "chat", "class": "chat"},
    {"id": "neg-2", "text": "on", "expect": [], "reason": "chat", "class": "chat"},
    {"id": "neg-3", "text": "perhaps", "expect": [], "reason": "unsure", "class": "other"},
    {"id": "neg-4", "text": "absent", "expect": [], "reason": "chat", "class": "other"},
]
PLANS = {
    "on": Plan((call("turn_on", "Lamp"),), confidence=0.9, mass=0.9),
    "off": Plan((call("turn_off", "Lamp"),)),
    "which": Plan((call("lock", "Door"), call("lock", "Cellar"))),
    "perhaps": Plan((call("turn_on", "Lamp"),), confidence=0.2),
    "hello": Plan((), Reason.CHAT),
    "absent": Plan((), Reason.ABSENT),
}


class Interpreter(TableInterpreter):
    """The table, and a sentence that takes too long."""

    def __init__(self) -> None:
        super().__init__(PLANS)

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """The plan of the table."""
        if text == "slow":
            raise DeadlineExceeded("too slow")
        return super().interpret(text, deadline_s)


def write(folder: Path, *records: dict[str, Any]) -> Path:
    """A test of these records."""
    (folder / "houses.json").write_text(json.dumps(HOUSES))
    lines = (json.dumps({"house": "Flat", **record}) for record in records)
    (folder / "sentences.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture
def judged(tmp_path: Path) -> list[Judged]:
    """What becomes of RECORDS, without thresholds."""
    return Examiner(Interpreter(), States.QUIET).examine(read_cases(write(tmp_path, *RECORDS)))


def test_verdicts_without_thresholds(judged: list[Judged]) -> None:
    """Every sentence gets one verdict, in the order of the file."""
    assert [each.verdict for each in judged] == [
        Verdict.RIGHT,
        Verdict.WRONG_FUNCTION,
        Verdict.UNRESOLVED,
        Verdict.FAILED,
        Verdict.RIGHT,
        Verdict.REFUSED,
        Verdict.ACTED,
        Verdict.ACTED,
        Verdict.REFUSED,
    ]


def test_report_applies_thresholds(judged: list[Judged]) -> None:
    """With the owner's thresholds the doubtful plan acts nowhere: neither where it was right nor where it was wrong."""
    none, strict = PolicySettings(min_confidence=0, min_mass=0), PolicySettings(min_confidence=0.5, min_mass=0.5)
    assert (report(judged, none).right.count, report(judged, none).false_actions.count) == (2, 2)
    made = report(judged, strict)
    assert (made.right, made.reversed, made.false_actions) == (Share(1, 5), Share(1, 5), Share(1, 4))
    assert (report(judged, none).right_targets, made.right_targets) == (Share(2, 5), Share(1, 5))
    assert report([replace(judged[0], verdict=Verdict.WRONG_VALUE)], none).right_targets == Share(1, 1)
    assert made.reasons == Share(2, 3), "chat and unsure are right, absent should be chat"
    assert made.verdicts[Verdict.DOUBTED] == Share(1, 5)
    assert sweep(judged)[0.3, 0.0] == (Share(1, 5), Share(1, 4))


def test_report_groups(judged: list[Judged]) -> None:
    """By kind of sentence, house and function, the worst first."""
    made = report(judged, PolicySettings())
    assert made.right_by(lambda case: (case.kind,)) == {"two": Share(0, 1), "one": Share(1, 4)}
    assert made.right_by(functions_of) == {"lock": Share(0, 1), "turn_on": Share(1, 4)}
    assert {kind: counts.total() for kind, counts in made.others_by_kind().items()} == {"chat": 2, "other": 2}
    assert json.loads(json.dumps(to_json(made)))["by_house"]["Flat"]["of"] == 5


def test_dump_has_what_thresholds_are_made_of(judged: list[Judged]) -> None:
    """Plan, confidence and mass, or nothing where decoding failed."""
    first, failed = json.loads(dump_row(judged[0])), json.loads(dump_row(judged[3]))
    assert (first["plan"], first["confidence"], first["mass"]) == ('turn_on("Lamp")', 0.9, 0.9)
    assert (failed["plan"], failed["verdict"]) == (None, "failed")


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0)]
)
def test_wilson_interval(count: int, of: int, low: float, high: float) -> None:
    """The interval of Wilson, which never leaves 0 to 1."""
    assert Share(count, of).interval == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"house": "Castle"}, "sentences.jsonl:1.house: no house is called 'Castle'"),
        ({"expect": [{"function": "fly"}]}, "sentences.jsonl:1.expect.0.function: no function is called 'fly'"),
        ({"expect": [{**ON, "devices": ["tv"]}]}, "sentences.jsonl:1.expect.0.devices: the house has no tv"),
        (
            {"expect": [{**ON, "arguments": {"level": 3}}]},
            "sentences.jsonl:1.expect.0.arguments.level: turn_on has no such argument",
        ),
        ({"text": " "}, "sentences.jsonl:1.text: expected a sentence"),
        ({"reason": "because"}, "sentences.jsonl:1.reason: expected chat, absent, unsupported or unsure"),
    ],
)
def test_unusable_records_are_named(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    """File, line and field of what can't be used."""
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        read_cases(write(tmp_path, {**RECORDS[0], **record}))


def test_empty_folder_is_no_test(tmp_path: Path) -> None:
    """Nothing to read is an error, not a perfect score."""
    with pytest.raises(InputError, match="expected sentences"):
        read_cases(tmp_path)


# The blind test


@pytest.fixture(scope="module")
def blind() -> list[Case]:
    """The blind test."""
    return read_cases(BLIND_TEST)


def test_blind_test_is_whole(blind: list[Case]) -> None:
    """As many sentences as the README says, each with its own id, and a reason where nothing is meant."""
    assert len({case.id for case in blind}) == len(blind) == 827
    assert all(case.expected or case.reason for case in blind)


STRANGERS, HOUSEHOLDS = BLIND_TEST.parent / "strangers", BLIND_TEST.parent / "households"


@pytest.mark.parametrize("source", [BLIND_TEST, HOUSEHOLDS, *sorted(STRANGERS.glob("*.jsonl"))], ids=lambda path: path.stem)
def test_a_test_can_be_met(source: Path) -> None:
    """Plans that say what is expected are scored as right: no test asks what the hub could not do."""
    commands = [case for case in read_cases(source) if case.expected]
    perfect = TableInterpreter({case.text.lower(): gold_plan(case) for case in commands})
    wrong = {each.case.id for each in Examiner(perfect, States.QUIET).examine(commands) if each.verdict is not Verdict.RIGHT}
    assert wrong == set()


def test_houses_filled_up() -> None:
    """The interpreter sees a large house; what its plan means is looked up in the house as it is."""
    (case, *_) = read_cases(STRANGERS / "everyday.jsonl")
    large = filled_up(case.house, 300)
    assert len(large.devices) == 300
    assert large.devices[: len(case.house.devices)] == case.house.devices
    assert filled_up(case.house, 0) == case.house
    seen: list[House] = []

    class Recording(TableInterpreter):
        def set_house(self, house: House) -> None:
            seen.append(house)

    perfect = Recording({case.text.lower(): gold_plan(case)})
    (judged,) = Examiner(perfect, States.QUIET, fill_to=300).examine([case])
    assert judged.verdict is Verdict.RIGHT
    assert seen == [large]
