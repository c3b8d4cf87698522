import pytest

from kernel_model.dev.printf import print_pagetable, printf
from kernel_model.facts.costs import Step
from kernel_model.mm.peek import vmprint
from tests.kernel_model.files import make_files
from tests.kernel_model.support import make_hart
from tests.kernel_model.tables import charged


@pytest.fixture
def kernel():
    return make_files()


@pytest.mark.parametrize("text", ["", "\n", "panic: x\n", "50% of %d {}\n"])
def test_a_message_is_printed_as_it_is(kernel, text):
    printf(kernel, text)
    assert kernel.console.printed == text.encode()


def test_messages_follow_each_other(kernel):
    for text in ("one\n", "two"):
        printf(kernel, text)
    assert kernel.console.printed == b"one\ntwo"


def test_bytes_of_a_name_that_are_no_utf_8_are_printed_again(kernel):
    name = b"caf\xe9\xff".decode(errors="surrogateescape")
    printf(kernel, name)
    assert kernel.console.printed == b"caf\xe9\xff"


@pytest.mark.parametrize("data", [b"", b"panic: x\n", "café �".encode(), b"caf\xe9"])
def test_a_message_costs_what_a_process_pays_for_the_same_bytes(kernel, data):
    characters = charged(kernel, Step.CONSOLE_CHAR)
    printf(kernel, data.decode(errors="surrogateescape"))
    assert characters() == len(data)


def test_a_page_table_is_printed_in_the_format_of_the_lab():
    hart = make_hart()
    print_pagetable(hart.kernel, hart.proc.space)
    lines = vmprint(hart.kernel.memory, hart.proc.pagetable, letters=False)
    assert hart.kernel.console.printed.decode().splitlines() == list(lines)
