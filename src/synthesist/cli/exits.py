"""How a command ends: one clear message, one exit code, and no stack trace for a user's mistake.

0    done
1    a gate failed
2    the input is wrong; the message says what, where and what to do
70   a fault of ours (EX_SOFTWARE of sysexits.h)
130  stopped by Ctrl-C
141  nobody reads the output any more, as in `synthesist list | head -1`
"""

import os
import sys
import warnings
from contextlib import suppress
from typing import Any

import typer

from synthesist.errors import GateError, SynthesistError, did_you_mean

__all__ = ["guarded"]

DONE, GATE_FAILED, WRONG_INPUT, OUR_FAULT, INTERRUPTED, NO_READER = 0, 1, 2, 70, 130, 141

UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer does not export it, under either name it has


def guarded(command: Any, args: list[str] | None = None) -> int:
    """Run the command; whatever happens becomes an exit code."""
    words = list(sys.argv[1:] if args is None else args)
    wants_traceback = "--traceback" in words or os.environ.get("SYNTHESIST_TRACEBACK") == "1"
    words = [word for word in words if word != "--traceback"]
    usual, warnings.formatwarning = warnings.formatwarning, _noted
    try:
        code = command.main(words, prog_name="synthesist", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else DONE
    except (BrokenPipeError, SystemExit) as error:
        if not isinstance(error.__context__ or error, BrokenPipeError):  # newer typer wraps it into a SystemExit
            raise
        _silence_stdout()
        return NO_READER
    except (KeyboardInterrupt, typer.Abort):
        _say("Stopped. No file is half-written.")
        return INTERRUPTED
    except BaseException as error:  # the panics of native libraries are no Exceptions
        if wants_traceback:
            raise
        _say(_message(error))
        return _code(error)
    finally:
        warnings.formatwarning = usual


def _noted(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """What a warning says, without the place in our code where it is said."""
    return f"note: {message}\n"


def _code(error: BaseException) -> int:
    if isinstance(error, GateError):
        return GATE_FAILED
    return WRONG_INPUT if isinstance(error, SynthesistError | UsageError) else OUR_FAULT


def _message(error: BaseException) -> str:
    if isinstance(error, SynthesistError):
        return f"error: {error}"
    if isinstance(error, UsageError):
        return f"error: {_usage(error)}"
    return (
        f"Sorry, that should not happen: {type(error).__name__}: {error}\n"
        f"This is a fault of synthesist, not yours. Run the same command with --traceback and report what it prints."
    )


def _usage(error: Any) -> str:
    """What is wrong with the words of a command, the nearest right one, and where to read more."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if name := getattr(error, "option_name", None):
        options = [option for each in context.command.params for option in each.opts] if context else []
        if message.startswith("No such option"):
            message = f"No such option: {name}. {did_you_mean(name, options)}"
    path = context.command_path if context else "synthesist"
    return f"{message.rstrip('.?')}{'?' if message.endswith('?') else '.'} See `{path} --help`."


def _say(message: str) -> None:
    with suppress(BrokenPipeError):
        typer.echo(message, err=True)


def _silence_stdout() -> None:
    """Keep Python from complaining again when it flushes at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
