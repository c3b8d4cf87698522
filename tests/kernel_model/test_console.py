from kernel_model.console import printf
from kernel_model.costs import TABLE, Step
from tests.kernel_model.support import make_kernel


def test_printf_prints_and_is_charged_by_the_character():
    kernel = make_kernel()
    kernel.cycles = 0
    printf(kernel, "panic: x\n")
    assert kernel.console.printed == b"panic: x\n"
    assert kernel.cycles == 9 * TABLE[Step.CONSOLE_CHAR]
