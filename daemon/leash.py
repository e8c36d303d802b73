"""Runs a command that the kernel ends when this process's parent dies, even by SIGKILL.

    python -I -S leash.py PARENT_PID COMMAND [ARGUMENT …]

Run as a file in a process of its own, never imported by the daemon: a `preexec_fn` would run Python between fork and exec of a
process with threads, which can deadlock. Here nothing else runs: ask the kernel for SIGTERM on the parent's death
(prctl PR_SET_PDEATHSIG), see that the parent is still there (it may have died before the call), exec.

Invariants: the signal is bound to the parent's *thread* that forked, so the daemon starts it from its main thread; the kernel
forgets it when the command changes its user, so mosquitto is told to stay what it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
EX_OSERR = 71
EX_UNAVAILABLE = 69


def main(arguments: list[str]) -> int:
    """Becomes the command; returns an exit code only if it can't."""
    parent, *command = arguments
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        print(f"prctl: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        return EX_OSERR
    if os.getppid() != int(parent):
        return EX_UNAVAILABLE
    try:
        os.execv(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return EX_OSERR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
