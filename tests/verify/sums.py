"""A check for tests of what carries checks: it adds numbers, and some of them are bad for it."""

import os
import signal
import threading

from tests.verify.check import Check, Failure, Part, Tally


class Missing(Exception):
    """A tool is not there."""


class Sums(Check):
    """Adds numbers. `--bad` says what some of them do: NUMBER:WHAT."""

    name = "sums"
    compares = "numbers with numbers"
    unit = "numbers"
    cases = 100
    names = ("even", "odd")
    unusable = (Missing,)
    enough = None

    known = None

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--bad", nargs="*", default=[])

    def parts(self):
        return [Part(name, self._tasks()) for name in self.names if self.wants(name)]

    def _tasks(self):
        self.known = "found out in time"
        yield from self.numbers(10)

    def state(self):
        return self.known

    def adopt(self, state):
        self.known = state

    def work(self, part, task):
        print("no answer")
        assert threading.current_thread() is threading.main_thread()
        assert self.known == "found out in time"
        bad = dict(each.split(":") for each in self.options.bad)
        failures = []
        for number in task:
            what = bad.get(str(number))
            if what == "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
            if what == "missing":
                raise Missing(f"{number} is not there")
            if what == "wrong":
                failures.append(Failure(f"{number} is wrong", number))
        return Tally(len(task), failures, {sum(task)})

    def describe(self, part, tally):
        yield f"sum {sum(tally.data)}"


CHECK = Sums
