"""The command `octopus`: one table of subcommands, each a module that is imported when it is used.

Errors are one line on stderr and an exit code of sysexits; a traceback means a bug.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata

from octopus_hub.config.errors import ConfigError, HubError
from octopus_hub.daemon.cli import Parser

EX_DATAERR = 65
EX_UNAVAILABLE = 69
SIGNALLED = 128
SIGINT = 2


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A subcommand: its line of help, and `module:function` that takes the arguments after its name and gives the exit code.

    The function makes its own parser, with `prog` set to "octopus NAME", so that asking one for help loads only that one.
    """

    help: str
    function: str


SUBCOMMANDS: Mapping[str, Subcommand] = {
    "run": Subcommand("the daemon; without a configuration the demo house", "octopus_hub.daemon.cli_run:main"),
    "say": Subcommand("one command, by the running daemon or here", "octopus_hub.daemon.cli_say:main"),
    "check": Subcommand("every problem of a configuration", "octopus_hub.daemon.cli_check:main"),
    "import": Subcommand("device YAML from Home Assistant or MQTT", "octopus_hub.daemon.cli_import:main"),
    "interpret": Subcommand("a file of sentences, understood and not carried out", "octopus_hub.daemon.cli_interpret:main"),
    "log": Subcommand("what was said and done, and forgetting it", "octopus_hub.daemon.cli_log:main"),
    "status": Subcommand("how the running daemon is", "octopus_hub.daemon.cli_status:main"),
    "model build": Subcommand("makes the hub's model file", "octopus_hub.daemon.cli_model:build"),
    "model info": Subcommand("what model there is", "octopus_hub.daemon.cli_model:info"),
    "bench latency": Subcommand("how long text to calls takes", "octopus_hub.daemon.bench:latency"),
    "bench footprint": Subcommand("size on disk, and wheels for the Raspberry Pi", "octopus_hub.daemon.bench:footprint"),
    "bench adapters": Subcommand("how long devices take to show what they were told", "octopus_hub.daemon.bench_adapters:adapters"),
    "bench publish": Subcommand("how long from a command on MQTT to its Outcome", "octopus_hub.daemon.bench_publish:publish"),
    "bench accuracy": Subcommand("how many sentences are understood", "octopus_hub.daemon.cli_accuracy:main"),
    "simulate car": Subcommand("a car to try things out with", "octopus_hub.daemon.simulated_car:main"),
    "simulate plug": Subcommand("a switch to try things out with", "octopus_hub.daemon.simulated_plug:main"),
    "data build": Subcommand("training packs out of the corpus", "octopus_hub.daemon.cli_making:data_build"),
    "data check": Subcommand("what is wrong with the corpus", "octopus_hub.daemon.cli_making:data_check"),
    "data verify": Subcommand("what a teacher says of the corpus", "octopus_hub.daemon.cli_making:data_verify"),
    "data overlap": Subcommand("what the corpus has in common with a test", "octopus_hub.daemon.cli_making:data_overlap"),
    "train": Subcommand("an adapter out of packs", "octopus_hub.daemon.cli_making:train"),
    "mix": Subcommand("an adapter between two", "octopus_hub.daemon.cli_making:mix"),
    "export": Subcommand("base and adapter merged, and the graph", "octopus_hub.daemon.cli_making:export"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of `octopus ARGUMENTS`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        subcommand, rest = choose(given)
        module, _, function = subcommand.function.partition(":")
        code: int = getattr(import_module(module), function)(rest)
        sys.stdout.flush()
        return code
    except ConfigError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return error.exit_code
    except HubError as error:
        print(f"octopus: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("octopus_hub"):
            raise
        print(f'octopus: this needs the Python package "{error.name}", which is missing; see docs/cli.md, extras', file=sys.stderr)
        return EX_UNAVAILABLE
    except KeyboardInterrupt:
        return SIGNALLED + SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains again at exit
        return EX_DATAERR


def choose(arguments: Sequence[str]) -> tuple[Subcommand, list[str]]:
    """The subcommand that the first one or two words name, and the arguments after it. Exits with help or usage like argparse."""
    for length in (2, 1):
        subcommand = SUBCOMMANDS.get(" ".join(arguments[:length]))
        if subcommand is not None and len(arguments) >= length:
            return subcommand, list(arguments[length:])
    parser = _parser()
    parser.parse_args(arguments[:1])
    parser.error(f"unknown command: {' '.join(arguments[:2])}" if arguments else "a command is needed")


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, SUBCOMMANDS))
    listed = "\n".join(f"  {name:{width}}  {subcommand.help}" for name, subcommand in SUBCOMMANDS.items())
    parser = Parser(
        prog="octopus",
        usage="octopus COMMAND [ARGUMENTS]",
        description="A smart-home controller that understands sentences on the hub itself.",
        epilog=f"commands:\n{listed}\n\n`octopus COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"octopus {metadata.version('octopus-hub')}")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
