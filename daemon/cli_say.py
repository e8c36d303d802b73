"""`octopus say`: one command, by the running daemon or in this process; prints what was understood and what became of it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from octopus_hub.config.errors import HubError
from octopus_hub.config.plan import Status
from octopus_hub.daemon.cli import EX_FAILED, EX_OK, Found, Parser, add_config_option, sockets, try_find
from octopus_hub.daemon.control import report_to_json
from octopus_hub.daemon.control_client import ask
from octopus_hub.daemon.gateway import LOCAL_SOURCE, submission_from
from octopus_hub.daemon.submission import Address, Channel
from octopus_hub.daemon.wire import request_from

GOOD = frozenset({Status.DONE, Status.SENT, Status.ANSWERED, Status.DRY_RUN})


def main(arguments: Sequence[str]) -> int:
    """Exits with 0 where it was done, sent or answered, else with 1."""
    options = _parser().parse_args(arguments)
    request: dict[str, object] = {"text": " ".join(options.text), "dry_run": options.dry_run}
    if options.area is not None:
        request["area"] = options.area
    request_from(request)  # a mistake is told before anything is loaded
    found = try_find(options.config)
    began_s = time.monotonic()
    answer = _ask_daemon(found, request, options.config)
    if answer is None:
        if isinstance(found, HubError):
            raise found
        answer = _say_here(found, request)
    if options.json:
        print(json.dumps(dict(answer), ensure_ascii=False))
    else:
        names = {device.id: device.name for device in found.config.house.devices} if isinstance(found, Found) else {}
        _print(answer, 1000 * (time.monotonic() - began_s), names)
    return EX_OK if answer["status"] in GOOD else EX_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="octopus say", description="Says one sentence to the hub. Exits with 1 where it was not done.")
    parser.add_argument("text", metavar="TEXT", nargs="+", help="the sentence")
    parser.add_argument("--area", metavar="A", help="where the speaker is")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="the Outcome as a JSON object")
    add_config_option(parser)
    return parser


def _ask_daemon(found: Found | HubError, request: Mapping[str, object], wanted: Path | None) -> Mapping[str, object] | None:
    """The answer of the running daemon; None if none runs, or it serves another configuration than the one that was named."""
    paths = sockets(found)
    if wanted is not None:
        answer = ask(paths, {"op": "status"})
        status = answer.get("status") if answer else None
        serves = status.get("configuration") if isinstance(status, dict) else None
        if serves != str(wanted.resolve()):
            if serves is not None and isinstance(found, Found):
                print(f"octopus: the daemon that runs serves {serves}, so this is carried out here", file=sys.stderr)
            return None
    return ask(paths, {"op": "say", **request})


def _say_here(found: Found, request: Mapping[str, object]) -> Mapping[str, object]:
    from octopus_hub.daemon.loading import load_interpreter  # the runtime takes a while
    from octopus_hub.daemon.once import say_once

    interpreter = load_interpreter(found.config.hub, found.state)
    submission = submission_from(request_from(request), LOCAL_SOURCE, found.config.hub, Address(Channel.LOCAL), time.time())
    return report_to_json(say_once(found.config, interpreter, submission, found.state))


def _print(answer: Mapping[str, object], total_ms: float, names: Mapping[str, str]) -> None:
    """`names` are those of devices by id; where one is missing, the id is shown."""
    rows = [("understood", str(answer["plan"] or "-"))]
    rows += [("call", _call(call)) for call in _objects(answer["calls"])]
    rows += [("device", _result(result, names)) for result in _objects(answer["results"])]
    code = f" ({answer['code']})" if answer["code"] else ""
    rows += [("status", f"{answer['status']}{code}"), ("answer", str(answer["say"] or "-"))]
    times = answer["times_ms"]
    stages = ", ".join(f"{name} {value:.1f}" for name, value in times.items() if name != "total") if isinstance(times, dict) else ""
    rows.append(("time", f"{total_ms:.1f} ms" + (f" ({stages})" if stages else "")))
    for name, value in rows:
        print(f"{name:10}  {value}")


def _objects(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _call(call: Mapping[str, object]) -> str:
    devices, arguments = call["devices"], call["arguments"]
    inside = ", ".join(map(str, devices)) if isinstance(devices, list) else ""
    told = ", ".join(f"{name}={value}" for name, value in arguments.items()) if isinstance(arguments, dict) else ""
    at = f" at {call['at']}" if "at" in call else ""
    return f"{call['function']}({'; '.join(filter(None, (inside, told)))}){at}"


def _result(result: Mapping[str, object], names: Mapping[str, str]) -> str:
    message = f" ({result['message']})" if result["message"] else ""
    return f"{names.get(str(result['device']), result['device'])}: {result['status']}{message}"
