"""Runs a check: the command line that all of them have, progress, and the report."""

import argparse
import os
import random
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import closing

from kernel_model.mm.policy import LAZY
from sim.spread.engine import SpreadError
from tests.verify.check import Check, Failure, Tally
from tests.verify.far import FarPool
from tests.verify.pool import Pool

__all__ = ["Run", "main", "run"]


def main(check: type[Check], arguments: Sequence[str]) -> int:
    """Runs `check` as the command does.

    Returns 0 if all agree, 1 if something does not, 2 if nothing can be compared, 130 after Ctrl-C.
    """
    parser = _parser(check)
    options = _parse(parser, arguments, check)
    made = check(options)
    try:
        parts = made.parts()
    except ValueError as error:
        parser.error(str(error))
    except check.unusable as error:
        return _complain(check, error)
    job = Run(made, parts)
    try:
        failures = job.go()
    except (*check.unusable, SpreadError) as error:
        return _complain(check, error)
    except KeyboardInterrupt:
        print(f"{job.summary()}, interrupted", flush=True)
        return 130
    return 1 if failures else 0


def run(check: type[Check], **options) -> dict[str, Tally]:
    """Runs `check` in this process, in silence; returns the tallies of its parts."""
    defaults = {
        "seed": 0,
        "first": 0,
        "cases": check.cases,
        "jobs": 1,
        "only": [],
        "scheduler": None,
    }
    defaults["policy"] = LAZY
    made = check(argparse.Namespace(**(defaults | options)))
    job = Run(made, made.parts(), silent=True)
    job.go()
    return job.tallies


def _complain(check, error):
    print(f"{check.name}: {error}", file=sys.stderr)
    return 2


def _parser(check):
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.verify {check.name}", description=check.__doc__
    )
    if check.cases is not None:
        parser.add_argument("--cases", type=int, default=check.cases, metavar="N", help=check.help)
        parser.add_argument("--seed", type=int, help="by default a new one, which is printed")
        parser.add_argument(
            "--first", type=int, default=0, metavar="N", help="number of the first case"
        )
    parser.add_argument(
        "--jobs", type=int, default=_cores(), metavar="N", help="processes; one a core by default"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="instead of processes the workers of this Dask scheduler, such as tcp://host:8786",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help=f"of {', '.join(check.names)}" if check.names else "those whose name has this in it",
    )
    check.add_options(parser)
    return parser


def _parse(parser, arguments, check):
    options = parser.parse_args(arguments)
    # None compared would be no disagreement.
    for name, least in {"cases": check.least, "seed": 0, "first": 0, "jobs": 1}.items():
        value = getattr(options, name, None)
        if value is not None and value < least:
            parser.error(f"--{name} must be at least {least}, not {value}")
    for name in options.only if check.names else ():
        if name not in check.names:
            parser.error(f"--only must be one of {', '.join(check.names)}, not {name!r}")
    if check.cases is not None and options.seed is None:
        options.seed = random.SystemRandom().getrandbits(32)
    return options


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


class Run:
    """One run of `check`: its `parts` in turn, the tasks of each spread over processes.

    Members
    -------
    tallies : dict
        What each part has shown so far, by its name.
    failures : list of Failure
        Those so far, with those of the whole.
    """

    def __init__(self, check: Check, parts, *, silent: bool = False):
        self._check, self._parts, self._silent = check, parts, silent
        self.tallies = {}
        self.failures = []
        self._start = time.monotonic()

    def go(self) -> list[Failure]:
        """Does it all, and tells."""
        check, pool = self._check, self._pool()
        self._print(f"{check.name}: {check.compares}{self._seed()}")
        with closing(check), pool.running():
            for part in self._parts:
                self._run_part(pool, part)
                if self._ended():
                    break
            else:
                for failure in check.conclude(self.tallies):
                    self._tell(failure, None)
        self._print(self.summary())
        return self.failures

    def _pool(self):
        options = self._check.options
        if options.scheduler is not None:
            return FarPool(self._check, options.scheduler)
        return Pool(self._work, options.jobs)

    def summary(self) -> str:
        """The last line: what was compared, how many, with what outcome, from which seed."""
        cases = sum(tally.cases for tally in self.tallies.values())
        found = len(self.failures)
        outcome = f"{found} disagreement{'s' * (found > 1)}" if found else "no disagreement"
        seconds = time.monotonic() - self._start
        check = self._check
        return f"{check.name}: {cases:,} {check.unit}, {outcome}{self._seed()}, {seconds:.0f} s"

    def _seed(self):
        return "" if self._check.cases is None else f", seed {self._check.options.seed}"

    def _work(self, named):
        return self._check.work(*named)

    def _run_part(self, pool, part):
        check, start = self._check, time.monotonic()
        tally = self.tallies[part.name] = Tally()
        tasks = ((part.name, task) for task in part.tasks)
        for (_, task), result in pool.results(tasks, in_order=check.in_order):
            tally.update(result)
            check.took(part.name, task, result)
            for failure in result.failures:
                self._tell(failure, part.name)
            if self._is_done(part, tally):
                break
            self._progress(part, tally, start)
        self._progress(None, tally, start)
        seconds = time.monotonic() - start
        self._print(f"  {part.name}: {tally.cases:,} {check.unit} in {seconds:.1f} s")
        for line in check.describe(part.name, tally):
            self._print(f"    {line}")

    def _is_done(self, part, tally):
        if self._check.enough is not None and len(tally.failures) >= self._check.enough:
            return True
        return part.cases is not None and tally.cases >= part.cases

    def _ended(self):
        """Where the first failure is enough, it is so for the whole."""
        return self._check.enough == 1 and bool(self.failures)

    def _tell(self, failure, part):
        self.failures.append(failure)
        self._print(f"DISAGREEMENT: {failure.text}")
        if command := self._again(failure, part):
            self._print(f"again: {command}")

    def _again(self, failure, part):
        """The command that shows `failure` again."""
        only = failure.only or (part if part in self._check.names else None)
        if failure.number is None and only is None:
            return ""
        words = ["python", "-m", "tests.verify", self._check.name]
        words += ["--only", only] if only else []
        policy = getattr(self._check.options, "policy", LAZY)
        words += ["--policy", policy] if policy != LAZY else []
        if self._check.cases is not None:
            words += ["--seed", str(self._check.options.seed)]
        if failure.number is not None:
            words += ["--first", str(failure.number), "--cases", "1"]
        return shlex.join(words)

    def _print(self, line):
        if not self._silent:
            print(line, flush=True)

    def _progress(self, part, tally, start):
        """The line of a terminal that says how far `part` is; none between parts."""
        if self._silent or not sys.stderr.isatty():
            return
        if part is None:
            text = "\r\x1b[K"
        else:
            speed = tally.cases / (time.monotonic() - start)
            text = f"\r{part.name}: {tally.cases:,} {self._check.unit}, {speed:,.1f}/s \x1b[K"
        print(text, end="", file=sys.stderr, flush=True)
