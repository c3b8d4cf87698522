"""Somebody at a terminal: commands on a pseudo-terminal, keys typed and what is shown."""

import os
import pty
import select
import signal
import sys
import termios
import time

__all__ = ["PATIENCE", "TRAPLINE", "Session"]

#: Seconds that anything may take at most.
PATIENCE = 60
#: The command, as words.
TRAPLINE = [sys.executable, "-m", "sim"]

_LOCAL_MODES = 3  # of `tcgetattr`


class Session:
    """`command`, a list of words, on a terminal of its own, which controls it as a login's does."""

    def __init__(self, command, size=None, environment=None):
        self.shown = b""
        self.pid, self.keys = pty.fork()
        if self.pid == 0:
            try:
                # Who starts the tests in the background, or by nohup, has had these ignored.
                for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_DFL)
                if size is not None:
                    termios.tcsetwinsize(0, size)
                os.execvpe(command[0], command, os.environ | (environment or {}))
            finally:
                os._exit(127)

    def expect(self, text):
        """Waits until `text` is shown; returns what came before it."""
        while text not in self.shown:
            assert self._read(), f"{text} did not come after {self.shown}"
        before, _, self.shown = self.shown.partition(text)
        return before

    def prompt(self):
        """Waits for the simulated shell's first prompt, and until it reads.

        What is typed before that is shown by the host, too.
        """
        self.expect(b"$ ")
        self.wait_for(lambda: not self.echoes, "nobody reads")

    @property
    def echoes(self):
        """The host shows what is typed."""
        return bool(self._modes & termios.ECHO)

    @property
    def edits(self):
        """The host gives input by the line."""
        return bool(self._modes & termios.ICANON)

    def wait_for(self, condition, otherwise):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.01)

    def type(self, text):
        os.write(self.keys, text)

    def end(self):
        """Waits for the end; returns the exit status, negative for a signal, and what was shown."""
        while self._read():
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = None
        return status, self.shown

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.keys)

    @property
    def _modes(self):
        return termios.tcgetattr(self.keys)[_LOCAL_MODES]

    def _read(self):
        readable, _, _ = select.select([self.keys], [], [], PATIENCE)
        assert readable, f"nothing more came after {self.shown}"
        try:
            data = os.read(self.keys, 4096)
        except OSError:  # Linux reports so that nobody is left at the other end
            data = b""
        self.shown += data
        return data
