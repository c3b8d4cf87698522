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

__all__ = ["MEASURES", "PROGRAMS", "Bench", "Measure", "Program", "take"]


@dataclass(frozen=True)
class Program:
    """A bare-metal program that the native engine and Verilator run.

    `key` ends the names of its figures in the JSON; `turns` of its loop are some 7 M cycles.
    """

    key: str
    source: str
    title: str
    turns: int

    @property
    def native(self) -> str:
        """The name of the native engine's figure."""
        return f"native{self.key}_hz"

    @property
    def verilator(self) -> str:
        """The name of Verilator's."""
        return f"verilator{self.key}_hz"


SPEED = Program("", "speed.S", "integers and memory", 400_000)
PROGRAMS = (
    SPEED,
    Program("_pages", "pages.c", "another page with each access", 8_000),
    Program("_traps", "traps.c", "system calls, page faults, forks", 1_000),
    Program("_lists", "lists.c", "lists and strings in C", 28),
)
#: Cycles of `speed.S` that slower ways of running it get.
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
    # One beside the other, so that both have the same machine around them.
    *(
        Measure(key, f"{who}, {each.source}")
        for each in PROGRAMS
        for key, who in ((each.native, "native engine"), (each.verilator, "Verilator"))
    ),
    Measure("pysim_hz", "pysim, speed.S"),
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
    """Takes measures, each once whenever it is asked for."""

    #: Cycles that each program takes, by its file and who ran it: they must agree.
    cycles: dict[str, dict[str, int]] = field(default_factory=dict)

    def measure(self, key: str) -> float | None:
        """The measure with that key in `MEASURES`; None if it is not to be had here.

        Those that are not one of a program have a method of that name.
        """
        for program in PROGRAMS:
            if key == program.native:
                return self._native(program)
            if key == program.verilator:
                return self._verilator(program)
        value: float | None = getattr(self, key)()
        return value

    @cached_property
    def _verilator_version(self) -> str | None:
        return find_verilator()

    def _bare(
        self, engine: str, program: Program = SPEED, *, traced: bool = False
    ) -> Run[BareSession]:
        config = MachineConfig(engine=engine, fast_forward=False, traced=traced)
        return bare_run(_built(program), config)

    def _native(self, program: Program) -> float:
        run = self._bare("native", program).start()
        self._took(program, "native", run.machine.engine.cycle)
        return run.hz

    def _verilator(self, program: Program) -> float | None:
        if self._verilator_version is None:
            return None
        cycles, hz = Verilated(_built(program), self._verilator_version).run()
        self._took(program, "Verilator", cycles)
        return hz

    def _took(self, program: Program, who: str, cycles: int) -> None:
        self.cycles.setdefault(program.source, {})[who] = cycles

    def pysim_hz(self) -> float:
        return self._bare("pysim").start(PYSIM_CYCLES, finish=False).hz

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


def _built(program: Program) -> Path:
    source = programs_directory() / "bench" / program.source
    return build_bare(source, {"TURNS": program.turns})


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

    `say` is told how far it has come. Raises `BenchError` if a program does not end well, or does
    not take the same cycles everywhere.
    """
    taken: dict[str, list[float]] = {measure.key: [] for measure in MEASURES}
    for number in range(1, rounds + 1):
        for measure in MEASURES:
            say(f"round {number} of {rounds}: {measure.title}")
            value = bench.measure(measure.key)
            if value is not None:
                taken[measure.key].append(value)
    for source, cycles in bench.cycles.items():
        if len(set(cycles.values())) > 1:
            raise BenchError(f"{source} does not take the same cycles everywhere: {cycles}")
    return {
        measure.key: measure.best(taken[measure.key]) if taken[measure.key] else None
        for measure in MEASURES
    }
