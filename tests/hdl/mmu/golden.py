"""One Sv39 translation in plain Python, step by step as the privileged specification numbers them.

It shares nothing with `hdl`: not even the constants. Physical memory attributes are those of the
default `Pma`: 128 MiB of RAM at 0x8000_0000, devices everywhere else.
"""

from dataclasses import dataclass

__all__ = ["Answer", "Question", "ask"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
PAGESIZE = 4096
PTESIZE = 8
#: Accesses as (reads, writes, executes, is atomic).
ACCESSES = {
    "FETCH": (0, 0, 1, 0),
    "LOAD": (1, 0, 0, 0),
    "STORE": (0, 1, 0, 0),
    "LR": (1, 0, 0, 1),
    "SC": (0, 1, 0, 1),
    "AMO": (1, 1, 0, 1),
}


@dataclass(frozen=True)
class Question:
    """An access and all the state that it is subject to."""

    va: int
    access: str = "LOAD"
    priv: str = "S"
    sv39: int = 1
    root: int = 0x80000
    asid: int = 0
    sum_: int = 0
    mxr: int = 0
    adue: int = 0


@dataclass(frozen=True)
class Answer:
    """`kind` is "ok", "page", "access" or "update".

    `reads` are the addresses of the PTEs that were read, `leaf` and `written` the PTE that an
    update finds and leaves behind.
    """

    kind: str
    pa: int = 0
    device: bool = False
    reads: tuple = ()
    leaf: int = 0
    written: int = 0


def is_ram(address):
    return 0x8000_0000 <= address < 0x8800_0000


def ask(question, read):
    """The answer to `question` without any cache; `read(address)` is a PTE, or None if refused."""
    q = question
    if q.priv == "M" or not q.sv39:
        if q.va >> 56:
            return Answer("access")
        return _final(q, q.va, ())

    # "... bits 63-39 must all be equal to bit 38, or else a page-fault exception occurs."
    if q.va >> 38 not in (0, (1 << 26) - 1):
        return Answer("page")

    reads, writes, executes, _ = ACCESSES[q.access]
    trail = []
    # 1. Let a be satp.ppn x PAGESIZE, and let i = LEVELS - 1.
    a, i = q.root * PAGESIZE, 2
    while True:
        # 2. Let pte be the value of the PTE at address a + va.vpn[i] x PTESIZE. If accessing pte
        #    violates a PMA or PMP check, raise an access fault of the original access type.
        address = a + (q.va >> (12 + 9 * i) & 511) * PTESIZE
        if not is_ram(address):
            return Answer("access", reads=tuple(trail))
        trail.append(address)
        pte = read(address)
        if pte is None:
            return Answer("access", reads=tuple(trail))
        page_fault = Answer("page", reads=tuple(trail))
        # 3. If pte.v = 0, or if pte.r = 0 and pte.w = 1, or if any bits or encodings that are
        #    reserved for future standard use are set within pte, stop and raise a page fault.
        if not pte & V or (pte & W and not pte & R) or pte >> 54:
            return page_fault
        # 4. If pte.r = 1 or pte.x = 1, go to step 5. Otherwise, this PTE is a pointer to the next
        #    level. Let i = i - 1. If i < 0, stop and raise a page fault. (D, A and U of a
        #    non-leaf PTE are reserved.) Otherwise, let a = pte.ppn x PAGESIZE and go to step 2.
        if pte & (R | X):
            break
        if pte & (D | A | U) or i == 0:
            return page_fault
        i -= 1
        a = (pte >> 10 & (1 << 44) - 1) * PAGESIZE

    # 5. A leaf PTE has been found. Determine if the requested access is allowed by pte.u, given
    #    the current privilege mode and SUM.
    if q.priv == "U" and not pte & U:
        return page_fault
    if q.priv == "S" and pte & U and (executes or not q.sum_):
        return page_fault
    # 6. Determine if the access is allowed by pte.r, pte.w and pte.x, given MXR.
    if executes and not pte & X:
        return page_fault
    if reads and not (pte & R or (q.mxr and pte & X)):
        return page_fault
    if writes and not pte & W:
        return page_fault
    # 7. If i > 0 and pte.ppn[i-1:0] != 0, this is a misaligned superpage.
    ppn = pte >> 10 & (1 << 44) - 1
    if ppn % (1 << 9 * i):
        return page_fault
    # 9. If pte.a = 0, or if the original access is a store and pte.d = 0: Svade raises a page
    #    fault; else compare and set A, and D for a store.
    needed = A | (D if writes else 0)
    if pte & needed != needed:
        if not q.adue:
            return page_fault
        return Answer("update", reads=tuple(trail), leaf=address, written=pte | needed)
    # 10. pa.pgoff = va.pgoff; if i > 0, pa.ppn[i-1:0] = va.vpn[i-1:0].
    size = PAGESIZE << 9 * i
    return _final(q, ppn * PAGESIZE + q.va % size, tuple(trail))


def _final(q, pa, trail):
    """The physical memory attributes of the translated address."""
    _, _, executes, atomic = ACCESSES[q.access]
    device = not is_ram(pa)
    if device and (executes or atomic):
        return Answer("access", reads=trail)
    return Answer("ok", pa, device, reads=trail)
