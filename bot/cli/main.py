"""The commands: run, check, doctor, demo, health, backup, restore. Each imports only what it needs."""

import argparse
import codecs
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from bot import __version__
from bot.support.errors import BotError, SettingsError, StartError, UsageError

if TYPE_CHECKING:
    import asyncio

BROKEN_PIPE = 141
INTERRUPTED = 130
UNIX_ONLY = ("fcntl", "resource")
"""Modules that Python has on Unix only."""


class Parser(argparse.ArgumentParser):
    """Wrong arguments end with 64, because 2 is the exit code of ``check`` for a critical account."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and how it would be right."""
        self.print_usage(sys.stderr)
        self.exit(UsageError.exit_code, f"{self.prog}: {message}. Try: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    env_file = Parser(add_help=False)
    env_file.add_argument("--env-file", metavar="PATH", default=argparse.SUPPRESS, help="settings file (settings.env)")
    top = Parser(prog="credit-bot", description="Warns on Telegram before credits run out.", parents=[env_file])
    top.add_argument("--version", action="version", version=f"credit-bot {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, act: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, parents=[env_file])
        one.set_defaults(act=act)
        return one

    command("run", run, "watch, until SIGTERM or Ctrl-C")
    check_parser = command("check", check, "check each account once and print the result; sends nothing")
    check_parser.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="label or email, or a part of one")
    check_parser.add_argument("--json", action="store_true", help="print JSON")
    command("doctor", doctor, "try every setting against the real services, and say what to mend")
    demo_parser = command("demo", demo, "the real bot in a simulated world: no account, no token, no network")
    demo_parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after so many seconds")
    demo_parser.add_argument("--terminal", action="store_true", help="show the chat here, and serve no page")
    demo_parser.add_argument("--port", type=port, default=0, metavar="N", help="where the page listens (any free port)")
    demo_parser.add_argument("--no-browser", action="store_true", help="do not open the page by itself")
    command("health", health, "ask the running bot whether it is well")
    backup_parser = command("backup", backup, "copy the whole database into a new file, while the bot runs")
    backup_parser.add_argument("file", type=Path, metavar="FILE", help="a file that is not there yet")
    restore_parser = command("restore", restore, "put a backup into the place of the database, while no bot runs")
    restore_parser.add_argument("file", type=Path, metavar="FILE", help="what `credit-bot backup` wrote")
    restore_parser.add_argument(
        "--replace", action="store_true", help="also over a database with content, which is backed up first"
    )
    return top


def port(text: str) -> int:
    """A port number on the command line."""
    number = int(text)
    if not 0 <= number < 65536:
        raise ValueError(text)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every error of ours is a text."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names and signs that a terminal's old encoding lacks
    wanted = parser().parse_args(arguments)
    try:
        code: int = wanted.act(wanted)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except SettingsError as error:
        print("The settings cannot be used:", *error.faults, sep="\n  ", file=sys.stderr)
        return error.exit_code
    except BotError as error:
        print(f"credit-bot: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name not in UNIX_ONLY:
            raise
        print(
            f"credit-bot: {sys.platform} is not a Unix: run it on Linux or macOS, or in WSL or Docker.", file=sys.stderr
        )
        return StartError.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def run(wanted: argparse.Namespace) -> int:
    """``credit-bot run``."""
    import asyncio

    from bot.app import App
    from bot.config.load import load_settings
    from bot.support import subprocesses
    from bot.support.garbage import searched_when_quiet
    from bot.support.logs import set_up_logging

    subprocesses.forbid_core_dumps()
    settings = load_settings(getattr(wanted, "env_file", None))
    set_up_logging(settings.log_level, settings.log_format, settings.secrets)
    bot = App(settings)
    set_up_logging(settings.log_level, settings.log_format, bot.secrets)

    async def work(stop: asyncio.Event) -> None:
        async with bot as app:
            if settings.accounts_file or not on_terminal():
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.accounts_file.reload_soon)
            async with searched_when_quiet():
                await app.run(stop)

    asyncio.run(until_told(work))
    return 0


def on_terminal() -> bool:
    """True if a person started the bot in a terminal, so that closing it ends the bot."""
    return sys.stdin is not None and sys.stdin.isatty()


async def until_told(work: Callable[["asyncio.Event"], Coroutine[Any, Any, None]]) -> None:
    """Runs the work with an event that SIGTERM and SIGINT set."""
    import asyncio

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(stop)


def check(wanted: argparse.Namespace) -> int:
    """``credit-bot check``."""
    import asyncio

    for name in UNIX_ONLY:  # or only the database would need them, where there is one
        import_module(name)
    from bot.cli.check import check_accounts
    from bot.config.accounts_file.read import watchlist_for
    from bot.config.load import load_settings
    from bot.support.logs import set_up_logging

    settings = load_settings(getattr(wanted, "env_file", None))
    secrets = watchlist_for(settings).secrets
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    set_up_logging(level, settings.log_format, [*settings.secrets, *secrets])
    for note in settings.notes:
        logging.getLogger(__name__).warning("%s", note)
    text, code = asyncio.run(check_accounts(settings, wanted.accounts, as_json=wanted.json))
    if wanted.json and not is_utf8(sys.stdout):
        text = json.dumps(json.loads(text), indent=2)  # a letter that the terminal lacks is escaped, not lost
    print(text)
    return code


def is_utf8(stream: TextIO | None) -> bool:
    """True if every letter can be written there."""
    return stream is not None and codecs.lookup(stream.encoding or "ascii").name == "utf-8"


def doctor(wanted: argparse.Namespace) -> int:
    """``credit-bot doctor``."""
    import asyncio

    from bot.cli.doctor.examine import examine
    from bot.cli.doctor.privacy import private_files
    from bot.config.accounts_file.read import watchlist_for
    from bot.config.load import load_settings
    from bot.support.logs import set_up_logging

    settings = load_settings(getattr(wanted, "env_file", None))
    secrets = watchlist_for(settings).secrets
    level = "ERROR" if settings.log_level == "INFO" else settings.log_level
    set_up_logging(level, settings.log_format, [*settings.secrets, *secrets])
    return asyncio.run(examine(settings, print, private=private_files(getattr(wanted, "env_file", None))))


def demo(wanted: argparse.Namespace) -> int:
    """``credit-bot demo``."""
    import asyncio

    from bot.demo.run import Wishes, show

    wishes = Wishes(wanted.seconds, wanted.terminal, wanted.port, not wanted.no_browser)
    asyncio.run(until_told(lambda stop: show(stop, wishes)))
    return 0


def health(wanted: argparse.Namespace) -> int:
    """``credit-bot health``."""
    from bot.cli.health import ask_health

    try:
        text, code = ask_health(getattr(wanted, "env_file", None))
    except SettingsError as error:
        text, code = f"The settings cannot be used: {'; '.join(error.faults)}", 1
    print(text)
    return code


def backup(wanted: argparse.Namespace) -> int:
    """``credit-bot backup FILE``."""
    from bot.cli.backup import backed_up
    from bot.config.load import load_database
    from bot.support.clock import utc_now

    print(backed_up(load_database(getattr(wanted, "env_file", None)), wanted.file, utc_now()))
    return 0


def restore(wanted: argparse.Namespace) -> int:
    """``credit-bot restore FILE``."""
    from bot.cli.backup import restored
    from bot.config.load import load_database
    from bot.support.clock import utc_now

    database = load_database(getattr(wanted, "env_file", None))
    print(restored(wanted.file, database, utc_now(), replace=wanted.replace))
    return 0
