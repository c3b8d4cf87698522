"""Proves everything and reports: `python -m tests.verify.formal [PROOF...]`."""

import argparse
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

from amaranth.hdl import UnusedElaboratable

from tests.verify.formal import solver
from tests.verify.formal.proofs import PROOFS
from tests.verify.formal.tlb import TlbProof

#: Proofs that run at once; each has one process at a time.
WORKERS = 2


def main(arguments: list[str]) -> int:
    """Proves what `arguments` name, or all; returns 0, 1 if not all hold, 2 if a tool fails."""
    everything = {**PROOFS, "tlb16": lambda: TlbProof(entries=16)}
    parser = argparse.ArgumentParser(prog="python -m tests.verify.formal", description=__doc__)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=", ".join(everything))
    names = parser.parse_args(arguments).proofs or list(everything)
    unknown = [name for name in names if name not in everything]
    if unknown:
        parser.error(f"there is no proof {unknown[0]!r}; there are {', '.join(everything)}")
    try:
        solver.find()
    except solver.ToolsMissing as missing:
        print(f"formal: {missing}", file=sys.stderr)
        return 2
    # Where a proof puts something in the place of a part, that part is never used.
    warnings.simplefilter("ignore", UnusedElaboratable)
    start = time.perf_counter()
    proofs = [everything[name]() for name in names]
    proven, properties = True, set()
    with ThreadPoolExecutor(WORKERS) as pool:
        verdicts = [pool.submit(solver.check, proof) for proof in proofs]
        for name, proof, verdict in zip(names, proofs, verdicts, strict=True):
            try:
                result = verdict.result()
            except solver.ToolFailed as error:
                pool.shutdown(wait=False, cancel_futures=True)
                print(f"formal: {name}: {error}", file=sys.stderr)
                return 2
            report(name, proof, result)
            proven &= result.proven
            properties |= set(proof.statements("property"))
    words = "all proven" if proven else "NOT all proven"
    print(f"{len(properties)} properties in {len(proofs)} proofs, {words}, ", end="")
    print(f"in {time.perf_counter() - start:.0f} s")
    return 0 if proven else 1


def report(name, proof, verdict):
    """Prints one proof: its times, what it assumes, and each property with its results."""
    print(f"{name}: {type(proof).__doc__.splitlines()[0]}")
    print(
        f"    base {verdict.base.seconds:.1f} s ({proof.base} cycles), "
        f"step {verdict.step.seconds:.1f} s ({proof.induction}), "
        f"cover {verdict.cover.seconds:.1f} s ({proof.depth}), "
        f"translation {verdict.translation:.1f} s"
    )
    for sentence in proof.statements("assumption").values():
        print(f"    assuming: {sentence}")
    for property_, sentence in proof.statements("property").items():
        base = _word(verdict.base, property_)
        step = _word(verdict.step, property_)
        cover = "ok" if property_ in verdict.cover.names else "UNREACHED"
        print(f"  {property_:33} base {base}, step {step}, cover {cover}: {sentence}")
    failed = (verdict.base.names | verdict.step.names) & set(proof.statements("invariant"))
    for invariant in sorted(failed):
        print(f"  {invariant:33} an invariant that does NOT hold")
    print()


def _word(answer, name):
    """What `answer` says of one property: with another one refuted, nothing is known of it."""
    if answer.passed:
        return "ok"
    return "FAILED" if name in answer.names else "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
