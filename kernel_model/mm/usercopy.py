"""Copying between the kernel and a process's memory, which may wait for its frames.

A user's pointer is worth nothing before it is checked: each page in turn must be mapped, the
user's, and readable or writable as the copy needs. A page that waits for its frame gets it, as if
the process itself had touched it. No copy changes anything on a page it is not allowed to.

xv6 moves the bytes of a pipe and of the console one at a time, and what it has moved counts. Here
they move a page at a time by `copyin_part` and `copyout_part`, with the same result.
"""

from collections.abc import Iterator

from hdl.arch import PAGE_SIZE, Cause, Pte, page_round_down
from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import MAXVA
from kernel_model.mm.areas import mark_stored
from kernel_model.mm.pagetable import find, frame_of
from kernel_model.mm.served import Decision, ServedFault, Via
from kernel_model.mm.state import MemoryState, User

__all__ = ["copyin", "copyin_part", "copyinstr", "copyout", "copyout_part"]

_V = int(Pte.V)
_U = int(Pte.U)
_W = int(Pte.W)
_X = int(Pte.X)
_D = int(Pte.D)
_RWX = int(Pte.R | Pte.W | Pte.X)
_USER_READ = int(Pte.V | Pte.U | Pte.R)
_USER_WRITE = int(Pte.V | Pte.U | Pte.W)


def copyin(kernel: MemoryState, proc: User, srcva: int, n: int) -> bytes | None:
    """The `n` bytes at `srcva` of `proc`; None if one of them cannot be read."""
    parts = []
    for pa, chunk in _pages(kernel, proc, srcva, n, _USER_READ):
        if pa == 0:
            return None
        parts.append(kernel.memory.read(pa, chunk))
    return b"".join(parts)


def copyout(kernel: MemoryState, proc: User, dstva: int, data: bytes) -> bool:
    """Store `data` at `dstva` of `proc`; False if a byte cannot be written.

    What lies on the pages before that byte's has been written then, as in xv6.
    """
    done = 0
    for pa, chunk in _pages(kernel, proc, dstva, len(data), _USER_WRITE):
        if pa == 0:
            return False
        kernel.memory.write(pa, data[done : done + chunk])
        done += chunk
    return True


def copyinstr(kernel: MemoryState, proc: User, srcva: int, limit: int) -> bytes | None:
    """The string at `srcva` of `proc`, without its NUL.

    None if a byte cannot be read before the NUL comes, or if none comes within `limit` bytes.
    """
    parts = []
    for pa, chunk in _pages(kernel, proc, srcva, limit, _USER_READ, string=True):
        if pa == 0:
            return None
        part, nul, _ = kernel.memory.read(pa, chunk).partition(b"\0")
        parts.append(part)
        if nul:
            return b"".join(parts)
    return None


def copyin_part(kernel: MemoryState, proc: User, srcva: int, n: int) -> bytes:
    """The bytes at `srcva` of `proc`, `n` or as many as can be read."""
    parts = []
    while n > 0:
        chunk = min(n, PAGE_SIZE - srcva % PAGE_SIZE)
        part = copyin(kernel, proc, srcva, chunk)
        if part is None:
            break
        parts.append(part)
        srcva += chunk
        n -= chunk
    return b"".join(parts)


def copyout_part(kernel: MemoryState, proc: User, dstva: int, data: bytes) -> int:
    """Store `data` at `dstva` of `proc`; how many of its bytes could be."""
    done = 0
    while done < len(data):
        va = dstva + done
        part = data[done : done + PAGE_SIZE - va % PAGE_SIZE]
        if not copyout(kernel, proc, va, part):
            break
        done += len(part)
    return done


def _pages(
    kernel: MemoryState, proc: User, va: int, n: int, need: int, string: bool = False
) -> Iterator[tuple[int, int]]:
    """Split `n` bytes at `va` at page boundaries: yield (physical address or 0, bytes)."""
    while n > 0:
        offset = va % PAGE_SIZE
        chunk = min(n, PAGE_SIZE - offset)
        frame = _userpage(kernel, proc, va, need, string)
        kernel.charge(Step.PIECE)
        kernel.charge(Step.COPY, (chunk + 7) // 8)
        yield (frame + offset if frame else 0), chunk
        # No wrap at 2**64 comes through: the addresses from MAXVA up stop the copy before it.
        va += chunk
        n -= chunk


def _userpage(kernel: MemoryState, proc: User, va: int, need: int, string: bool) -> int:
    """The frame of the page that holds `va` if its flags have all of `need`, else 0."""
    if va >= MAXVA:
        return 0
    pte, level = find(kernel, proc.space.root, va)
    if pte & _V == 0:
        return _fault_in(kernel, proc, va, need, string)
    if pte & need != need:
        # What its owner may write, and is not writable, is shared; the size has been looked at when
        # the page came.
        shared = need == _USER_WRITE and pte & _U and _may_write(proc, va)
        return _fault_in(kernel, proc, page_round_down(va), need, string) if shared else 0
    if need == _USER_WRITE:
        if pte & _X:
            kernel.wrote_code = True
        if not pte & _D:
            mark_stored(kernel, proc.space, va)
    return frame_of(pte, level, va)


def _may_write(proc: User, va: int) -> bool:
    """The page of `va` is in a region that has W."""
    region = proc.space.regions.at(va)
    return region is not None and bool(region.rights & _W)


def _fault_in(kernel: MemoryState, proc: User, va: int, need: int, string: bool) -> int:
    """The frame that the policy gives the page, recorded as a fault; 0 if it gives none.

    The copies of the release of 2025 round the address down before `vmfault` compares it with the
    size (kernel/vm.c: `vmfault(pagetable, va0, 0)`): a byte past the size, on a page that begins
    below it, can be copied. Its `copyinstr` maps nothing, and so cannot read such a string either.
    """
    rounds = proc.abi is Abi.RELEASE_2025 and not string
    touched = page_round_down(va) if rounds else va
    outcome = kernel.policy.copy(kernel, proc.space, touched, need & _RWX)
    if outcome.decision is Decision.MAPPED:
        writes = need == _USER_WRITE
        via = Via.COPYOUT if writes else Via.COPYIN
        cause = Cause.STORE_PAGE if writes else Cause.LOAD_PAGE
        kernel.record(
            proc,
            ServedFault(
                pid=proc.pid,
                name=proc.name,
                pc=None,
                cause=cause,
                stval=va,
                via=via,
                outcome=outcome,
            ),
        )
    return outcome.frame
