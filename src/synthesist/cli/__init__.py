"""The command line: `synthesist COMMAND ...`. Nothing heavy is loaded until a command needs it."""

from synthesist.cli.exits import guarded

__all__ = ["main"]


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code: see `synthesist.cli.exits`."""
    from synthesist.cli.app import command

    return guarded(command(), args)
