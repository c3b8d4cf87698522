"""Copies that go as far as the user's memory does: up to the first page that is not allowed.

xv6 moves the bytes of a pipe and of the console one at a time, and what it has moved counts. Here
they move a page at a time, with the same result.
"""

from hdl.arch import PAGE_SIZE
from kernel_model.mm.usercopy import copyin, copyout

__all__ = ["copyin_part", "copyout_part"]


def copyin_part(kernel, proc, srcva: int, n: int) -> bytes:
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


def copyout_part(kernel, proc, dstva: int, data: bytes) -> int:
    """Store `data` at `dstva` of `proc`; how many of its bytes could be."""
    done = 0
    while done < len(data):
        va = dstva + done
        part = data[done : done + PAGE_SIZE - va % PAGE_SIZE]
        if not copyout(kernel, proc, va, part):
            break
        done += len(part)
    return done
