"""One process of a benchmark: `python -m octopus_hub.daemon.bench_probe REQUEST`.

Prints a line when it is ready, then what it found as JSON. A failure is its last line on stderr, and exit code 1.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.resources import files
from pathlib import Path

from octopus_hub.config.errors import HubError
from octopus_hub.config.house import House
from octopus_hub.config.hub import Engine, HubSettings, ModelSettings
from octopus_hub.daemon.bench_latency import Request
from octopus_hub.daemon.brain import Interpreter
from octopus_hub.daemon.resolver import resolve
from octopus_hub.models.bench_houses import SENTENCES, SPEAKER_AREA, bench_house, prefix_tokens

Found = dict[str, list[float]]

DEADLINE_S = 60.0
READY = "ready"
KIB_PER_MIB = 1024


def main() -> int:
    """The exit code."""
    try:
        request = Request(**json.loads(sys.argv[1]))
        found = measure(request) if request.action == "measure" else start(request)
    except HubError as error:
        print(error, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f'needs the Python package "{error.name}"', file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


def measure(request: Request) -> Found:
    """Reads the house without a cache, then takes the time of every sentence. Raises HubError."""
    from octopus_hub.models.tokens import TextEncoder

    house = bench_house(request.devices)
    interpreter = _interpreter(request)
    print(READY, flush=True)
    began_s = time.perf_counter()
    interpreter.set_house(house)
    prefix_ms = 1000 * (time.perf_counter() - began_s)
    say_all(interpreter, house, 1)  # what is only slow the first time is not what a household sees
    times_ms = say_all(interpreter, house, request.repeat)
    encoder = TextEncoder(Path(str(files("octopus_hub.models") / "weights" / "tokenizer.json")))
    return {"prefix_ms": [prefix_ms], "prefix_tokens": [prefix_tokens(house, encoder)], "ms": times_ms}


def start(request: Request) -> Found:
    """What the daemon does before it is ready, with everything that it imports; then every sentence once. Raises HubError."""
    import octopus_hub.daemon.app  # noqa: F401 - its memory and time are the daemon's

    house = bench_house(request.devices)
    interpreter = _interpreter(request)
    interpreter.set_house(house)
    print(READY, flush=True)
    say_all(interpreter, house, 1)
    return {"memory_mib": [resident_mib(Path("/proc/self/status"))]}


def say_all(interpreter: Interpreter, house: House, repeat: int) -> list[float]:
    """Milliseconds from text to calls (or to the question, or the refusal) of every sentence."""
    times_ms = []
    for sentence in SENTENCES * repeat:
        began_s = time.perf_counter()
        plan = interpreter.interpret(sentence, DEADLINE_S)
        resolve(plan, house, {}, SPEAKER_AREA, text=sentence)
        times_ms.append(1000 * (time.perf_counter() - began_s))
    return times_ms


def resident_mib(status: Path) -> float:
    """VmRSS of a process's /proc/PID/status."""
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise HubError(f"expected VmRSS in {status}, got none")


def _interpreter(request: Request) -> Interpreter:
    from octopus_hub.daemon.loading import load_interpreter  # the runtime takes a while

    model = ModelSettings(Path(request.model), Engine(request.engine), request.threads)
    return load_interpreter(HubSettings(model=model), Path(request.state))


if __name__ == "__main__":
    sys.exit(main())
