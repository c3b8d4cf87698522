"""`python -m tests.verify formal`: proves everything and reports."""

import warnings

from amaranth.hdl import UnusedElaboratable

from tests.verify.check import Check, Failure, Part, Tally
from tests.verify.formal import solver
from tests.verify.formal.proofs import PROOFS
from tests.verify.formal.tlb import TlbProof

__all__ = ["CHECK"]

#: Beside those of the tests the TLB with more entries, which takes minutes.
EVERYTHING = {**PROOFS, "tlb16": lambda: TlbProof(entries=16)}


class Formal(Check):
    """Proves the properties of the MMU, of traps and of CSRs."""

    name = "formal"
    compares = "the MMU's parts, traps and CSRs with their specification"
    unit = "proofs"
    names = tuple(EVERYTHING)
    enough = None
    unusable = (solver.ToolsMissing, solver.ToolFailed)

    def parts(self):
        solver.find()
        return [Part("proofs", [name for name in EVERYTHING if self.wants(name)])]

    def work(self, part, task):
        proof = EVERYTHING[task]()
        with warnings.catch_warnings():
            # Where a proof puts something in the place of a part, that part is never used.
            warnings.simplefilter("ignore", UnusedElaboratable)
            try:
                verdict = solver.check(proof)
            except solver.ToolFailed as error:
                raise solver.ToolFailed(f"{task}: {error}") from error
        properties = set(proof.statements("property"))
        tally = Tally(1, data={task: (_report(task, proof, verdict), properties)})
        if not verdict.proven:
            tally.failures.append(Failure(f"{task} is not proven", only=task))
        return tally

    def took(self, part, task, tally):
        lines, _ = tally.data[task]
        print("\n".join(lines), flush=True)

    def describe(self, part, tally):
        # The larger TLB has the properties of the other one.
        yield f"{len(set().union(*(names for _, names in tally.data.values())))} properties"


def _report(name, proof, verdict):
    """Lines about one proof: its times, what it assumes, and each property with its results."""
    lines = [
        f"{name}: {type(proof).__doc__.splitlines()[0]}",
        f"    base {verdict.base.seconds:.1f} s ({proof.base} cycles), "
        f"step {verdict.step.seconds:.1f} s ({proof.induction}), "
        f"cover {verdict.cover.seconds:.1f} s ({proof.depth}), "
        f"translation {verdict.translation:.1f} s",
    ]
    for sentence in proof.statements("assumption").values():
        lines.append(f"    assuming: {sentence}")
    for property_, sentence in proof.statements("property").items():
        base = _word(verdict.base, property_)
        step = _word(verdict.step, property_)
        cover = "ok" if property_ in verdict.cover.names else "UNREACHED"
        lines.append(f"  {property_:33} base {base}, step {step}, cover {cover}: {sentence}")
    failed = (verdict.base.names | verdict.step.names) & set(proof.statements("invariant"))
    lines += [f"  {invariant:33} an invariant that does NOT hold" for invariant in sorted(failed)]
    return [*lines, ""]


def _word(answer, name):
    """What `answer` says of one property: with another one refuted, nothing is known of it."""
    if answer.passed:
        return "ok"
    return "FAILED" if name in answer.names else "unknown"


CHECK = Formal
