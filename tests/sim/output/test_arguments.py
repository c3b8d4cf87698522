"""Arguments and results of calls as people read them, from what lies in a process's memory."""

import re
from struct import pack

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.abi import Abi, Syscall
from sim.host.programs import programs_directory
from sim.output.arguments import Call
from tests.kernel_model.support import make_hart

CREATE, TRUNC = 0x200, 0x400
TOP = (1 << 64) - 1


class Process:
    """A process with a heap of pages that were never touched, but for the first: `page`."""

    def __init__(self, **options):
        self.hart = make_hart(**options)
        self.hart.sbrk(8 * PAGE_SIZE)
        self.page = self.put(self.hart.heap, b"\0")
        self.end = self.hart.proc.sz

    def put(self, va, data):
        return self.hart.put(va, data)

    def call(self, name, *arguments, result=None):
        registers = [value & TOP for value in (*arguments, *[0] * 6)][:6]
        number = Syscall[name.upper()]
        return Call(self.hart.kernel, self.hart.proc, number, tuple(registers), result)

    def told(self, name, *arguments, result=0):
        """All arguments of a call that has ended."""
        call = self.call(name, *arguments, result=result)
        return ", ".join(call.arguments_before() + call.arguments_after())


@pytest.fixture
def process():
    return Process()


def pointers(*addresses):
    return pack(f"<{len(addresses)}Q", *addresses)


class TestCalls:
    @pytest.mark.parametrize("number", Syscall)
    def test_a_call_has_its_name(self, process, number):
        call = Call(process.hart.kernel, process.hart.proc, number, (0,) * 6)
        assert call.name == number.name.lower()

    @pytest.mark.parametrize("number", [0, 22, -1])
    def test_one_that_is_unknown_has_its_number_and_no_arguments(self, process, number):
        call = Call(process.hart.kernel, process.hart.proc, number, (1,) * 6, -1)
        assert call.name == f"syscall_{number}"
        assert call.arguments_before() == call.arguments_after() == []

    @pytest.mark.parametrize("number", Syscall)
    def test_it_has_as_many_arguments_as_the_user_library_gives_it(self, number):
        header = (programs_directory() / "lib" / "user.h").read_text()
        name = number.name.lower().replace("sbrk", "sbrk2")
        arguments = re.search(rf"\b{name}\((.*)\);", header)[1].replace("void", "", 1)

        call = Process(abi="2025").call(number.name, result=-1)

        told = call.arguments_before() + call.arguments_after()
        assert len(told) == len([one for one in arguments.split(",") if one])


class TestNumbers:
    @pytest.mark.parametrize(
        "register, text",
        [(0, "0"), (7, "7"), (TOP, "-1"), (1 << 31, "-2147483648"), (1 << 32, "0")],
    )
    def test_an_int_has_32_bits_and_a_sign(self, process, register, text):
        assert process.told("kill", register) == text

    @pytest.mark.parametrize(
        "flags, text",
        [
            (0, "O_RDONLY"),
            (1, "O_WRONLY"),
            (2, "O_RDWR"),
            (3, "3"),
            (CREATE | 1, "O_WRONLY|O_CREATE"),
            (CREATE | TRUNC | 2, "O_RDWR|O_CREATE|O_TRUNC"),
            (0x1000, "O_RDONLY|0x1000"),
            (-1, "3|O_CREATE|O_TRUNC|0xfffff9fc"),
        ],
    )
    def test_flags_are_spelled_out(self, process, flags, text):
        assert process.told("open", process.page, flags) == f'"", {text}'

    def test_a_result_is_a_number_and_an_address_hexadecimal(self, process):
        assert process.call("read", result=-1).result_in_words() == "-1"
        assert process.call("read", result=33).result_in_words() == "33"
        assert process.call("sbrk", result=0xA000_0000).result_in_words() == "0xa0000000"
        assert process.call("sbrk", result=0).result_in_words() == "0x0"
        assert process.call("sbrk", result=-1).result_in_words() == "-1"
        assert process.call("mmap", result=0x3FFFFFD000).result_in_words() == "0x3fffffd000"
        assert process.call("mmap", result=-1).result_in_words() == "-1"

    @pytest.mark.parametrize(
        "prot, flags, text",
        [
            (3, 0x01, "PROT_READ|PROT_WRITE, MAP_SHARED"),
            (8, 0x02, "0x8, MAP_PRIVATE"),
            (5, 0x22, "PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS"),
            (0, 0, "PROT_NONE, 0x0"),
            (8, 0x41, "0x8, MAP_SHARED|0x40"),
        ],
    )
    def test_bits_of_an_area_are_spelled_out(self, process, prot, flags, text):
        told = process.told("mmap", 0, 8192, prot, flags, -1, 4096)
        assert told == f"NULL, 8192, {text}, -1, 4096"

    @pytest.mark.parametrize(
        "abi, kind, text",
        [
            (Abi.LAB, 1, "-4096"),
            (Abi.RELEASE_2025, 1, "-4096, SBRK_EAGER"),
            (Abi.RELEASE_2025, 2, "-4096, SBRK_LAZY"),
            (Abi.RELEASE_2025, 9, "-4096, 9"),
            (Abi.RELEASE_2025, -3, "-4096, -3"),
        ],
    )
    def test_sbrk_is_that_of_the_edition(self, abi, kind, text):
        assert Process(abi=abi.value).told("sbrk", -4096, kind) == text


