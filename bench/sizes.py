"""``make sizes``: builds the wheel and the image, and prints how large both are and what is in them."""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGINES = ("docker", "podman", "buildah")
SHOWN = 12
"""Lines of what is in a parcel; the rest is one line."""

INSIDE = """
import json, os, sys
from importlib.metadata import distributions
root = os.stat("/").st_dev
def size(top):
    total, stack = 0, [top]
    while stack:
        for one in os.scandir(stack.pop()):
            if one.is_symlink():
                continue
            if one.is_dir():
                if one.stat().st_dev == root:
                    stack.append(one.path)
            else:
                total += one.stat().st_size
    return total
parts, compiled, tests = {}, 0, []
for dist in distributions():
    for file in dist.files or ():
        place = str(dist.locate_file(file))
        if os.path.isfile(place):
            parts[dist.name] = parts.get(dist.name, 0) + os.path.getsize(place)
for folder, names, files in os.walk(sys.prefix):
    tests += [os.path.join(folder, name) for name in names if name in ("tests", "sample_data")]
    if folder.endswith("__pycache__"):
        compiled += sum(os.path.getsize(os.path.join(folder, name)) for name in files)
print(json.dumps({"all": size("/"), "ours": size(sys.prefix), "compiled": compiled, "parts": parts, "tests": tests}))
"""
"""Measures an image from inside: itself, its environment, each distribution, and what should not be there."""


class EngineError(Exception):
    """No container engine, or it failed; the text has its last lines."""


@dataclass(frozen=True)
class Contents:
    """Bytes by part; ``total`` is what is fetched or stored."""

    title: str
    total: int
    parts: Mapping[str, int]
    notes: Sequence[str] = ()


def main() -> int:
    """Prints both, or the wheel and why there is no image."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizes", description=__doc__)
    parser.add_argument("--engine", help="docker, podman or buildah, with its options (the first that works)")
    parser.add_argument("--image", help="measure this image, and build none")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(wheel(built_wheel(Path(folder)))))
    try:
        engine = shlex.split(asked.engine) if asked.engine else first_engine()
        name = asked.image or "credit-bot"
        if not asked.image:
            run([*engine, "build", "-t", name, "."])
        print(f"\n{table(image(name, json.loads(inside(engine, name))))}")
    except EngineError as error:
        print(f"\nNo image: {error}", file=sys.stderr)
        return 1
    return 0


def run(command: Sequence[str]) -> str:
    """What a command prints. Raises EngineError."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise EngineError(f"{shlex.join(command[:3])} … ended with {done.returncode}\n{last}")
    return done.stdout


def built_wheel(folder: Path) -> Path:
    """The wheel, from the locked build backend of this environment."""
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run([*command, "--wheel-dir", str(folder), "."])
    (made,) = folder.glob("*.whl")
    return made


def wheel(file: Path) -> Contents:
    """A wheel by its folders below ``bot``, as compressed."""
    parts: Counter[str] = Counter()
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        for one in entries:
            top, _, below = one.filename.partition("/")
            parts[f"{top}/{below.split('/')[0]}" if "/" in below else top] += one.compress_size
        unpacked = sum(one.file_size for one in entries)
    note = f"{len(entries)} files, {megabytes(unpacked)} unpacked"
    return Contents(f"wheel {file.name}", file.stat().st_size, parts, [note])


def first_engine() -> list[str]:
    """The first container engine that works. Raises EngineError."""
    for name in ENGINES:
        if shutil.which(name) and not subprocess.run([name, "info"], capture_output=True, check=False).returncode:
            return [name]
    raise EngineError(f"none of {', '.join(ENGINES)} works here: install one, or name it with ENGINE=…")


def inside(engine: Sequence[str], name: str) -> str:
    """What the image says of itself, as root, who may read all of it."""
    if not engine[0].endswith("buildah"):
        return run([*engine, "run", "--rm", "--user", "0", "--entrypoint", "python", name, "-c", INSIDE])
    container = run([*engine, "from", "--pull-never", name]).strip()
    try:
        return run([*engine, "run", "--user", "0", container, "--", "python", "-c", INSIDE])
    finally:
        run([*engine, "rm", container])


def image(name: str, found: Mapping[str, object]) -> Contents:
    """An image: its base, each library of ours, and what was compiled."""
    size = {key: value for key, value in found.items() if isinstance(value, int)}
    parts = found["parts"]
    assert isinstance(parts, dict)
    rest = size["ours"] - sum(parts.values()) - size["compiled"]
    whole = {
        "base image: Debian and Python": size["all"] - size["ours"],
        "compiled code, because nothing can be written at run time": size["compiled"],
        **parts,
        "the environment itself": max(0, rest),
    }
    tests = found["tests"]
    note = (
        f"libraries' tests and samples: {', '.join(map(str, tests)) if isinstance(tests, list) and tests else 'none'}"
    )
    return Contents(f"image {name}, unpacked", size["all"], whole, [note])


def table(contents: Contents) -> str:
    """A parcel, the largest part first."""
    ordered = sorted(contents.parts.items(), key=lambda one: -one[1])
    shown, rest = ordered[:SHOWN], ordered[SHOWN:]
    lines = [f"{megabytes(size):>9}  {name}" for name, size in shown]
    if rest:
        lines.append(f"{megabytes(sum(size for _, size in rest)):>9}  {len(rest)} smaller ones")
    head = f"{megabytes(contents.total):>9}  {contents.title}"
    return "\n".join([head, *(f"{'':9}  {note}" for note in contents.notes), *lines])


def megabytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


if __name__ == "__main__":
    sys.exit(main())
