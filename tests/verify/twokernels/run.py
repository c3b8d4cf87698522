"""Runs the same commands under the kernel model and under the kernel in C, from the same disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdl.arch import PAGE_FAULTS, Priv
from kernel_model.mm.policy import LAZY
from sim import start, start_boot
from sim.guests.image_writer import write_image
from sim.host.own_kernel import build_kernel
from sim.host.programs import build_user, bundled_files, strip
from sim.machine import End
from sim.session import Session
from tests.verify.twokernels.scripts import actor

__all__ = ["KERNELS", "Case", "Fault", "Outcome", "image", "outcomes", "refuses"]

_PROGRAMS = Path(__file__).parents[2] / "programs"
INPUT = b"one line\nand another one\nno more"
#: Where `driver.c` faults when a case begins.
_MARK = 0x1_F234_5678
#: Cycles of a run at most, and those after which its page faults are fetched: the log has an end.
_CYCLES, _SLICE = 2_000_000_000, 2_000_000


@dataclass(frozen=True)
class Case:
    """A command, as its words.

    `ordered` if one of its processes runs at a time; else only which page faults there are counts,
    and not their order. `directory` is where it runs, which is made if need be.
    """

    words: tuple[str, ...]
    ordered: bool = True
    directory: str = "/"

    def __str__(self):
        return " ".join(self.words)


@dataclass(frozen=True, order=True)
class Fault:
    """A page fault in user mode."""

    cause: int
    pc: int
    stval: int

    def __str__(self):
        return f"cause {self.cause} at pc {self.pc:#x}, stval {self.stval:#x}"


@dataclass(frozen=True)
class Outcome:
    """What a command has printed, its status and its page faults, in order."""

    output: bytes
    status: str
    faults: tuple[Fault, ...]


def image(cases: Sequence[Case], files: Mapping[str, bytes] = {}) -> bytes:
    """A disk on which the kernels find the commands, and `files`."""
    own = {"init": "boot", "driver": "driver"}
    programs = {name: build_user(Path(__file__).parent / f"{own[name]}.c") for name in own}
    programs["superpages"] = build_user(_PROGRAMS / "superpages.c")
    contents = {
        **bundled_files(),
        **{name: strip(path.read_bytes()) for name, path in {**programs, "actor": actor()}.items()},
        **files,
        "cases": "".join(
            "\t".join((case.directory, *case.words)) + "\n" for case in cases
        ).encode(),
        "input": INPUT,
    }
    return write_image(contents)


def _under_the_model(disk: Path, **config: Any) -> Session:
    return start("driver", disk=disk, programs=False, engine="native", **config)


def _under_the_kernel_in_c(disk: Path, **config: Any) -> Session:
    # What is compared has nothing to do with it, and takes half the time without.
    config = {"pmp_entries": 0} | config
    return start_boot(build_kernel(), disk=disk, engine="native", **config)


#: How each kernel is started from a disk, on a machine of these parameters.
KERNELS: Mapping[str, Callable[..., Session]] = {
    "Python": _under_the_model,
    "C": _under_the_kernel_in_c,
}


def outcomes(kernel: str, disk: Path, **config: Any) -> list[Outcome]:
    """What came of each command on the disk. AssertionError if the run does not come to its end."""
    with KERNELS[kernel](disk, **config) as session:
        groups = _by_case(_faults(session))
        result = session.result()
    assert (session.end, result.exit_status) == (End.FINISHED, 0), f"{kernel}: {result.output}"
    parts = result.output.split(b"\1case ")[1:]
    if refuses(config.get("policy", LAZY)):
        groups = [[] for _ in parts]  # nothing is marked
    assert len(parts) == len(groups), f"{kernel}: {len(parts)} cases, {len(groups)} marks"
    return [_outcome(part, group) for part, group in zip(parts, groups, strict=True)]


def refuses(policy: str) -> bool:
    """Whether `sbrk` fails under the policy if memory would not do."""
    return policy == "eager" or "overcommit:strict" in policy


def _faults(session: Session) -> list[Fault]:
    """Runs to the end; every page fault of user mode."""
    faults, seen, log = [], 0, session.machine.engine.log
    end = End.LIMIT
    while end is End.LIMIT and session.cycle < _CYCLES:
        end = session.step(_SLICE)
        new = log.trap_count - seen
        assert new <= len(log.traps), "more exceptions in a slice than the log keeps"
        for record in list(log.traps)[len(log.traps) - new :]:
            if record.mode == Priv.U and record.cause in PAGE_FAULTS:
                faults.append(Fault(record.cause, record.pc, record.tval))
        seen = log.trap_count
    return faults


def _by_case(faults: Sequence[Fault]) -> list[list[Fault]]:
    """Those behind each mark, up to the next one."""
    groups: list[list[Fault]] = []
    for fault in faults:
        if fault.stval == _MARK:
            groups.append([])
        elif groups:
            groups[-1].append(fault)
    return groups


def _outcome(part: bytes, faults: Sequence[Fault]) -> Outcome:
    output, _, rest = part.partition(b"\n")[2].rpartition(b"\1status ")
    return Outcome(output, rest.split()[0].decode(), tuple(faults))