class TestStrings:
    @pytest.mark.parametrize(
        "data, text",
        [
            (b"", '""'),
            (b"notes", '"notes"'),
            (b'a "b"\\\n\t', r'"a \"b\"\\\n\t"'),
            (b"\x01\x1f ~\x7f\xff", r'"\x01\x1f ~\x7f\xff"'),
            (b"y" * 32, f'"{"y" * 32}"'),
            (b"x" * 33, f'"{"x" * 32}"...'),
            (b"z" * 500, f'"{"z" * 32}"...'),
        ],
    )
    def test_a_string_is_quoted_up_to_its_32nd_byte(self, process, data, text):
        process.put(process.page, data + b"\0behind")
        assert process.told("chdir", process.page) == text

    def test_it_may_end_in_a_page_that_was_never_touched(self, process):
        va = process.put(process.page + PAGE_SIZE - 3, b"abc")
        assert process.told("unlink", va) == '"abc"'

    def test_it_goes_on_behind_a_page_that_ends_with_its_32nd_byte(self, process):
        edge = process.page + PAGE_SIZE
        va = process.put(edge - 32, b"x" * 32)
        assert process.told("unlink", va) == f'"{"x" * 32}"'
        process.put(edge, b"x")
        assert process.told("unlink", va) == f'"{"x" * 32}"...'

    def test_it_may_lie_before_the_end_of_memory_but_not_over_it(self, process):
        va = process.put(process.end - 4, b"abc\0")
        assert process.told("mkdir", va) == '"abc"'
        process.put(process.end - 1, b"d")
        assert process.told("mkdir", va) == f"{va:#x}"

    def test_a_call_may_have_two(self, process):
        old, new = process.put(process.page, b"notes\0"), process.put(process.page + 99, b"other\0")
        assert process.told("link", old, new) == '"notes", "other"'

    def test_others_follow_it(self, process):
        path = process.put(process.page, b"disk\0")
        assert process.told("mknod", path, 1, -1) == '"disk", 1, -1'


class TestBuffers:
    def test_what_is_written_is_shown_before_the_call(self, process):
        va = process.put(process.page, b"hi\n\0")
        call = process.call("write", 4, va, 4)
        assert call.arguments_before() == ["4", r'"hi\n\x00"', "4"]
        assert call.arguments_after() == []

    def test_no_more_than_32_bytes_of_it(self, process):
        va = process.put(process.page, b"z" * 33)
        assert process.told("write", 1, va, 32) == f'1, "{"z" * 32}", 32'
        assert process.told("write", 1, va, 33) == f'1, "{"z" * 32}"..., 33'
        assert process.told("write", 1, va, 0x7FFF_FFFF) == f'1, "{"z" * 32}"..., 2147483647'

    def test_a_length_below_zero_is_of_no_buffer(self, process):
        assert process.told("write", 1, process.page, -3) == f"1, {process.page:#x}, -3"
        assert process.told("write", 1, process.page, 0) == '1, "", 0'

    def test_what_is_read_is_shown_at_the_end(self, process):
        call = process.call("read", 3, process.page, 512)
        assert call.arguments_before() == ["3"]
        process.put(process.page, b"hi\n")
        call.result = 3
        assert call.arguments_after() == [r'"hi\n"', "512"]

    @pytest.mark.parametrize("result, shown", [(0, '""'), (-1, None)])
    def test_nothing_was_read(self, process, result, shown):
        text = shown or f"{process.page:#x}"
        assert process.told("read", 3, process.page, 512, result=result) == f"3, {text}, 512"


