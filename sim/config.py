"""The configuration of a run: one frozen record, from the hart's parameters to the kernel's."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from hdl.arch import RAM_BASE, ROM_BASE, ROM_SIZE
from kernel_model.facts.abi import AUTO, Abi
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import MAXSTACK, MIN_QUANTUM, QUANTUM, TICK, USERSTACK
from kernel_model.mm.policy import LAZY, PolicyError, make_policy
from sim.injection import InjectionError, read_bus_error, read_fail, read_skipped

__all__ = [
    "BOUNDS",
    "ENGINES",
    "KERNEL_COSTS",
    "LONGEST",
    "MOST_BUS_ERRORS",
    "BootConfig",
    "ConfigError",
    "HostFile",
    "MachineConfig",
    "RunConfig",
]

#: The longest turn and tick in cycles: longer than any run, and `time` plus it fits 64 bits.
LONGEST = 1 << 62
#: Entries of a TLB or of the walk cache: each costs comparators, and time to compile them.
_ENTRIES = (1, 64)
#: The least and the most of what is a number.
BOUNDS = {
    "memory_mib": (1, 1 << 17),
    "latency": (1, 1000),
    "itlb_entries": _ENTRIES,
    "dtlb_entries": _ENTRIES,
    "walk_cache_entries": _ENTRIES,
    "btb_entries": (2, 256),
    "hpm_counters": (0, 29),
    "pmp_entries": (0, 16),
    "reset_pc": (0, (1 << 64) - 2),
    "hart_id": (0, (1 << 64) - 1),
    "quantum": (0, LONGEST),
    "tick": (1, LONGEST),
    "stack_pages": (USERSTACK, MAXSTACK),
    "raw": (0, (1 << 64) - 2),
    "virtio_version": (1, 2),
    "drop_tlb": (0, LONGEST),
}
#: Those that may be None.
_OPTIONAL = ("raw",)
#: What may simulate the hart.
ENGINES = ("native", "pysim")
#: What the kernel's work may cost: as measured of the kernel in C, ideally, or nothing.
KERNEL_COSTS = ("table", "ideal", "zero")
#: Accesses to memory for which translations last at least: a walk, and what it was for.
_LEAST_DROP = 32
#: Accesses of a run that can be made to go wrong.
MOST_BUS_ERRORS = 16
#: Faults on command, and what reads each.
_INJECTIONS = {"fail": read_fail, "skip_fence": read_skipped, "bus_error": read_bus_error}


class HostFile(NamedTuple):
    """A file of the host, and the path it gets below `/`."""

    path: Path
    name: str


class ConfigError(ValueError):
    """A run cannot have this parameter; one line that says which and what it may be."""


@dataclass(frozen=True, kw_only=True)
class MachineConfig:
    """Parameters of a machine; all of the hart's are here.

    Raises ConfigError.

    Attributes
    ----------
    memory_mib : int
        RAM from 0x8000_0000 on, in MiB.
    latency : int
        Cycles from a memory request to its response.
    engine : str or None
        "native", "pysim", or None for the native one where it works, else pysim.
    fast_forward : bool
        Cycles in which nothing happens may be passed over.
    traced : bool
        There will be waveforms or records of the retire port, which some engines have to know
        beforehand.
    counters : bool
        The hart's events are counted.
    itlb_entries, dtlb_entries, walk_cache_entries, btb_entries : int
        Entries of the TLBs, of the walk cache, and of the branch target buffer, a power of two.
    hpm_counters : int
        Counters of events that software can use, `mhpmcounter3` and the following. What they count
        has to be known in every cycle, which takes a twentieth of the native engine's speed.
    pmp_entries : int
        Entries of physical memory protection. As soon as there is one, S-mode and U-mode may access
        nothing until M-mode lets them.
    pmp_csrs : bool
        Without entries the registers of physical memory protection read 0 and ignore writes, for
        kernels that write them without looking; else they are illegal instructions then.
    misaligned : bool
        Loads and stores in RAM may have any alignment; else those that are not aligned trap.
    reset_pc : int
        Address of the first instruction, even.
    hart_id : int
        Value of `mhartid`.
    bus_error : tuple of str
        Accesses that go wrong on command; see `sim.injection`.
    drop_tlb : int
        The TLBs and the walk cache are emptied every so many cycles; 0 = never.
    """

    memory_mib: int = 128
    latency: int = 1
    engine: str | None = None
    fast_forward: bool = True
    traced: bool = False
    counters: bool = False
    itlb_entries: int = 8
    dtlb_entries: int = 8
    walk_cache_entries: int = 4
    btb_entries: int = 16
    hpm_counters: int = 0
    pmp_entries: int = 0
    pmp_csrs: bool = False
    misaligned: bool = False
    reset_pc: int = RAM_BASE
    hart_id: int = 0
    bus_error: tuple[str, ...] = ()
    drop_tlb: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name, least)
            if name in _OPTIONAL and value is None:
                continue
            if not isinstance(value, int) or not least <= value <= most:
                raise ConfigError(f"{name} must be {least} to {most}, not {value!r}")
        if self.btb_entries & (self.btb_entries - 1):
            raise ConfigError(f"btb_entries must be a power of two, not {self.btb_entries}")
        if self.reset_pc % 2:
            raise ConfigError(f"reset_pc must be even, not {self.reset_pc:#x}")
        self._check_injections()

    def _check_injections(self) -> None:
        for name, read in _INJECTIONS.items():
            given = getattr(self, name, ())
            texts = (given,) if isinstance(given, str) else tuple(given)
            if given != texts:
                object.__setattr__(self, name, texts)
            for text in texts:
                try:
                    read(text)
                except InjectionError as error:
                    raise ConfigError(f"{name} {error}") from error
        if len(self.bus_error) > MOST_BUS_ERRORS:
            raise ConfigError(
                f"bus_error must be {MOST_BUS_ERRORS} at most, not {len(self.bus_error)}"
            )
        least = _LEAST_DROP * self.latency
        if 0 < self.drop_tlb < least:
            raise ConfigError(
                f"drop_tlb must be 0 or at least {least}, {_LEAST_DROP} accesses to memory, "
                f"not {self.drop_tlb}"
            )

    @property
    def rom_size(self) -> int:
        """Bytes from `ROM_BASE` on that the hart may fetch."""
        return 0

    def changed(self, **parameters: Any) -> Self:
        """The same with other values of some parameters. Raises ConfigError."""
        known = [each.name for each in fields(self) if each.init]
        unknown = set(parameters) - {*known}
        if unknown:
            raise ConfigError(f"{', '.join(sorted(unknown))} must be one of {', '.join(known)}")
        return replace(self, **parameters)

    def as_json(self) -> dict[str, Any]:
        """The parameters as they stand in the result of a run."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


