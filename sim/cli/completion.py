"""What the shell completes: the names of files, and of bundled programs."""

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from sim.host.programs import program_names

__all__ = ["complete_file", "complete_program"]


@add_completion_class
class _Bash(BashComplete):
    """Names of files and others together: with click's own script any other hides all files."""

    name = "bash"
    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' completion type value
    for completion in $(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
                            %(complete_var)s=bash_complete $1); do
        IFS=',' read -r type value <<< "$completion"
        if [[ $type == file ]]; then
            # With nothing found, as for ~, bash looks for itself.
            compopt -o default -o filenames
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$2")
        else
            COMPREPLY+=("$value")
        fi
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


def complete_file(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Leaves it to the shell to complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def complete_program(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Bundled programs, and files."""
    names = [name for name in program_names() if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] + complete_file(ctx, param, incomplete)