class TestResultsBehindPointers:
    def test_a_pipe_has_two_ends(self, process):
        pair = process.page + PAGE_SIZE - 4  # on two pages
        call = process.call("pipe", pair)
        assert call.arguments_before() == []
        process.put(pair, pack("<2i", 3, 4))
        call.result = 0
        assert call.arguments_after() == ["[3, 4]"]
        call.result = -1
        assert call.arguments_after() == [f"{pair:#x}"]

    def test_wait_has_a_status(self, process):
        status = process.put(process.page, pack("<i", -7))
        assert process.call("wait", status).arguments_before() == []
        assert process.told("wait", status, result=3) == "[-7]"
        assert process.told("wait", status, result=-1) == f"{status:#x}"
        assert process.told("wait", 0, result=3) == "NULL"

    @pytest.mark.parametrize("kind, name", [(1, "T_DIR"), (2, "T_FILE"), (3, "T_DEVICE")])
    def test_fstat_tells_of_a_file(self, process, kind, name):
        stat = process.put(process.page, pack("<iIhh4xQ", 1, 5, kind, 2, 1 << 33))
        assert process.call("fstat", 3, stat).arguments_before() == ["3"]
        text = f"{{ino=5, type={name}, nlink=2, size={1 << 33}}}"
        assert process.told("fstat", 3, stat) == f"3, {text}"
        assert process.told("fstat", 3, stat, result=-1) == f"3, {stat:#x}"


class TestExec:
    def test_the_arguments_are_a_list_up_to_null(self, process):
        first, second = process.put(process.page, b"sh\0"), process.put(process.page + 16, b"-c\0")
        array = process.put(process.page + 64, pointers(first, second, 0, first))
        assert process.told("exec", first, array) == '"sh", ["sh", "-c"]'
        assert process.told("exec", first, array + 16) == '"sh", []'

    def test_an_array_without_an_end_is_shown_as_far_as_it_counts(self, process):
        string = process.put(process.page, b"x\0")
        array = process.put(process.page + 64, pointers(*[string] * 40))
        expected = ", ".join(['"x"'] * 32)
        assert process.told("exec", string, array) == f'"x", [{expected}]'

    def test_one_with_a_bad_string_is_an_address(self, process):
        string = process.put(process.page, b"x\0")
        array = process.put(process.page + 64, pointers(string, process.end, 0))
        assert process.told("exec", string, array) == f'"x", {array:#x}'

    def test_so_is_one_that_goes_over_the_end_of_memory(self, process):
        string = process.put(process.page, b"x\0")
        array = process.put(process.end - 8, pointers(string))
        assert process.told("exec", string, array) == f'"x", {array:#x}'


@pytest.mark.parametrize("bad", [lambda process: process.end, lambda process: TOP - 7])
def test_bad_pointers_are_hexadecimal(process, bad):
    va = bad(process)
    assert process.told("open", va, 0) == f"{va:#x}, O_RDONLY"
    assert process.told("write", 1, va, 5) == f"1, {va:#x}, 5"
    assert process.told("read", 1, va, 5, result=5) == f"1, {va:#x}, 5"
    assert process.told("exec", va, va) == f"{va:#x}, {va:#x}"
    assert process.told("pipe", va) == f"{va:#x}"
    assert process.told("wait", va, result=3) == f"{va:#x}"
    assert process.told("fstat", 9, va) == f"9, {va:#x}"


def test_to_look_touches_no_page_and_costs_nothing(process):
    kernel, untouched = process.hart.kernel, process.page + 2 * PAGE_SIZE
    before = kernel.kmem.used, kernel.cycles, len(kernel.faults)
    assert process.told("write", 1, untouched, 2) == r'1, "\x00\x00", 2'
    assert process.told("chdir", untouched) == '""'
    assert process.told("exec", untouched, untouched) == '"", []'
    assert process.told("pipe", untouched) == "[0, 0]"
    assert (kernel.kmem.used, kernel.cycles, len(kernel.faults)) == before
