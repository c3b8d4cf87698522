"""Tasks for engines to carry: some fail, some kill whoever does them."""

import os
import signal
from pathlib import Path


class Errands:
    """Tasks are (name, number); `folder` is where they leave traces."""

    def __init__(self, folder: Path):
        self.folder = folder

    def kind(self, task):
        return task[0].partition(" ")[2] or None

    def prepare(self, kind):
        if kind == "unmakable":
            raise ValueError("cannot be made\nat all")
        with (self.folder / kind).open("a") as file:
            file.write("x")
        return kind.upper()

    def do(self, task, made):
        name, number = task
        deaths = self.folder / f"deaths {number}"
        if name == "deadly" or (name == "deadly once" and not deaths.exists()):
            with deaths.open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "failing":
            raise KeyError(number)
        return number, made
