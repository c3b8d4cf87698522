"""One access under Sv39 in plain Python, step by step as the privileged specification numbers them.

This is the golden model. It shares nothing with `hdl` or `kernel_model`: not even the constants.
Physical memory attributes are those of the default `Pma`: 128 MiB of RAM at 0x8000_0000, devices
everywhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.verify.golden import pmp as protection

__all__ = ["ACCESSES", "Request", "Response", "is_ram", "respond"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
LEVELS = 3
PAGESIZE = 4096
PTESIZE = 8
PPN = (1 << 44) - 1
#: Accesses as (reads, writes, executes, is atomic).
ACCESSES = {
    "FETCH": (0, 0, 1, 0),
    "LOAD": (1, 0, 0, 0),
    "STORE": (0, 1, 0, 0),
    "LR": (1, 0, 0, 1),
    "SC": (0, 1, 0, 1),
    "AMO": (1, 1, 0, 1),
}
#: Exception codes of a fetch, of what only reads, and of what writes ("Machine Cause Register").
CAUSES = {"misaligned": (0, 4, 6), "access": (1, 5, 7), "page": (12, 13, 15)}


@dataclass(frozen=True)
class Request:
    """An access and all the state that it is subject to.

    `va` is its 64-bit address, `size` its bytes if alignment matters, `access` a key of `ACCESSES`.
    `priv` is the current privilege mode: "U", "S" or "M". `mprv`, `mpp`, `sum_` and `mxr` are in
    mstatus; `sv39` (MODE is not Bare), `asid` and `root` (PPN) in satp; `adue` in menvcfg. `pmp` is
    the physical memory protection, to which a fetch is one of 2 bytes. A `part` is a portion of a
    misaligned access of a hart that does such: `size` is any up to 8, and it works in RAM only.
    """

    va: int
    access: str = "LOAD"
    priv: str = "S"
    sv39: int = 1
    root: int = 0x80000
    asid: int = 0
    sum_: int = 0
    mxr: int = 0
    adue: int = 0
    mprv: int = 0
    mpp: str = "U"
    size: int = 1
    part: int = 0
    pmp: protection.Pmp = field(default_factory=lambda: protection.Pmp(0), hash=False)


@dataclass(frozen=True)
class Response:
    """`kind` is "ok", "misaligned", "page", "access" or "update".

    `pa` is the physical address, if there was one, and `device` says that it is no RAM. `reads` are
    the addresses of the PTEs that were read. `leaf` and `written` are the address and the new value
    of the PTE whose A or D an update sets; then the access asks again. `cause` and `tval` are what
    a fault leaves in the CSRs.
    """

    kind: str
    pa: int = 0
    device: bool = False
    reads: tuple[int, ...] = ()
    leaf: int = 0
    written: int = 0
    cause: int | None = None
    tval: int = 0


class _Fault(Exception):
    """The access ends in a fault of this kind."""


def is_ram(address: int) -> bool:
    """Whether RAM is at a physical `address`: it alone holds page tables, code and atomics."""
    return 0x8000_0000 <= address < 0x8800_0000


def respond(request: Request, read: Callable[[int], int | None]) -> Response:
    """The response to `request` without any cache; `read(address)` is a PTE, or None if refused."""
    q, trail, pa = request, [], 0
    try:
        # "Synchronous exception priority": misaligned data may come before translation or after
        # it. This hart takes it before, as Spike does.
        if q.access != "FETCH" and not q.part and q.va % q.size:
            raise _Fault("misaligned")
        if not q.sv39 or _effective_privilege(q) == "M":
            pa = q.va
        else:
            _check_canonical(q)
            pte, address, i = _walk(q, read, trail)
            _check_leaf(q, pte, i)
            updated = _accessed_and_dirty(q, pte)
            if updated != pte:
                _check_protection(q, address, PTESIZE, protection.W, "S")
                return Response("update", reads=tuple(trail), leaf=address, written=updated)
            pa = _compose(q, pte, i)
        device = _check_attributes(q, pa)
        _check_protection(q, pa, q.size, _permission(q), _effective_privilege(q))
    except _Fault as fault:
        (kind,) = fault.args
        cause = CAUSES[kind][0 if q.access == "FETCH" else 1 + ACCESSES[q.access][1]]
        return Response(kind, pa, reads=tuple(trail), cause=cause, tval=q.va)
    return Response("ok", pa, device, tuple(trail))


def _effective_privilege(q):
    """With MPRV=1 "load and store memory addresses are translated and protected [...] as though
    the current privilege mode were set to MPP"; fetches are unaffected."""
    return q.mpp if q.mprv and q.access != "FETCH" else q.priv


