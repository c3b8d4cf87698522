"""How a compiler is run: it may be interrupted, and if it fails it has a reason."""

import signal
import subprocess
from collections.abc import Mapping, Sequence

from sim.host.interrupts import ENDING, Interrupted, interruptible

__all__ = ["reason_of", "run_tool"]


def run_tool(
    command: Sequence[str], environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Runs `command`; its exit status, and its messages as text.

    Raises Interrupted if a signal ends it that ends runs, such as Ctrl-C, or is sent to this
    process meanwhile; subprocess.TimeoutExpired after `seconds`; OSError.
    """
    with interruptible():
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=seconds,
            check=False,
        )
    if -result.returncode in ENDING:
        # Of a terminal Ctrl-C goes to all processes.
        raise Interrupted(-result.returncode)
    return result


def reason_of(result: subprocess.CompletedProcess[str]) -> str:
    """Why a compiler has failed: what it said, or what is known if it said nothing."""
    said = result.stderr.strip() or result.stdout.strip()
    if result.returncode < 0:
        ended = f"it was ended by {signal.Signals(-result.returncode).name}"
        return f"{said}\n{ended}" if said else ended
    return said or f"it says no reason, its exit status is {result.returncode}"
