"""A disagreement in words: the case, its page table, and both responses side by side."""

from dataclasses import fields

from tests.verify.golden.pmp import NAPOT
from tests.verify.golden.sv39 import Request
from tests.verify.oracle.compare import Disagreement

__all__ = ["describe"]

FLAGS = "VRWXUGAD"


def describe(disagreement: Disagreement) -> str:
    """Several lines about `disagreement`, without a newline at the end."""
    delivery = disagreement.delivery
    case = delivery.case
    lines = [
        f"case      {_number(disagreement.number)} {', '.join(case.bends) or 'not bent'}",
        f"access    {_request(case.request)}",
        f"CSRs      mstatus {delivery.mstatus:#x}, satp {delivery.satp:#x}, "
        f"menvcfg {delivery.menvcfg:#x}",
        f"begins at {delivery.entry:#x}, meant for physical address {case.target:#x}",
        *_protection(case.request.pmp),
        *(f"PTE       {address:#x}: {_pte(pte)}" for address, pte in case.memory.items()),
        f"{'':10}{'golden model':>22}{'Spike':>22}",
    ]
    for field in fields(disagreement.expected):
        expected = getattr(disagreement.expected, field.name)
        actual = getattr(disagreement.actual, field.name)
        if field.name != "ptes":
            lines.append(_row(field.name, expected, actual))
            continue
        for address, *ptes in zip(case.memory, expected, actual, strict=True):
            lines.append(_row(f"PTE at {address:#x}", *ptes))
    return "\n".join(lines)


def _row(name, expected, actual):
    row = f"{name:<10}{expected:>#22x}{actual:>#22x}"
    return row if expected == actual else f"{row}  <--"


def _number(number):
    return "(shrunk)" if number is None else f"number {number:,}:"


def _request(request):
    """The access and its address; of the rest what is not as in any `Request`."""
    plain = Request(0)
    others = [
        f"{field.name.removesuffix('_')}={getattr(request, field.name)}"
        for field in fields(request)
        if field.name not in ("va", "access", "size", "root", "asid", "pmp")
        and getattr(request, field.name) != getattr(plain, field.name)
    ]
    what = f"{request.access} of {request.size} bytes at {request.va:#x} in {request.priv}-mode"
    return f"{what} {' '.join(others)}".rstrip()


def _protection(pmp):
    """A line for each entry of memory protection that is on."""
    for number, (cfg, address) in enumerate(zip(pmp.cfg, pmp.addr, strict=True)):
        if cfg & NAPOT:
            yield f"PMP {number}     {cfg:#04x} {address:#x}, that is {address << 2:#x}"


def _pte(pte):
    flags = "".join(name for i, name in enumerate(FLAGS) if pte >> i & 1) or "no flags"
    high = f", bits 63 to 54 {pte >> 54:#x}" if pte >> 54 else ""
    return f"{pte:#018x} (frame {pte >> 10 & (1 << 44) - 1:#x}, {flags}{high})"
