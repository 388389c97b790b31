"""Run the journeys on every other interpreter of this machine that the project supports.

`python tests/interpreters.py` builds the wheel, and for each CPython 3.10 or newer that it finds on PATH or under
PYENV_ROOT makes an environment, installs the wheel with its `journeys` extra and runs tests/journeys there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINORS = range(10, 15)


def main() -> int:
    others = list(found())
    if not others:
        print("interpreters: no other supported interpreter on this machine")
        return 0
    failed = []
    with tempfile.TemporaryDirectory() as place:
        wheel = build(Path(place))
        for version, interpreter in others:
            print(f"interpreters: Python {version}", flush=True)
            if journeys(interpreter, wheel, Path(place) / version) != 0:
                failed.append(version)
    print(f"interpreters: {len(others) - len(failed)} passed, {len(failed)} failed {' '.join(failed)}".rstrip())
    return 1 if failed else 0


def found() -> list[tuple[str, str]]:
    """(version, path) of the other interpreters, one for each minor version."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, str] = {}
    for minor in MINORS:
        for candidate in candidates(f"3.{minor}"):
            version = version_of(candidate)
            if version == f"3.{minor}" and version != own:
                found.setdefault(version, candidate)
    return sorted(found.items(), key=lambda pair: int(pair[0].split(".")[1]))


def candidates(version: str) -> list[str]:
    on_path = shutil.which(f"python{version}")
    under_pyenv = sorted(Path(os.environ.get("PYENV_ROOT", "/nonexistent")).glob(f"versions/{version}.*/bin/python"))
    return [*([on_path] if on_path else []), *map(str, under_pyenv)]


def version_of(interpreter: str) -> str:
    asked = subprocess.run(
        [interpreter, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def build(place: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(place), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(place.glob("*.whl"))


def journeys(interpreter: str, wheel: Path, place: Path) -> int:
    subprocess.run([interpreter, "-m", "venv", str(place)], check=True)
    python = str(place / "bin" / "python")
    for what in (["--upgrade", "pip"], [f"{wheel}[journeys]"]):  # the pip that came with it may resolve for minutes
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *what], check=True)
    return subprocess.run(
        [python, "-m", "pytest", "-q", "-n", "auto", "tests/journeys"], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
