"""The same jobs under the kernel in C and under the kernel model, on the same hart.

`programs/bench/calibrate.c` runs them, and says of each in which cycle it has begun and ended.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernel_model.facts.costs import Step
from sim.bench.profile import Profile
from sim.bench.runs import BenchError
from sim.boot.session import BootSession
from sim.config import BootConfig, RunConfig
from sim.guests.boot_image import read_boot
from sim.guests.disk import Disk
from sim.guests.image_writer import write_image
from sim.guests.kernel_guest import Rung
from sim.host.own_kernel import build_kernel
from sim.host.programs import build_user, bundled_files, programs_directory, strip
from sim.platform.devices.captured import Captured
from sim.session import KernelSession

__all__ = ["InC", "Modelled", "run_in_c", "run_model"]

_MEMORY_MIB, _MAX_CYCLES = 4, 60_000_000
#: The shell is there when it prompts; what is before is of no interest.
_PROMPT, _STEP = b"$ ", 50_000
_TEXT = b"the quick brown fox\n" * 20
_SCRIPT = b"echo hello | cat\necho more > more\ncat more | wc\n"


@dataclass(frozen=True)
class InC:
    """A job on the kernel in C: its cycles in all, and by function."""

    cycles: int
    functions: Mapping[str, int]


@dataclass
class Modelled:
    """A job under the kernel model.

    Members
    -------
    begun, ended : int
        Cycles.
    counts : Counter of Step
        How often each step was done.
    charged : int
        What that cost.
    """

    begun: int
    ended: int
    counts: Counter[Step] = field(default_factory=Counter)
    charged: int = 0

    @property
    def cycles(self) -> int:
        """In all."""
        return self.ended - self.begun


def run_in_c(names: Sequence[str] = ()) -> dict[str, InC]:
    """Runs the jobs of those names, or all, by the shell of the kernel in C."""
    elf = build_kernel().read_bytes()
    line = " ".join(("calibrate", *names))
    console = Captured(f"{line}\nexit\n".encode())
    config = BootConfig(memory_mib=_MEMORY_MIB, engine="native", traced=True)
    with BootSession(read_boot(config, elf, write_image(_files())), console) as session:
        while _PROMPT not in console.printed and session.cycle < _MAX_CYCLES:
            session.step(_STEP)
        profile = Profile(elf, session.image.symbols["trampoline"])
        session.machine.engine.observe(profile.record)
        session.run(_MAX_CYCLES)
        if session.exit_code != 0:
            raise BenchError(f"the kernel in C ended with status {session.exit_code}")
    timed = _times(console.printed)
    return {
        name: InC(ended - begun, profile.cycles[2 * number])
        for number, (name, (begun, ended)) in enumerate(timed.items())
    }


def run_model(names: Sequence[str] = (), kernel_cost: str = "table") -> dict[str, Modelled]:
    """Runs the jobs of those names, or all, under the kernel model."""
    elf, console = _program(), Captured()
    disk = Disk({name: data for name, data in _files().items() if name not in bundled_files()})
    config = RunConfig(memory_mib=_MEMORY_MIB, engine="native", kernel_cost=kernel_cost)
    argv = ["calibrate", *names]
    session = KernelSession.of_program(config, elf, argv, console, disk)
    work: list[tuple[int, list[int], int]] = []

    def rang(rung: Rung) -> None:
        work.append((rung.rung, *session.kernel.meter.mark()))

    session.guest.watchers.append(rang)
    session.run(_MAX_CYCLES)
    if session.exit_code != 0:
        raise BenchError(f"{argv[0]} ended with status {session.exit_code} under the kernel model")
    jobs = {name: Modelled(*times) for name, times in _times(console.printed).items()}
    for job in jobs.values():
        for rung, counts, charged in work:
            if job.begun <= rung < job.ended:
                job.charged += charged
                job.counts.update(dict(zip(Step, counts, strict=True)))
    return jobs


def _program() -> bytes:
    return build_user(programs_directory() / "bench" / "calibrate.c").read_bytes()


def _files() -> dict[str, bytes]:
    own = {"calibrate": strip(_program()), "text": _TEXT, "script": _SCRIPT}
    return {**bundled_files(), **own}


def _times(printed: bytearray) -> dict[str, tuple[int, int]]:
    """When each job has begun and ended, by name."""
    lines = [line.split() for line in printed.decode(errors="replace").splitlines()]
    rows = [line[1:] for line in lines if line[:1] == ["@"]]
    if not rows:
        raise BenchError("calibrate has not come to its end")
    return {name: (int(begun), int(ended)) for name, begun, ended in rows}