@dataclass(frozen=True, kw_only=True)
class RunConfig(MachineConfig):
    """Parameters of a program's run under the kernel model: the machine's, and the kernel's.

    Raises ConfigError.

    Attributes
    ----------
    svadu : bool
        The hart updates A and D bits; else the kernel does.
    kernel_cost : str
        What the kernel's work costs in cycles; one of KERNEL_COSTS.
    policy : str
        When the pages of a process get their frames; as `make_policy` of
        `kernel_model.mm.policy` reads it.
    check : bool
        Each time the kernel has answered, all page tables and TLBs are looked through, and the run
        ends in a panic if something is not as it must be. That needs a machine that is `traced`.
    abi : str
        Whose `sbrk` it is: a value of `kernel_model.facts.abi.Abi`, or "auto".
    quantum : int
        Cycles of a process's turn; 0 = until it waits.
    tick : int
        Cycles of the unit of `sleep` and `uptime`.
    stack_pages : int
        Pages that a stack may grow to, when they are touched; below them is the guard page.
    vmprint_exec : bool
        The kernel prints the page table of the first program once it has loaded it.
    disk : Path or None
        What fills the disk: xv6's `fs.img`, or a folder.
    programs : bool
        The bundled programs are on the disk.
    files : tuple of HostFile
        Files of the host that are on the disk, too.
    fail, skip_fence : tuple of str
        Faults that the run is given on command; see `sim.injection`.
    """

    svadu: bool = False
    kernel_cost: str = "ideal"
    policy: str = LAZY
    check: bool = False
    abi: str = AUTO
    quantum: int = QUANTUM
    tick: int = TICK
    stack_pages: int = USERSTACK
    vmprint_exec: bool = False
    disk: Path | None = None
    programs: bool = True
    files: tuple[HostFile, ...] = ()
    fail: tuple[str, ...] = ()
    skip_fence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = {
            "kernel_cost": KERNEL_COSTS,
            "abi": (AUTO, *(abi.value for abi in Abi)),
        }
        for name, allowed in choices.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        if self.check:
            object.__setattr__(self, "traced", True)
        try:
            if not isinstance(self.policy, str):
                raise ConfigError(f"policy must be a name, not {self.policy!r}")
            make_policy(self.policy)
        except PolicyError as error:
            raise ConfigError(str(error)) from error
        if 0 < self.quantum < MIN_QUANTUM:
            raise ConfigError(f"quantum must be 0 or at least {MIN_QUANTUM}, not {self.quantum}")
        if self.reset_pc != KERNBASE:
            raise ConfigError(
                f"reset_pc must be {KERNBASE:#x}, where the kernel's trampoline lies, "
                f"not {self.reset_pc:#x}"
            )


@dataclass(frozen=True, kw_only=True)
class BootConfig(MachineConfig):
    """Parameters of a machine as QEMU's `virt`, on which a kernel is booted.

    Raises ConfigError.

    Attributes
    ----------
    disk : Path or None
        The image that the virtio block device has; without one there is no such device.
    virtio_version : int
        Of that device: 1 is a legacy one, 2 one of today.
    bios : Path or None
        An M-mode program, an ELF, that is entered instead of the kernel.
    raw : int or None
        The kernel is no ELF, but the bytes that lie from this address on, even.
    pmp_entries : int
        8 by default: kernels of today ask for protection before they leave M-mode.
    reset_pc : int
        Not to be given: in ROM, where the code lies that enters the kernel.
    """

    pmp_entries: int = 8
    pmp_csrs: bool = True
    disk: Path | None = None
    virtio_version: int = 2
    bios: Path | None = None
    raw: int | None = None
    reset_pc: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reset_pc", ROM_BASE)
        super().__post_init__()
        if self.raw is not None and self.raw % 2:
            raise ConfigError(f"raw must be even, not {self.raw:#x}")

    @property
    def rom_size(self) -> int:
        return ROM_SIZE


def _plain(value: Any) -> Any:
    """`value` as JSON has it."""
    if isinstance(value, HostFile):
        return f"{value.path}:{value.name}"
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
