import pytest

from sim.bench.losses import CAUSES, Losses
from sim.bench.runs import bare_run
from sim.config import MachineConfig
from sim.host.programs import build_bare

#: What is lost in one pass over code that was never run before, each target at the start of a word.
PROGRAM = """
.option norvc
.globl _start, tohost
.macro there
  nop
  .balign 8
1:
.endm
.balign 8
_start:
  la sp, tohost
{body}
  li a0, 1
  sd a0, 0(sp)
2: j 2b
.section .tohost, "aw"
tohost: .dword 0, 0
"""
BODIES = {
    "branches": ("beq zero, zero, 1f\n there", 3),
    "calls": ("jal ra, 1f\n there", 3),
    "returns": ("la ra, 1f\n jr ra\n there", 3),
    "jumps": ("j 1f\n there", 3),
    "load-use": ("ld a0, 8(sp)\n addi a0, a0, 1", 1),
    # A zero dividend takes three cycles more, and who reads the quotient another one.
    "mul, div": ("div a0, zero, sp\n addi a0, a0, 1", 4),
    # An instruction in two words, of which only the first one is there.
    "fetch": ("j 1f\n .balign 8\n .option rvc\n" + " nop\n" * 3 + " .option norvc\n1: nop", 1),
}


def losses_of(body, folder):
    source = folder / "x.S"
    source.write_text(PROGRAM.format(body=body))
    config = MachineConfig(engine="native", fast_forward=False, traced=True)
    run, losses = bare_run(build_bare(source), config), Losses()
    run.session.watchers.append(losses)
    run.start()
    assert losses.cycles == run.machine.engine.cycle
    assert losses.instructions == run.machine.engine.log.instructions
    assert losses.instructions + sum(losses.lost.values()) == losses.cycles
    assert set(losses.lost) <= set(CAUSES)
    return losses.lost


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    return losses_of("", tmp_path_factory.mktemp("nothing"))


def test_a_small_product_costs_who_reads_it_at_once(nothing, tmp_path):
    assert losses_of("mul a0, a1, a1\n nop\n addi a0, a0, 1", tmp_path) == nothing
    lost = losses_of("mul a0, a1, a1\n addi a0, a0, 1", tmp_path)
    assert lost - nothing == {"mul, div": 1}


@pytest.mark.parametrize("cause", BODIES)
def test_each_cause_is_charged_with_its_own(cause, nothing, tmp_path):
    body, cycles = BODIES[cause]

    lost = losses_of(body, tmp_path)
    assert lost[cause] - nothing[cause] == cycles
