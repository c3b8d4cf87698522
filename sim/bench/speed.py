"""How fast the engines are: the measures of `make bench`, and how they are taken."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sim.bench.runs import BenchError, Run, bare_run, kernel_run
from sim.bench.verilator import Verilated, find_verilator
from sim.config import MachineConfig, RunConfig
from sim.engines.choice import make_engine
from sim.engines.recipe import real_hart
from sim.engines.transcripts import Form
from sim.host.programs import build_bare, build_user, programs_directory
from sim.machine import Machine
from sim.platform.bus import Bus
from sim.session import BareSession, KernelSession

__all__ = ["MEASURES", "Bench", "Measure", "take"]

#: Turns of the loop in `speed.S`, of 17 cycles each.
TURNS = 400_000
#: Cycles of the same program that slower ways of running it get.
PYSIM_CYCLES, TRACED_CYCLES = 10_000, 200_000
#: Cycles that the ring of recent states keeps.
RING = 4096


@dataclass(frozen=True)
class Measure:
    """One figure: its name in the JSON, what it is, its unit, and which of several is the best."""

    key: str
    title: str
    unit: str = "cycles/s"
    best: Callable[[Sequence[float]], float] = max


MEASURES = (
    Measure("native_hz", "native engine"),
    Measure("pysim_hz", "pysim"),
    Measure("verilator_hz", "Verilator, -O3, one thread"),
    Measure("faults_per_s", "page faults, kernel's work free", "faults/s"),
    Measure("faults_per_s_costed", "page faults, kernel's work as by the table", "faults/s"),
    Measure("syscalls_per_s", "system calls, kernel's work free", "calls/s"),
    Measure("fork_exec_wait_per_s", "fork, exec, exit and wait, likewise", "processes/s"),
    Measure("sparse_s", "a sparse gigabyte, 4,096 pages touched, likewise", "s", min),
    Measure("sparse_forks_s", "64 forks of a sparse gigabyte, likewise", "s", min),
    Measure("native_vcd_hz", "native engine, every cycle into a VCD"),
    Measure("native_ring_hz", "native engine, the last cycles in a ring"),
    Measure("native_commits_hz", "native engine, a log of commits"),
    Measure("native_rvfi_hz", "native engine, RVFI as CSV"),
    Measure("build_s", "native engine from nothing: elaborated, translated, compiled", "s", min),
    Measure("cached_s", "`trapline run hello`, engine in the cache", "s", min),
    Measure("shell_s", "`trapline run sh -c 'echo hi'`, programs in the cache, too", "s", min),
)


@dataclass
class Bench:
    """Takes each measure once whenever its method, named as its key, is called.

    A measure that is not to be had here is None.
    """

    #: Cycles that `speed.S` takes, by who ran it: they must agree.
    cycles: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _program(self) -> Path:
        return build_bare(programs_directory() / "bench" / "speed.S", {"TURNS": TURNS})

    @cached_property
    def _verilated(self) -> Verilated | None:
        version = find_verilator()
        return Verilated(self._program, version) if version else None

    def _bare(self, engine: str, *, traced: bool = False) -> Run[BareSession]:
        config = MachineConfig(engine=engine, fast_forward=False, traced=traced)
        return bare_run(self._program, config)

    def native_hz(self) -> float:
        run = self._bare("native").start()
        self.cycles["native"] = run.machine.engine.cycle
        return run.hz

    def pysim_hz(self) -> float:
        return self._bare("pysim").start(PYSIM_CYCLES, finish=False).hz

    def verilator_hz(self) -> float | None:
        if self._verilated is None:
            return None
        self.cycles["Verilator"], hz = self._verilated.run()
        return hz

    def faults_per_s(self) -> float:
        return self._faults("zero")

    def faults_per_s_costed(self) -> float:
        return self._faults("table")

    def _faults(self, kernel_cost: str) -> float:
        run = _user_run("touch", kernel_cost=kernel_cost)
        return len(run.session.guest.faults) / run.seconds

    def syscalls_per_s(self) -> float:
        run = _user_run("calls")
        return sum(account.syscalls for account in run.session.kernel.accounts) / run.seconds

    def fork_exec_wait_per_s(self) -> float:
        run = _user_run("spawn")
        others = 2  # init, and the one that starts them
        return (len(run.session.kernel.accounts) - others) / run.seconds

    def sparse_s(self) -> float:
        return _user_run("sparse", "touch").seconds

    def sparse_forks_s(self) -> float:
        return _user_run("sparse", "forks").seconds

    def native_vcd_hz(self) -> float:
        run = self._bare("native", traced=True)
        engine = run.machine.engine
        with tempfile.TemporaryDirectory() as folder:
            engine.start_trace(Path(folder) / "speed.vcd")
            # The first cycle writes every signal.
            run.start(1, finish=False)
            begin = time.perf_counter()
            run.start(TRACED_CYCLES, finish=False)
            engine.stop_trace()
            return TRACED_CYCLES / (time.perf_counter() - begin)

    def native_ring_hz(self) -> float:
        run = self._bare("native", traced=True)
        run.machine.engine.keep_recent(RING)
        return run.start().hz

    def native_commits_hz(self) -> float:
        return self._transcribed(Form.COMMITS)

    def native_rvfi_hz(self) -> float:
        return self._transcribed(Form.RVFI)

    def _transcribed(self, form: Form) -> float:
        run = self._bare("native", traced=True)
        with tempfile.TemporaryDirectory() as folder:
            run.machine.engine.transcribe(form, Path(folder) / "speed")
            run.start()
            run.machine.engine.close()
        return run.hz

    def build_s(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return self._seconds_to_make(Path(folder))

    def _seconds_to_make(self, folder: Path) -> float:
        config = MachineConfig()
        ram = Machine.make_ram(config)
        begin = time.perf_counter()
        make_engine("native", lambda: real_hart(config, ram), Bus(ram), directory=folder)
        return time.perf_counter() - begin

    def cached_s(self) -> float:
        return _seconds_of("hello")

    def shell_s(self) -> float:
        return _seconds_of("sh", "-c", "echo hi")


def _user_run(name: str, *arguments: str, kernel_cost: str = "zero") -> Run[KernelSession]:
    """The run of a program of `programs/bench` under the kernel, on the native engine."""
    elf = build_user(programs_directory() / "bench" / f"{name}.c")
    config = RunConfig(engine="native", kernel_cost=kernel_cost, programs=False)
    return kernel_run(elf, config, *arguments).start()


def _seconds_of(*command: str) -> float:
    """What `trapline run` takes from its start to its end."""
    whole = [sys.executable, "-m", "sim", "run", "--engine", "native", "--quiet", *command]
    begin = time.perf_counter()
    result = subprocess.run(
        whole, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        raise BenchError(f"trapline run {command[0]} failed: {result.stderr.strip()}")
    return time.perf_counter() - begin


def take(bench: Bench, rounds: int, say: Callable[[str], None]) -> dict[str, float | None]:
    """Every measure `rounds` times, one after the other in each round; the best of each.

    `say` is told how far it has come. Raises `BenchError` if a program does not end well, or if
    `speed.S` does not take the same cycles everywhere.
    """
    taken: dict[str, list[float]] = {measure.key: [] for measure in MEASURES}
    for number in range(1, rounds + 1):
        for measure in MEASURES:
            say(f"round {number} of {rounds}: {measure.title}")
            value = getattr(bench, measure.key)()
            if value is not None:
                taken[measure.key].append(value)
    if len(set(bench.cycles.values())) > 1:
        raise BenchError(f"speed.S does not take the same cycles everywhere: {bench.cycles}")
    return {
        measure.key: measure.best(taken[measure.key]) if taken[measure.key] else None
        for measure in MEASURES
    }
