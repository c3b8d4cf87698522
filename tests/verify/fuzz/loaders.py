"""Broken files for the two loaders: of user programs, and of bare-metal ones."""

from random import Random

from hdl.arch import PAGE_SIZE
from kernel_model.calls.elf import ExecError
from kernel_model.calls.exec import kexec
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.kernel import Kernel
from sim.guests.loader import LoadError, load_bare
from sim.host.programs import build_bare, build_program, programs_directory, strip
from sim.platform.ram import Ram
from tests.kernel_model.support import DATA, TEXT, Console, elf_file
from tests.verify.fuzz.damage import damaged
from tests.verify.fuzz.guard import Misbehaved, bounded, one_line
from tests.verify.fuzz.ownership import address_space, audit

__all__ = ["BareLoader", "UserLoader"]

_RAM = 1 << 20
#: Where a program that is loaded shows.
_SHOWN = 2 * PAGE_SIZE


class UserLoader:
    """`exec` in a process that has a program: it gets a new one, or keeps the old one."""

    def __init__(self):
        program = build_program("hello").read_bytes()
        self._sources = [program, strip(program), elf_file(), elf_file(TEXT, DATA, TEXT)]

    def run(self, seed: int) -> str | None:
        """Tries the file of `seed`; what `exec` complained of, or None. Raises `Misbehaved`."""
        random = Random(f"user {seed}")
        elf = damaged(random.choice(self._sources), random)
        kernel = Kernel(Ram(KERNBASE, _RAM), b"", Console())
        kernel.exec(self._sources[-1], ["old"])
        proc = kernel.first
        before = _everything(kernel, proc)
        complaint = None
        with bounded():
            try:
                kexec(kernel, proc, elf, [b"new", b"a"], b"new")
            except ExecError as error:
                complaint = one_line(error)
        audit(kernel)
        if complaint is not None and _everything(kernel, proc) != before:
            raise Misbehaved(f"{complaint!r}, but the old program is not as it was")
        return complaint


def _everything(kernel, proc):
    """All that a failed `exec` must leave as it is."""
    space = address_space(kernel.memory, proc.pagetable)
    frames = {*kernel.kmem._taken}
    frame = kernel.memory.read(proc.trapframe.pa, PAGE_SIZE)
    content = {pa: kernel.memory.read(pa, PAGE_SIZE) for pa in sorted(frames)}
    return frames, space, frame, content, proc.pagetable, proc.sz, proc.space.regions, proc.name


class BareLoader:
    """The loader of bare-metal programs, into RAM that is filled with zeros."""

    def __init__(self):
        from tests.sim.elf import make_elf

        bare = build_bare(programs_directory() / "bench" / "speed.S")
        symbols = {
            "tohost": KERNBASE + 8,
            "fromhost": KERNBASE + 16,
            "begin_signature": KERNBASE,
            "end_signature": KERNBASE + 0x18,
        }
        two = [(KERNBASE, b"\x13\0\0\0", 16), (KERNBASE + 0x2010, b"data", 400)]
        self._sources = [bare.read_bytes(), make_elf(symbols=symbols), make_elf(two, symbols)]

    def run(self, seed: int) -> str | None:
        """Tries the file of `seed`; what was complained of, or None. Raises `Misbehaved`."""
        random = Random(f"bare {seed}")
        elf = damaged(random.choice(self._sources), random)
        ram = Ram(KERNBASE, _RAM)
        with bounded():
            try:
                image = load_bare(elf, ram)
            except LoadError as error:
                if any(ram.bytes[:_SHOWN]):
                    raise Misbehaved(f"{error}, but something was loaded") from error
                return one_line(error)
            try:
                begin, end = image.signature(ram)
            except LoadError as error:
                return one_line(error)
        if not KERNBASE <= begin <= end <= KERNBASE + _RAM:
            raise Misbehaved(f"a signature from {begin:#x} to {end:#x}")
        return None
