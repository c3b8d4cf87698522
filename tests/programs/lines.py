"""Lines for the shell, what they print, and their exit status."""

from typing import NamedTuple

from sim.host.programs import program_names

__all__ = ["LINES", "Line"]

#: Number of the first inode that is free: those of the root, the console and the programs are not.
INODE = 1 + 2 + len(program_names())


class Line(NamedTuple):
    """A line, all that the console shows then, and the shell's exit status."""

    line: str
    output: str
    status: int = 0
    stdin: bytes = b""

    def __str__(self):
        return self.line[:80].replace(" ", "_").replace("/", "-")


LINES = [
    # The shell.
    Line("", ""),
    Line("echo hi", "hi\n"),
    Line("  echo   one  two  ", "one two\n"),
    Line("echo 'a  |  b' \"c  ;\" d''e", "a  |  b c  ; de\n"),
    Line("echo '' x", " x\n"),
    Line("echo hi | cat", "hi\n"),
    Line("echo hi|cat|cat|cat", "hi\n"),
    Line("echo a; echo b;", "a\nb\n"),
    Line("(echo a; echo b) | wc", "2 2 4 \n"),
    Line("(echo a; (echo b; echo c) | cat) > f; cat f", "a\nb\nc\n"),
    Line("echo one > f; echo two >> f; cat < f", "one\ntwo\n"),
    Line("echo one > f; echo 2 > f; cat < f > g; cat g f", "2\n2\n"),
    Line("echo to > f a file; cat f", "to a file\n"),
    Line("echo x >> new; cat new", "x\n"),
    Line("mkdir d; cd d; echo x > y; cat y; cd ..; cat d/y", "x\nx\n"),
    Line("cd nowhere; echo here", "sh: cannot cd nowhere\nhere\n"),
    Line("mkdir d; (cd d; echo x > y); cat d/y", "x\n"),
    Line("mkdir d; cd d; cd; cat d/y", "cat: cannot open d/y\n", 1),
    Line("sleep 5 & echo first", "first\n"),
    Line("(sleep 1; echo late) & echo soon", "soon\nlate\n"),
    Line("echo & echo", "\n\n"),
    Line("nonesuch", "sh: cannot run nonesuch\n", 127),
    # What an arrow key and others send; a terminal would obey.
    Line("\x1b[A", "sh: cannot run ^[[A\n", 127),
    Line("cd a\x7f\x01é\r; cat < \b", "sh: cannot cd a^?^Aé^M\nsh: cannot open ^H\n", 1),
    Line("\x03" * 500, "sh: cannot run " + "^C" * 500 + "\n", 127),
    Line("cat nonesuch; echo on", "cat: cannot open nonesuch\non\n"),
    Line("echo on; cat nonesuch", "on\ncat: cannot open nonesuch\n", 1),
    Line("cat < nonesuch", "sh: cannot open nonesuch\n", 1),
    Line("nonesuch | echo x", "sh: cannot run nonesuch\nx\n"),
    Line("exit 7", "", 7),
    Line("exit 7; echo not", "", 7),
    Line("(exit 3); echo on", "on\n"),
    Line("(exit 3)", "", 3),
    Line("echo x | (exit 4)", "", 4),
    Line("args a b > f", "", 3),
    Line("echo x |", "sh: syntax error: a command is missing\n", 2),
    Line("| echo x", "sh: syntax error: a command is missing\n", 2),
    Line("echo a ;; echo b", "sh: syntax error: a command is missing\n", 2),
    Line("(echo a", "sh: syntax error: ) is missing\n", 2),
    Line("echo a)", "sh: syntax error: ) without (\n", 2),
    Line("echo >", "sh: syntax error: a word is missing\n", 2),
    Line("echo 'a", "sh: syntax error: a quote is not closed\n", 2),
    Line("echo " + "w " * 130, "sh: too many words\n", 2),
    Line("echo " + "w" * 600, "sh: line too long\n", 2),
    Line("echo " + "w " * 31, "sh: cannot run echo\n", 127),
    Line("sh -c 'echo x | cat'", "x\n"),
    # The other programs.
    Line("echo", "\n"),
    Line("cat", "one\ntwo", stdin=b"one\ntwo"),
    Line("echo a b > f; echo c >> f; wc f f", "2 3 6 f\n2 3 6 f\n"),
    Line("wc nonesuch", "wc: cannot open nonesuch\n", 1),
    Line("wc", "0 0 0 \n"),
    Line(
        "mkdir d; echo hello > d/f; cd d; ls",
        f".              1 {INODE} 48\n..             1 1 1024\nf              2 {INODE + 1} 6\n",
    ),
    Line("echo hello > a-14-char-name; ls a-14-char-name", f"a-14-char-name 2 {INODE} 6\n"),
    Line("ls nonesuch", "ls: cannot open nonesuch\n", 1),
    Line("ls console", "console        3 2 0\n"),
    Line("mkdir", "usage: mkdir DIRECTORY...\n", 2),
    Line("mkdir d d; ls d/d", "mkdir: cannot make d\nls: cannot open d/d\n", 1),
    Line(
        "mkdir d; echo x > d/f; rm d; rm d/f; rm d; cd d",
        "rm: cannot remove d\nsh: cannot cd d\n",
        1,
    ),
    Line("rm", "usage: rm FILE...\n", 2),
    Line("echo x > f; ln f g; rm f; cat g; ln f h", "x\nln: cannot link h to f\n", 1),
    Line("ln f", "usage: ln OLD NEW\n", 2),
    Line("kill", "usage: kill PID...\n", 2),
    Line("kill 77", "kill: no process 77\n", 1),
    Line("sleep 1000000 & kill 3; echo on", "on\n"),
    Line("sleep", "usage: sleep TICKS\n", 2),
    Line("hello | grep user", "hello from user mode, pid 3\n"),
    Line("init", "init: starting sh\n$ hi\n$ ", stdin=b"echo hi\n"),
    Line("init", "init: starting sh\n$ init: starting sh\n$ ", stdin=b"exit 3\n"),
    # grep.
    Line("grep", "usage: grep PATTERN [FILE...]\n", 2),
    Line("grep x nonesuch", "grep: cannot open nonesuch\n", 2),
    Line("grep b", "abc\nb\n", stdin=b"abc\nxyz\nb"),
    Line("grep ^b", "bc\n", stdin=b"abc\nbc\n"),
    Line("grep c$", "abc\n", stdin=b"abc\ncb\n"),
    Line("grep ^$ | wc", "1 0 1 \n", stdin=b"a\n\nb\n"),
    Line("grep a.c", "abc\na.c\n", stdin=b"abc\nac\na.c\n"),
    Line("grep '^ab*c$'", "ac\nabbbc\n", stdin=b"ac\nabbbc\nadc\nacx\n"),
    Line("grep '^.*x$'", "x\naxbx\n", stdin=b"x\naxbx\naxb\n"),
    Line("grep nothing", "", 1, stdin=b"some\nthing\n"),
]
