"""The examples in Python of README and docs: `python -m tests.python_examples` renews them."""

import doctest
from pathlib import Path
from typing import Any

__all__ = ["FLAGS", "PAGES", "examples", "main", "renewed"]

ROOT = Path(__file__).resolve().parents[1]
#: The pages, and how many examples there are at least.
PAGES = {
    "docs/python.md": 9,
    "README.md": 3,
    "docs/hart.md": 20,
    "docs/transcripts.md": 5,
    "docs/debugging.md": 5,
    "docs/tutorial.md": 20,
    "docs/boot.md": 2,
    "docs/kernel.md": 8,
    "docs/policies.md": 2,
    "docs/testbenches.md": 10,
}
FLAGS = doctest.IGNORE_EXCEPTION_DETAIL


def examples(text: str) -> doctest.DocTest:
    """All of a page, as one test."""
    return doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)


class _Renewing(doctest.DocTestRunner):
    """Notes what each example that prints something else has printed."""

    def __init__(self) -> None:
        super().__init__(optionflags=FLAGS, verbose=False)
        self.printed: list[tuple[doctest.Example, str]] = []

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.printed.append((example, got))

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        raise exc_info[1]


def renewed(text: str) -> str:
    """The page with what its examples print now; raises whatever an example does not expect."""
    runner = _Renewing()
    runner.run(examples(text))
    lines = text.splitlines(keepends=True)
    for example, got in reversed(runner.printed):
        first = example.lineno + example.source.count("\n")
        indent = " " * example.indent
        lines[first : first + example.want.count("\n")] = [
            f"{indent}{line}\n" for line in got.splitlines()
        ]
    return "".join(lines)


def main() -> None:
    """Renews the pages, and says which have changed."""
    for name in PAGES:
        path = ROOT / name
        before = path.read_text()
        after = renewed(before)
        if after != before:
            path.write_text(after)
            print(f"{name}: renewed")


if __name__ == "__main__":
    main()
