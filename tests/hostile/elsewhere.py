"""The attacks on an installed kit, and by a grader that is nobody: another place and another user."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from .engine import Seen
from .scene import REPOSITORY, token

HERE = Path(__file__).parent
NOBODY = 65534


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(folder: Path) -> Path:
    """A virtual environment with the kit installed as a wheel, and a canary in it; its Python."""
    build = folder / "build"
    for name in ("autograder", "lab"):
        shutil.copytree(REPOSITORY / name, build / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in REPOSITORY.glob("*"):
        if path.is_file() and path.suffix in (".toml", ".md", "") and not path.name.startswith("."):
            shutil.copy(path, build)
    site = folder / "env" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    subprocess.run([sys.executable, *pip, str(build)], check=True, env={**os.environ, "TMPDIR": str(folder)})
    shutil.rmtree(build)
    others = [path for path in sys.path if path.endswith("-packages")]
    (site / "others.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    (site / "autograder" / "judging" / "canary.txt").write_text(token(), encoding="ascii")
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    home = Path(sys.executable).resolve().parent
    (folder / "env" / "pyvenv.cfg").write_text(f"home = {home}\n", encoding="utf-8")
    return python


def attack(folder: Path, python: Path, wanted: Sequence[str], *, user: int) -> dict[str, Seen]:
    """Run attacks with this Python as this user; what they left behind."""
    work = folder / f"work-{user}"
    work.mkdir()
    os.chown(work, user, user)
    out = work / "seen.json"
    command = [str(python), "-B", str(HERE / "engine.py"), str(work), str(out), *wanted]
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "LANG": "C.UTF-8"}
    if user != os.getuid():
        command = as_user(command, user, folder)
    done = subprocess.run(command, env=environment, cwd="/", check=False, capture_output=True, text=True, timeout=600)
    if not out.exists():
        raise RuntimeError(f"the attacks by user {user} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return msgspec.json.decode(out.read_bytes(), type=dict[str, Seen])


def as_user(command: Sequence[str], user: int, folder: Path) -> list[str]:
    """A command that becomes `user`, who can use this Python, the repository and `folder`.

    Interpreters often lie below a closed home. In a mount namespace of its own, the closed folder is covered by an open
    one that holds the needed paths and nothing else.
    """
    lines = ["mount --make-rprivate /"]
    closed: dict[Path, list[Path]] = {}
    for path in [Path(sys.executable).resolve().parents[1], Path(sys.prefix), REPOSITORY, folder]:
        for above in reversed([path, *path.parents]):
            if not above.stat().st_mode & 0o001:
                closed.setdefault(above, []).append(path)
                break
    for number, (above, paths) in enumerate(closed.items()):
        cover = shlex.quote(str(folder / f"cover-{number}"))
        lines += [f"cover={cover}", 'mkdir -p "$cover"', 'mount -t tmpfs -o mode=755 none "$cover"']
        for path in paths:
            inside = f'"$cover"/{shlex.quote(str(path.relative_to(above)))}'
            lines += [f"mkdir -p {inside}", f"mount --rbind {shlex.quote(str(path))} {inside}"]
        lines += [f'mount --rbind "$cover" {shlex.quote(str(above))}']
    ids = f"--reuid {user} --regid {user} --clear-groups --no-new-privs"
    return ["unshare", "--mount", "sh", "-ec", "\n".join([*lines, f"exec setpriv {ids} {shlex.join(command)}"])]


def can_change_user() -> bool:
    """Whether this user may become another: root, where mount namespaces may be made."""
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("setpriv"):
        return False
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0
