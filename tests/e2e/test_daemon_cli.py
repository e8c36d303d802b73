"""The command line with and without a daemon."""

from __future__ import annotations

import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hub import PRODUCT, Hub, hub_in
from support.processes import free_port
from support.tiny_model import build_tiny_model

from octopus_hub.config.loader import demo_directory

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

DEMO_HOUSE = (demo_directory() / "house.yaml").read_text()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A configured hub that does not run."""
    with hub_in(tmp_path) as hub:
        hub.configure(DEMO_HOUSE, {"mqtt": {"port": free_port()}})
        yield hub


@pytest.fixture
async def running(hub: Hub) -> Hub:
    """A hub that runs."""
    hub.start()
    await hub.ready()
    return hub


async def test_say_to_the_daemon(running: Hub) -> None:
    """`octopus say` asks the daemon, and prints plan, calls, results, answer and time."""
    said = running.run("say", "turn", "on", "the", "hallway", "light")
    assert (said.returncode, said.stderr) == (0, "")
    lines = [line.split(maxsplit=1) for line in said.stdout.splitlines()]
    assert [line for line in lines if line[0] != "time"] == [
        ["understood", 'turn_on("Hallway Light")'],
        ["call", "turn_on(hallway_light)"],
        ["device", "Hallway Light: done"],
        ["status", "done"],
        ["answer", "Hallway Light on."],
    ]
    assert lines[-1][1].endswith(")")
    assert "source=cli status=done" in running.log


async def test_say_as_json(running: Hub) -> None:
    """With --json it is the Outcome, and a refusal is exit code 1."""
    said = running.run("say", "--json", "--dry-run", "turn on the hallway light")
    assert (said.returncode, json.loads(said.stdout)["status"]) == (0, "dry_run")
    assert running.run("say", "unlock the front door").returncode == 1


def test_say_without_a_daemon(hub: Hub) -> None:
    """Without a daemon the command is carried out here, and is in the journal."""
    said = hub.run("say", "--area", "Kitchen", "lock the front door")
    assert (said.returncode, said.stderr) == (0, "")
    assert "Front Door: done" in said.stdout
    (entry,) = map(json.loads, hub.run("log", "--json").stdout.splitlines())
    assert (entry["source"], entry["text"], entry["status"]) == ("cli", "lock the front door", "done")


async def test_say_with_another_configuration(running: Hub, tmp_path: Path) -> None:
    """A daemon that serves another house is not asked, and that is said."""
    other = Hub(tmp_path / "other")
    other.directory.mkdir()
    other.configure(DEMO_HOUSE, {"state_directory": str(running.directory / "state")})
    said = other.run("say", "turn on the hallway light")
    assert said.returncode == 0
    assert f"serves {running.configuration}, so this is carried out here" in said.stderr


async def test_status(running: Hub) -> None:
    """`octopus status` tells how the daemon is."""
    status = json.loads(running.run("status", "--json").stdout)
    assert (status["state"], status["connected"], status["configuration"]) == ("online", True, str(running.configuration))
    assert "Maple Street 4" in running.run("status").stdout


def test_status_without_a_daemon(hub: Hub) -> None:
    """Where none runs that is one line and exit code 69."""
    status = hub.run("status")
    assert status.returncode == 69
    assert status.stderr.startswith("octopus: no daemon runs: nobody listens on ")


async def test_publish_is_measured(running: Hub) -> None:
    """`octopus bench publish` goes through the broker of the daemon that runs; without one it is told that none does."""
    done = running.run("bench publish", "--commands", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    findings = json.loads(done.stdout)["findings"]
    assert findings["commands"] == 2
    assert 0 < findings["over_p50_ms"] < findings["publish_to_outcome_p50_ms"]
    assert "source=bench" in running.log


def test_publish_without_a_daemon(hub: Hub) -> None:
    """Nothing is measured, and it is said why."""
    done = hub.run("bench publish")
    assert done.returncode == 69
    assert "no daemon runs" in done.stderr


async def test_the_socket_is_private(running: Hub) -> None:
    """Only the daemon's own user can connect, and the socket goes with the daemon."""
    path = running.directory / "state" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await running.end(signal.SIGTERM)
    assert not path.exists()


