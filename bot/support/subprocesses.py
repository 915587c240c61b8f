"""How the bot starts processes of its own: without its secrets, and with its own modules only."""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

NAMES = {
    "PATH", "HOME", "USER", "LOGNAME", "TZ", "TZDIR", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
}  # fmt: skip
BEGINNINGS = ("LC_", "LD_", "DYLD_", "PYTHON", "COVERAGE", "COV_", "XDG_", "FONTCONFIG_", "OPENSSL_")
"""What a child may need of the environment. A list of what it may not would miss the tokens of ``token_env``."""


def environment(**more: str) -> dict[str, str]:
    """A child's environment: of the bot's own what is no secret, where our modules are, and what else it is given."""
    own = os.environ
    kept = {name: value for name, value in own.items() if name.upper() in NAMES or name.startswith(BEGINNINGS)}
    paths = [str(Path(__file__).parents[1]), *filter(None, [own.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


def proxies() -> dict[str, str]:
    """The proxies of the environment, for a child that talks to the network: they may hold a password."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def command(module: str) -> tuple[str, ...]:
    """What runs a module of ours; ``-P`` keeps Python from importing what happens to lie in the working folder."""
    return (sys.executable, "-P", "-m", module)


def offer_to_oom_killer(pid: int) -> None:
    """Where memory runs out, the system ends this child before the bot. Linux only; elsewhere nothing happens."""
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def forbid_core_dumps() -> None:
    """A crash writes no image of the memory, which holds the tokens. The children inherit this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
