"""What a load or store that is not aligned is made of, where the hart does such accesses.

Part of the golden model: it shares nothing with `hdl`.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.verify.golden.sv39 import Request, Response, respond

__all__ = ["portions", "respond_to_all"]

DOUBLEWORD = 8
MASK = (1 << 64) - 1


def portions(request: Request) -> list[Request]:
    """The one or two requests that `request` is made of, in the order in which they count.

    "Misaligned loads, stores [...] may also be decomposed into multiple accesses": here at the
    boundaries of doublewords.
    """
    q = request
    if q.access not in ("LOAD", "STORE") or q.va % q.size == 0:
        return [q]
    first = min(q.size, DOUBLEWORD - q.va % DOUBLEWORD)
    parts = [replace(q, size=first, part=1)]
    if first < q.size:
        parts.append(replace(q, va=q.va + first & MASK, size=q.size - first, part=1))
    return parts


def respond_to_all(
    request: Request,
    read: Callable[[int], int | None],
    update: Callable[[int, int], None],
) -> list[Response]:
    """The responses to the portions of `request`: all are "ok", or the last one is a fault.

    `update(address, value)` writes the PTE whose A or D is set; `read` shows it from then on.
    """
    responses = []
    for part in portions(request):
        response = respond(part, read)
        if response.kind == "update":
            update(response.leaf, response.written)
            response = respond(part, read)
        assert response.kind != "update", part
        responses.append(response)
        if response.kind != "ok":
            break
    return responses
