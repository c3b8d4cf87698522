"""How a compiler is run: it may be interrupted, and if it fails it has a reason."""

import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from sim.host.interrupts import ENDING, Interrupted, interruptible, postponed

__all__ = ["reason_of", "run_tool", "run_tools"]


def run_tool(
    command: Sequence[str], environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Runs `command`; its exit status, and its messages as text. Raises as `run_tools` does."""
    return run_tools([command], environment, seconds)[0]


def run_tools(
    commands: Iterable[Sequence[str]], environment: Mapping[str, str], seconds: float
) -> list[subprocess.CompletedProcess[str]]:
    """Runs all `commands` at once; the exit status of each, and its messages as text.

    Raises Interrupted if a signal ends one that ends runs, such as Ctrl-C, or is sent to this
    process meanwhile; subprocess.TimeoutExpired after `seconds`; OSError. None runs on then.
    """
    end = time.monotonic() + seconds
    tools: list[subprocess.Popen[str]] = []
    results = []
    with interruptible(), ExitStack() as stack:
        for command in commands:
            with postponed():
                tools.append(_started(command, environment))
                stack.callback(_end, tools[-1])
        for tool in tools:
            # What the others say waits for its turn in their pipes.
            said = tool.communicate(timeout=max(0, end - time.monotonic()))
            results.append(subprocess.CompletedProcess(tool.args, tool.returncode, *said))
    for result in results:
        if -result.returncode in ENDING:
            # Of a terminal Ctrl-C goes to all processes.
            raise Interrupted(-result.returncode)
    return results


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
    )


def _end(tool: subprocess.Popen[str]) -> None:
    """Ends it if it still runs, whatever has come between, Ctrl-C included."""
    tool.kill()
    with tool:
        pass


def reason_of(result: subprocess.CompletedProcess[str]) -> str:
    """Why a compiler has failed: what it said, or what is known if it said nothing."""
    said = result.stderr.strip() or result.stdout.strip()
    if result.returncode < 0:
        ended = f"it was ended by {signal.Signals(-result.returncode).name}"
        return f"{said}\n{ended}" if said else ended
    return said or f"it says no reason, its exit status is {result.returncode}"