def _check_canonical(q):
    """Of a virtual address, "bits 63-39 must all be equal to bit 38, or else a page-fault exception
    will occur"."""
    if q.va >> 38 not in (0, (1 << 26) - 1):
        raise _Fault("page")


def _walk(q, read, trail):
    """Steps 1 to 4: the leaf PTE, its address and its level; appends to `trail` what was read."""
    # 1. Let a be satp.ppn x PAGESIZE, and let i = LEVELS - 1.
    a, i = q.root * PAGESIZE, LEVELS - 1
    while True:
        # 2. Let pte be the value of the PTE at address a + va.vpn[i] x PTESIZE. If accessing pte
        #    violates a PMA or PMP check, raise an access fault of the original access type.
        address = a + (q.va >> (12 + 9 * i) & 511) * PTESIZE
        if not is_ram(address):
            raise _Fault("access")
        _check_protection(q, address, PTESIZE, protection.R, "S")
        trail.append(address)
        pte = read(address)
        if pte is None:
            raise _Fault("access")
        # 3. If pte.v = 0, or if pte.r = 0 and pte.w = 1, or if any bits or encodings that are
        #    reserved for future standard use are set within pte, stop and raise a page fault.
        #    (Without Svnapot and Svpbmt, bits 63-54 are such.)
        if not pte & V or (pte & W and not pte & R) or pte >> 54:
            raise _Fault("page")
        # 4. If pte.r = 1 or pte.x = 1, go to step 5. Otherwise, this PTE is a pointer to the next
        #    level. Let i = i - 1. If i < 0, stop and raise a page fault. Otherwise, let a =
        #    pte.ppn x PAGESIZE and go to step 2. ("For non-leaf PTEs, the D, A, and U bits are
        #    reserved for future standard use.")
        if pte & (R | X):
            return pte, address, i
        if pte & (D | A | U) or i == 0:
            raise _Fault("page")
        i -= 1
        a = (pte >> 10 & PPN) * PAGESIZE


def _check_leaf(q, pte, i):
    """Steps 5 to 8: whether this leaf allows the access."""
    reads, writes, executes, _ = ACCESSES[q.access]
    priv = _effective_privilege(q)
    # 5. If i > 0 and pte.ppn[i-1:0] != 0, this is a misaligned superpage.
    # 6. Determine if the access is allowed by pte.u, given the privilege mode, SUM and MXR.
    #    ("[...] the supervisor may not execute code on pages with U=1", whatever SUM is.)
    # 7. is about shadow stacks, which this hart has not.
    # 8. Determine if the access is allowed by pte.r, pte.w and pte.x. (MXR: "loads from pages
    #    marked either readable or executable will succeed". An AMO reads and writes.)
    if (
        (pte >> 10 & PPN) % (1 << 9 * i)
        or (priv == "U" and not pte & U)
        or (priv == "S" and pte & U and (executes or not q.sum_))
        or (executes and not pte & X)
        or (reads and not (pte & R or (q.mxr and pte & X)))
        or (writes and not pte & W)
    ):
        raise _Fault("page")


def _accessed_and_dirty(q, pte):
    """Step 9: the PTE with the bits A and D that the access needs."""
    # 9. If pte.a = 0, or if the original access is a store and pte.d = 0: Svade raises a page
    #    fault; else compare pte with memory and set A, and D for a store, atomically.
    needed = A | (D if ACCESSES[q.access][1] else 0)
    if pte & needed != needed and not q.adue:
        raise _Fault("page")
    return pte | needed


def _compose(q, pte, i):
    """Step 10: pa.pgoff = va.pgoff; if i > 0, pa.ppn[i-1:0] = va.vpn[i-1:0]."""
    return (pte >> 10 & PPN) * PAGESIZE + q.va % (PAGESIZE << 9 * i)


def _check_attributes(q, pa):
    """Physical memory attributes of the translated address: returns whether it is a device."""
    _, _, executes, atomic = ACCESSES[q.access]
    device = not is_ram(pa)
    if pa >> 56 or (device and (executes or atomic or q.part)):
        raise _Fault("access")
    return device


def _permission(q):
    """What the access needs of an entry of physical memory protection."""
    reads, writes, executes, _ = ACCESSES[q.access]
    return protection.R * reads | protection.W * writes | protection.X * executes


def _check_protection(q, address, size, permission, mode):
    """Physical memory protection; "page-table accesses [...] the effective privilege mode is S"."""
    if not q.pmp.permits(address, 2 if permission == protection.X else size, permission, mode):
        raise _Fault("access")
