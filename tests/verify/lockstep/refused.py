"""What memory protection alone has refused, as the golden model sees it, is counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hdl.arch import Cause
from tests.verify.golden.pmp import Pmp
from tests.verify.golden.sv39 import Request
from tests.verify.lockstep.early import context_of, settle
from tests.verify.lockstep.reference import Reference

__all__ = ["count_refused"]

_KINDS = {Cause.FETCH_ACCESS: "FETCH", Cause.LOAD_ACCESS: "LOAD", Cause.STORE_ACCESS: "STORE"}


def count_refused(counts: Counter, spike: Reference, fields: Mapping[str, int]) -> None:
    """Counts the access fault of a record by its kind, if without protection there were none.

    `spike` stands before the instruction. "walk" counts those of page tables besides.
    """
    if not spike.pmp_entries or not fields["trap"] or fields["cause"] not in _KINDS:
        return
    kind = _KINDS[fields["cause"]]
    request = Request(fields["tval"], kind, **context_of(spike))
    refused = settle(spike, request)
    if refused.kind == "access" and settle(spike, replace(request, pmp=Pmp(0))).kind == "ok":
        counts[kind] += 1
        counts["walk"] += not refused.pa
