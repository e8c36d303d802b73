"""The daemon's Unix socket: who is answered, and what to."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Outcome, Status
from octopus_hub.daemon import control
from octopus_hub.daemon.__main__ import main
from octopus_hub.daemon.control import Control
from octopus_hub.daemon.control_client import ControlDenied, ask
from octopus_hub.daemon.intake import Deliver
from octopus_hub.daemon.submission import Report, Submission

STRANGER = 12_345


async def submit(submission: Submission, deliver: Deliver) -> None:
    """Everything is done, and the answer says who asked."""
    command = submission.command
    await deliver(Report(Outcome(command.id, Status.DONE, command.text, say=f"{command.source} in {command.area}"), "plan()", 0.5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket is."""
    return tmp_path / "control.sock"


@pytest.fixture
async def serving(path: Path) -> AsyncIterator[None]:
    """A control socket while the test runs."""
    async with Control(HubSettings, submit, lambda: {"state": "online"}).serving(path, for_group=False):
        yield


async def asked(path: Path, **request: object) -> Mapping[str, object] | None:
    """An answer, asked for in a thread."""
    return await asyncio.to_thread(ask, [path], request)


@pytest.mark.usefixtures("serving")
async def test_say(path: Path) -> None:
    """A sentence is submitted as the command line's, and answered with the Outcome, the plan and its mass."""
    answer = await asked(path, op="say", text="hello", area="Kitchen")
    assert answer is not None
    assert (answer["status"], answer["say"], answer["plan"], answer["mass"]) == ("done", "cli in Kitchen", "plan()", 0.5)


@pytest.mark.usefixtures("serving")
async def test_status(path: Path) -> None:
    """The status is told."""
    assert await asked(path, op="status") == {"schema": 1, "status": {"state": "online"}}


BAD = [
    ({"op": "say"}, 'a command has either "text" or "calls"'),
    ({"op": "say", "text": "hello", "source": "you"}, 'unknown field "source"'),
    ({"op": "fly"}, "unknown operation 'fly'"),
    ({}, "unknown operation None"),
]


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize(("request_", "message"), BAD)
async def test_a_bad_request_is_told(path: Path, request_: dict[str, Any], message: str) -> None:
    """What can't be done is answered in words."""
    with pytest.raises(InputError, match=message):
        await asked(path, **request_)


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize("line", [b"\xff\n", b"[]\n", b"\n", b"x" * 100_000 + b"\n", b"no end"])
async def test_garbage_is_answered(path: Path, line: bytes) -> None:
    """Whatever comes, there is one line of JSON with an error."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    writer.write_eof()
    answer = json.loads(await asyncio.wait_for(reader.read(), 3))
    writer.close()
    assert list(answer) == ["schema", "error"]


@pytest.mark.usefixtures("serving")
async def test_strangers_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user is told so, even where the file's mode would let him in."""
    monkeypatch.setattr(control, "_peer_user", lambda writer: STRANGER)
    with pytest.raises(InputError, match="you may not command this hub"):
        await asked(path, op="status")


@pytest.mark.parametrize(("for_group", "mode"), [(False, 0o600), (True, 0o660)])
async def test_the_file_is_private_from_the_start(path: Path, for_group: bool, mode: int) -> None:
    """Only the owner, or the group too, may connect; the file goes with the daemon."""
    async with Control(HubSettings, submit, dict).serving(path, for_group=for_group):
        assert mode_of(path) == mode
    assert mode_of(path) is None


def mode_of(path: Path) -> int | None:
    """The permissions of a file; None where there is none."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None


async def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    """Unix sockets have short names; the error says what to do."""
    with pytest.raises(UnavailableService, match="shorten the state directory"):
        async with Control(HubSettings, submit, dict).serving(tmp_path / ("x" * 108), for_group=False):
            pass


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a secret that only the daemon may read, and no word of where that keeps its state."""
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "house.yaml").write_text("version: 1\n")
    (directory / "hub.yaml").write_text("version: 1\nmqtt: {host: localhost, password: !secret broker}\n")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    return directory


@pytest.mark.parametrize("command", [["status"], ["say", "hello"]])
async def test_who_can_not_read_the_configuration_is_answered(
    path: Path, unreadable: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A daemon that serves it answers whoever may use its socket."""
    status = {"state": "online", "configuration": str(unreadable)}
    async with Control(HubSettings, submit, lambda: status).serving(path, for_group=False):
        assert await asyncio.to_thread(main, [*command, "--config", str(unreadable)]) == 0
    told = capsys.readouterr()
    assert (told.out.split()[0], told.err) == ("state" if command == ["status"] else "understood", "")


@pytest.mark.parametrize("command", [["status"], ["say", "hello"]])
def test_without_a_daemon_the_configuration_is_what_is_wrong(
    unreadable: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its problems are told, not that nobody answers."""
    assert main([*command, "--config", str(unreadable)]) == 78
    assert capsys.readouterr().err.endswith("mqtt.password: unknown secret 'broker'\n")


@pytest.mark.usefixtures("serving")
async def test_another_daemon_answers_in_place_of_a_forbidden_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is not for this user is an error only where nobody else answers."""
    forbidden, connect = path.with_name("forbidden.sock"), socket.socket.connect

    class Guarded(socket.socket):
        def connect(self, address: Any) -> None:
            if address == str(forbidden):
                raise PermissionError(errno.EACCES, "Permission denied")
            connect(self, address)

    monkeypatch.setattr("octopus_hub.daemon.control_client.socket.socket", Guarded)
    answer = await asyncio.to_thread(ask, [forbidden, path], {"op": "status"})
    assert answer == {"schema": 1, "status": {"state": "online"}}
    with pytest.raises(ControlDenied, match=f"{forbidden}: you may not command this hub"):
        ask([forbidden, path.with_name("nobody.sock")], {"op": "status"})


def test_nobody_listens(path: Path) -> None:
    """Without a daemon there is no answer, and no error."""
    assert ask([path], {"op": "status"}) is None
