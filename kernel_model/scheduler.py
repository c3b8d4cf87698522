"""What the hart does next: a process's turn, waiting, or the end of the run."""

from kernel_model.calls.lifecycle import kexit, reap
from kernel_model.calls.state import KernelState
from kernel_model.calls.syscall import resume_syscall
from kernel_model.dev.console import INPUT, consolewait
from kernel_model.dev.printf import printf
from kernel_model.facts.costs import Step
from kernel_model.facts.doorbell import Action
from kernel_model.facts.panic import KernelPanic
from kernel_model.proc.proc import freeproc
from kernel_model.proc.sleep import TICKS, next_turn, yield_
from kernel_model.proc.state import Proc, ProcState

__all__ = ["STUCK_STATUS", "schedule", "waits_for"]

#: Exit status of a run in which no process can ever run again.
STUCK_STATUS = 125

# What every trap needs, found once: to find a member in its class takes as long as a call.
_RUNNING, _ZOMBIE, _RUN = ProcState.RUNNING, ProcState.ZOMBIE, Action.RUN


def schedule(kernel: KernelState) -> tuple[Action, int]:
    """Find out what the hart does next, and for how many cycles at most; 0 = for ever.

    With `Action.RUN` it is `kernel.cpu.proc` that runs.
    """
    proc = kernel.cpu.proc
    # The timer is set anew with every return to user mode: what traps more often than it could
    # interrupt has its turn ended here.
    over = kernel.cpu.turn_is_over(kernel.clock.now)
    if over and proc is not None and proc.state is _RUNNING:
        kernel.charge(Step.TURN)
        yield_(proc)
    while True:
        if kernel.first is not None and kernel.first.state is _ZOMBIE:
            return _end(kernel, kernel.first.xstate)
        proc = kernel.cpu.proc
        if proc is None or proc.state is not _RUNNING:
            kernel.cpu.proc = proc = next_turn(kernel, kernel.cpu.last_pid)
        if proc is None:
            cycles = _wait(kernel)
            if cycles == 0:
                return _stuck(kernel)
            if cycles is not None:
                return Action.IDLE, cycles
        elif proc is kernel.procs.init:
            reap(kernel)
        elif _goes_on(kernel, proc):
            return _RUN, _quantum(kernel)


def _goes_on(kernel: KernelState, proc: Proc) -> bool:
    """Let the process have its turn, or go on with it; whether it gets to user mode."""
    if proc.state is not _RUNNING:
        proc.state = _RUNNING
        kernel.charge(Step.SWITCH)
        kernel.cpu.last_pid = proc.pid
        kernel.cpu.turn_ends = kernel.clock.now + kernel.meter.cycles + kernel.cpu.quantum
    if proc.killed:
        if proc.in_syscall:
            for watcher in kernel.watchers:
                watcher.syscall_end(proc, proc.trapframe.a7, -1, kernel.clock.now)
        kexit(kernel, proc, -1)
    elif proc.in_syscall:
        resume_syscall(kernel, proc)
    return proc.state is _RUNNING


def _quantum(kernel: KernelState) -> int:
    """Cycles until the timer has to interrupt: the turn's end, or the tick that somebody awaits."""
    stop = kernel.cpu.turn_ends if kernel.cpu.quantum else None
    for proc in kernel.procs:
        if proc.chan == TICKS:
            tick = (kernel.clock.ticks + 1) * kernel.clock.tick
            stop = tick if stop is None else min(stop, tick)
            break
    if stop is None:
        return 0
    return max(stop - kernel.clock.now - kernel.meter.cycles, kernel.cpu.least_turn)


def _wait(kernel: KernelState) -> int | None:
    """Nobody can run. Cycles until somebody can; None if the host has waited; 0 for never."""
    waited_for = {proc.chan for proc in kernel.procs}
    stops = [(kernel.clock.ticks + 1) * kernel.clock.tick] if TICKS in waited_for else []
    if INPUT in waited_for:
        console, now = kernel.console, kernel.clock.now
        arrival = console.next_arrival(now)
        if arrival is not None and arrival > now:
            stops.append(arrival)
        elif arrival is not None or not stops or console.ended(now):
            consolewait(kernel)
            return None
    return min(stops) - kernel.clock.now if stops else 0


def _stuck(kernel: KernelState) -> tuple[Action, int]:
    waiting = ", ".join(
        f"{proc.pid} {proc.name} waits for {waits_for(proc)}"
        for proc in kernel.procs
        if proc.state is ProcState.SLEEPING and proc is not kernel.procs.init
    )
    printf(kernel, f"no process can ever run again: {waiting}\n")
    return _end(kernel, STUCK_STATUS)


def waits_for(proc: Proc) -> str:
    """What a process that sleeps waits for, in words."""
    chan = proc.chan
    if isinstance(chan, Proc):
        return "a child"
    return str(chan[0] if isinstance(chan, tuple) else chan)


def _end(kernel: KernelState, status: int) -> tuple[Action, int]:
    """The run is over: free all that is left."""
    for proc in kernel.procs[1:]:
        if proc.state is not _ZOMBIE:
            kexit(kernel, proc, -1)
    for proc in kernel.procs[1:]:
        freeproc(kernel, proc)
    kernel.cpu.proc = None
    leaked = kernel.kmem.used - kernel.own_frames
    if leaked:
        raise KernelPanic(f"freeproc: {leaked} frames leaked")
    kernel.halt(status)
    return Action.HALT, 0