async def test_log_and_forget(running: Hub) -> None:
    """The journal is shown as a table or as JSON, and forgets while the daemon runs."""
    running.run("say", "add milk to the shopping list")
    running.run("say", "turn on the hallway light")
    assert "milk" in running.run("log").stdout
    entries = [json.loads(line) for line in running.run("log", "--json", "-n", "1").stdout.splitlines()]
    assert [entry["text"] for entry in entries] == ["turn on the hallway light"]
    assert running.run("log", "--forget", "nothing").returncode == 65
    assert running.run("log", "--forget", entries[0]["id"]).stdout == "forgot 1 command\n"
    assert running.run("log", "--forget").stdout == "forgot 2 commands\n"
    assert "milk" not in running.run("log", "--json").stdout
    assert not any(b"milk" in path.read_bytes() for path in (running.directory / "state").glob("journal.db*"))


def test_log_of_a_new_hub(hub: Hub) -> None:
    """Before anything was said there is nothing to show, and no journal is made."""
    assert hub.run("log").stdout.startswith("nothing was said yet")
    assert not (hub.directory / "state").exists()


def test_a_bad_configuration_is_told_line_by_line(hub: Hub) -> None:
    """The daemon does not start with mistakes: each is one line, without a traceback."""
    (hub.configuration / "house.yaml").write_text(DEMO_HOUSE.replace("kind: lock", "kind: look").replace("kind: fan", "kind: fun"))
    ran = hub.run("run")
    assert ran.returncode == 78
    lines = [line for line in ran.stderr.splitlines() if "house.yaml:" in line]
    assert [line.partition(".kind: ")[2] for line in lines] == [
        "unknown kind 'look'; did you mean 'lock'?",
        "unknown kind 'fun'; did you mean 'fan'?",
    ]
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("subcommand", ["run", "say hello"])
def test_a_model_that_is_missing_or_another_is_told(hub: Hub, subcommand: str) -> None:
    """Without a model, and with one of other functions, the hub does not start: one line and exit code 78."""
    hub.module = PRODUCT
    model = hub.directory / "state" / "model"
    lacking = hub.run(subcommand)
    assert lacking.stderr.splitlines()[-1] == (
        f"octopus: expected a built model in {model}, got none (octopus model build makes one)"
    )
    model.parent.mkdir()
    build_tiny_model(model.parent)
    other = hub.run(subcommand)
    assert other.stderr.splitlines()[-1] == (
        f"octopus: expected a model of this version's functions in {model}, got one of others; octopus model build makes it"
    )
    assert (lacking.returncode, other.returncode) == (78, 78)
    assert "Traceback" not in lacking.stderr + other.stderr


def test_interpret(hub: Hub, tmp_path: Path) -> None:
    """A file of records becomes a file of answers, in order, with an error where a record is of no use."""
    house = {
        "areas": [{"name": "Hall"}],
        "devices": [{"name": "Hallway Light", "kind": "light", "home_assistant": "light.hallway"}],
    }
    records: list[object] = [
        {"id": 1, "text": "turn on the hallway light", "house": house},
        {"id": 2, "house": house},
        {"id": 3, "text": "tell me a joke", "house": house},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, records)) + "\nnot json\n")
    done = hub.run("interpret", "--input", str(source), "--output", str(target))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [(row["id"], row["status"]) for row in rows] == [(1, "dry_run"), (2, "invalid"), (3, "refused"), (None, "invalid")]
    assert rows[0]["services"] == [{"service": "light.turn_on", "entity_ids": ["light.hallway"], "data": {}}]
    assert rows[1]["say"] == '"text" must be a sentence'
