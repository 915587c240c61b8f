"""The env file and the environment: the settings that they name, and every line that is wrong.

One parser reads the file, however the bot starts: systemd and Docker silently skip what they do not understand.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.config.parsers import in_quotes, short

DEFAULT_ENV_FILE = "settings.env"
NO_TEXT = re.compile("[\0\ud800-\udfff]")
NEAR = 0.6
"""How similar a name must be to be suggested."""


class EnvFile:
    """Reads env files for one set of names. Errors become lines of ``faults``."""

    def __init__(self, names: Collection[str], secrets: Collection[str], faults: list[str]) -> None:
        """``names`` are all valid ones; values of ``secrets`` are never quoted in errors."""
        self._names = names
        self._secrets = secrets
        self._faults = faults

    def read(self, file: Path, *, required: bool) -> dict[str, str]:
        """The names and values of a file; a missing one has none, and is an error if it is ``required``."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            if required:
                self._faults.append(f"--env-file {file}: there is no such file")
            return {}
        except (OSError, ValueError) as error:
            reason = "is not UTF-8 text" if isinstance(error, ValueError) else error.strerror
            self._faults.append(f"{file}: cannot be read: {reason}")
            return {}
        return self.values(text, file.name)

    def values(self, text: str, file: str) -> dict[str, str]:
        """The settings of a file's text; an invalid line, an unknown name and a duplicate are errors."""
        values: dict[str, str] = {}
        seen: dict[str, int] = {}
        for line, binding in numbered(text):
            here = f"{file}, line {line}"
            name = binding.key
            if binding.error or (name is not None and binding.value is None):
                self._faults.append(f"{here}: is not NAME=value; quotes must be closed, comments begin with #")
            elif name is None:
                continue
            elif name not in self._names:
                self._faults.append(f"{here}: {unknown_name(name, self._names)}")
            elif name in seen:
                self._faults.append(f"{here}: {name} is given twice, first in line {seen[name]}; leave one of them out")
            else:
                seen[name] = line
                if name in self._secrets and written_in_quotes(binding):
                    self._faults.append(f"{here}: {quoted(name)}")
                values[name] = binding.value or ""
        return values


def numbered(text: str) -> Iterator[tuple[int, Binding]]:
    """Every binding of a file's text, with the number of its line."""
    for binding in parse_stream(StringIO(NO_TEXT.sub("\ufffd", text))):
        written = binding.original.string
        yield binding.original.line + written[: len(written) - len(written.lstrip())].count("\n"), binding


def written_in_quotes(binding: Binding) -> bool:
    """True if a value stands in quotes, which the parser removes and Docker's --env-file does not."""
    return binding.original.string.partition("=")[2].lstrip()[:1] in ("'", '"')


def quoted(name: str) -> str:
    """The error of a secret in quotes."""
    return f"{name} is in quotes, which Docker would take for a part of it; leave them out: {name}=…"


def unknown_name(name: str, names: Collection[str]) -> str:
    """The error of an unknown name, with the nearest known one."""
    near = get_close_matches(name.upper(), list(names), n=1, cutoff=NEAR)
    said = short(name)
    return (
        f"{said} is not a setting; did you mean {near[0]}?"
        if near
        else f"{said} is not a setting; see settings.example.env"
    )


def from_environment(environ: Mapping[str, str], name: str, *, secret: bool) -> str:
    """A value of the environment, without white space around it or the quotes that Docker leaves.

    A secret keeps its quotes, which are an error. Bytes that are not UTF-8 become replacement characters, as in the
    file: what cannot be written crashes later.
    """
    value = NO_TEXT.sub("\ufffd", environ[name]).strip()
    return value[1:-1] if not secret and in_quotes(value) else value


def nearly_named(environ: Mapping[str, str], names: Collection[str]) -> list[str]:
    """A warning for each name of the environment that is almost one of ours.

    Other programs share the environment, so only one typing slip, or singular for plural, counts.
    """
    return [
        f"{short(name)} in the environment is not a setting; did you mean {near}?"
        for name in sorted(environ)
        if name not in names and (near := next((ours for ours in names if is_slip(name, ours)), None))
    ]


def is_slip(name: str, ours: str) -> bool:
    """True if one letter is missing, added, changed, or swapped with its neighbour, or a plural's S, in any place."""
    if name == ours or abs(len(name) - len(ours)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(name, ours, strict=False)) if a != b), min(len(name), len(ours)))
    rest, other = name[start:], ours[start:]
    if len(name) == len(ours):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other if len(name) > len(ours) else rest == other[1:]
