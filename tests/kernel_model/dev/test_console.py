import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.dev.console import INPUT, consolewait, uartintr
from kernel_model.facts.abi import Abi
from kernel_model.facts.param import INPUT_BUF_SIZE
from kernel_model.fs.file import openconsole
from tests.kernel_model.files import BAD, BUFFER, Blocked, Keyboard, User, make_files

BACKSPACE, DELETE = b"\b", b"\x7f"
CTRL_D, CTRL_P, CTRL_U = b"\x04", b"\x10", b"\x15"


def make_user(*typed, **options):
    """A process with the console open as 0."""
    user = User(make_files(console=Keyboard(*typed, **options)))
    user.proc.ofile[0] = openconsole(user.kernel)
    return user


def type_keys(user, *typed):
    user.kernel.console.typed += typed
    uartintr(user.kernel)


def lines(user, n=200):
    """All that can be read without waiting; the hart rings for every call."""
    found = []
    while (line := user.read(0, n)) is not Blocked:
        found.append(line)
        uartintr(user.kernel)
    return found


class TestWrite:
    def test_prints_any_bytes(self):
        user = make_user()
        data = bytes(range(256)) * 50
        assert user.write(0, data) == len(data)
        assert user.kernel.console.printed == data

    def test_untouched_pages(self):
        user = make_user()
        assert user.call("write", 0, BUFFER + 100, 4 * PAGE_SIZE) == 4 * PAGE_SIZE
        assert user.kernel.console.printed == bytes(4 * PAGE_SIZE)

    @pytest.mark.parametrize("n", [0, -1, -(1 << 31)])
    def test_nothing(self, n):
        assert make_user().call("write", 0, BAD, n) == 0

    def test_as_far_as_the_buffer_goes(self):
        user = make_user()
        user.put(BAD - 3, b"abc")
        assert user.call("write", 0, BAD - 3, 1 << 30) == 3
        assert user.kernel.console.printed == b"abc"
        assert user.call("write", 0, BAD, 1) == 0

    @pytest.mark.parametrize("good", [0, 1, 31, 32, 33, 100, 4096, 4100])
    def test_in_2025_as_far_as_whole_32_bytes_go(self, good):
        user = make_user()
        user.proc.abi = Abi.RELEASE_2025
        user.put(BAD - good, b"x" * good)
        assert user.call("write", 0, BAD - good, good + 7) == good // 32 * 32
        assert user.kernel.console.printed == b"x" * (good // 32 * 32)
        user.put(BAD - 33, b"y" * 33)
        assert user.call("write", 0, BAD - 33, 33) == 33  # nothing is cut off what can be read


class TestRead:
    def test_a_line_at_a_time(self):
        user = make_user(b"first\nsecond\n")
        assert lines(user) == [b"first\n", b"second\n"]

    def test_less_than_a_line(self):
        user = make_user(b"first\n")
        assert lines(user, 4) == [b"firs", b"t\n"]

    @pytest.mark.parametrize("n", [0, -1])
    def test_nothing(self, n):
        assert make_user().call("read", 0, BAD, n) == 0

    def test_waits_for_the_end_of_the_line(self):
        user = make_user()
        assert user.read(0, 100) is Blocked
        assert user.proc.chan == INPUT
        type_keys(user, b"hel")
        assert user.sleeps
        type_keys(user, b"lo\n")
        assert not user.sleeps
        assert user.again() == 6
        assert user.get(6) == b"hello\n"

    def test_a_full_buffer_can_be_read_before_the_line_ends(self):
        user = make_user()
        assert user.read(0, 200) is Blocked
        type_keys(user, b"x" * INPUT_BUF_SIZE)
        assert user.again() is Blocked  # it has the buffer's bytes, and waits for the rest
        type_keys(user, b"rest\n")
        assert user.again() == INPUT_BUF_SIZE + 5
        assert user.get(INPUT_BUF_SIZE + 5) == b"x" * INPUT_BUF_SIZE + b"rest\n"

    def test_a_read_that_has_waited_takes_no_more_than_it_wants(self):
        user = make_user()
        n = INPUT_BUF_SIZE + 2
        assert user.read(0, n) is Blocked
        type_keys(user, b"x" * INPUT_BUF_SIZE)
        assert user.again() is Blocked
        type_keys(user, b"rest\n")
        assert user.again() == n
        assert user.get(n + 1) == b"x" * INPUT_BUF_SIZE + b"re\0"
        assert user.read(0, 100) == b"st\n"

    def test_nothing_is_lost_when_more_is_typed_than_fits(self):
        text = b"".join(b"line %d\n" % n for n in range(100))
        user = make_user(text)
        assert b"".join(lines(user)) == text

    def test_the_end_of_input(self):
        user = make_user(b"whole\npart", ended=True)
        assert [user.read(0, 100) for _ in range(4)] == [b"whole\n", b"part", 0, 0]

    def test_input_ends_while_a_process_waits(self):
        user = make_user()
        assert user.read(0, 100) is Blocked
        user.kernel.console.is_ended = True
        consolewait(user.kernel)
        assert not user.sleeps
        assert user.again() == 0

    @pytest.mark.parametrize("typed", [[], [b"part"]])
    def test_input_ends_while_others_run(self, typed):
        user = make_user()
        assert user.read(0, 100) is Blocked
        user.kernel.console.is_ended = True
        type_keys(user, *typed)
        assert not user.sleeps
        assert user.again() == len(b"".join(typed))

    def test_a_killed_process_does_not_wait(self):
        user = make_user()
        assert user.read(0, 100) is Blocked
        user.proc.killed = True
        assert user.again() == -1

    def test_another_one_was_faster(self):
        user = make_user()
        other = User(user.kernel)
        other.proc.ofile[0] = user.proc.ofile[0]
        assert user.read(0, 10) is Blocked
        type_keys(user, b"a\n")
        assert other.read(0, 10) == b"a\n"
        assert user.again() is Blocked

    def test_over_untouched_pages(self):
        user = make_user(b"hello\n")
        assert user.call("read", 0, 3 * PAGE_SIZE - 2, 100) == 6
        assert user.get(6, 3 * PAGE_SIZE - 2) == b"hello\n"

    def test_to_a_bad_buffer(self):
        user = make_user(b"hello\nworld\n")
        assert user.call("read", 0, BAD, 100) == 0  # `h` is lost, and nothing else
        assert user.call("read", 0, BAD - 2, 100) == 2  # so is the second `l`
        assert user.get(2, BAD - 2) == b"el"
        assert lines(user) == [b"o\n", b"world\n"]

    def test_no_frame_for_the_buffer(self):
        user = make_user(b"hello\n")
        while user.kernel.kmem.kalloc():
            pass
        assert user.call("read", 0, 3 * PAGE_SIZE, 100) == 0


class TestKeys:
    @pytest.mark.parametrize("erase", [BACKSPACE, DELETE])
    def test_erase(self, erase):
        assert lines(make_user(b"cax" + erase + b"t\n")) == [b"cat\n"]

    def test_erase_stops_at_the_line(self):
        user = make_user(b"one\n", b"ab" + 5 * DELETE + b"two\n")
        assert lines(user) == [b"one\n", b"two\n"]

    def test_kill_line(self):
        assert lines(make_user(b"one\nnonsense" + CTRL_U + b"two\n")) == [b"one\n", b"two\n"]

    def test_end_of_file_ends_one_read(self):
        user = make_user(CTRL_D + b"more\n")
        assert lines(user) == [0, b"more\n"]

    def test_end_of_file_behind_text_ends_two(self):
        user = make_user(b"text" + CTRL_D)
        assert lines(user) == [b"text", 0]

    def test_end_of_file_when_the_read_has_waited(self):
        user = make_user()
        assert user.read(0, 200) is Blocked
        type_keys(user, b"x" * INPUT_BUF_SIZE)
        assert user.again() is Blocked
        type_keys(user, CTRL_D)
        assert user.again() == INPUT_BUF_SIZE
        assert lines(user) == [0]

    def test_return_is_a_newline_and_nul_is_nothing(self):
        assert lines(make_user(b"a\0b\r")) == [b"ab\n"]

    def test_processes_are_listed(self):
        user = make_user(CTRL_P + b"x\n")
        assert lines(user) == [b"x\n"]
        assert user.kernel.console.printed == b"\n1 runble user\n"


class TestEcho:
    @pytest.mark.parametrize(
        "typed, shown",
        [
            (b"ls\r", b"ls\n"),
            (b"ax\x7fb\n", b"ax\b \bb\n"),
            (b"\x7f\n", b"\n"),
            (b"abc\x15d\n", b"abc\b \b\b \b\b \bd\n"),
        ],
    )
    def test_shows_what_is_typed(self, typed, shown):
        user = make_user(typed, echo=True)
        lines(user)
        assert user.kernel.console.printed == shown

    def test_none_if_the_host_does_not_want_it(self):
        user = make_user(b"abc\x15\x7fd\n")
        lines(user)
        assert user.kernel.console.printed == b""


class TestHost:
    def test_is_left_alone_until_a_process_reads(self):
        user = make_user(b"typed ahead\n")
        uartintr(user.kernel)
        assert user.kernel.console.polls == 0
        assert user.read(0, 100) == b"typed ahead\n"
        uartintr(user.kernel)
        assert user.kernel.console.polls > 0

    def test_is_asked_when_the_hart_rings_and_not_by_each_read(self):
        user = make_user(b"a\n", b"b\n")
        assert user.read(0, 100) == b"a\n"
        assert user.read(0, 100) is Blocked
        assert user.kernel.console.polls == 1

    def test_is_asked_only_for_a_reader_if_that_may_make_it_wait(self):
        user = make_user(b"a\n", b"b\n", interrupts=False)
        assert user.read(0, 100) == b"a\n"
        uartintr(user.kernel)
        assert user.kernel.console.typed == [b"b\n"]
        assert user.read(0, 100) == b"b\n"

    def test_pieces_of_a_line_are_fetched_until_it_is_whole(self):
        user = make_user(b"a", b"b", b"c\n", interrupts=False)
        assert user.read(0, 100) == b"abc\n"

    def test_waits_when_no_process_can_run(self):
        user = make_user()
        assert user.read(0, 100) is Blocked
        user.kernel.console.typed.append(b"now\n")
        consolewait(user.kernel)
        assert user.kernel.console.waits == 1
        assert user.again() == 4

    def test_is_not_asked_for_more_than_fits(self):
        user = make_user()
        assert user.read(0, 1) is Blocked
        type_keys(user, b"x" * 100 + b"\n", b"y" * 100 + b"\n", b"z\n")
        uartintr(user.kernel)
        assert user.kernel.cons.room == 0
        polls = user.kernel.console.polls
        uartintr(user.kernel)
        assert user.kernel.console.polls == polls
        assert user.again() == 1
        assert lines(user) == [b"x" * 99 + b"\n", b"y" * 100 + b"\n", b"z\n"]
