"""What the doctor finds where a layer is missing or weaker. A script: `python broken_kit.py FOLDER LINE INSTEAD`.

In namespaces of its own (see tests/sandbox/layers.py) it makes a throw-away copy of the kit whose `confine.py` has
INSTEAD for LINE, has that copy's doctor examine itself, and prints what was found as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ASK = """
import json
from autograder.sandbox import doctor
from autograder.model import KitError
try:
    doctor.must_hold()
    refused = ""
except KitError as error:
    refused = str(error)
findings = doctor.examine()
broken = [finding.attempt for finding in findings if not finding.holds]
print(json.dumps({"refused": refused, "broken": broken, "report": doctor.report(findings), "kit": doctor.__file__}))
"""


def copy_with(line: str, instead: str, folder: Path) -> Path:
    """A Python that uses a copy of the kit whose confinement has another line in place of this one."""
    repository = HERE.parents[1]
    kit = folder / "kit"
    for name in ("autograder", "lab"):
        shutil.copytree(repository / name, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
    confine = kit / "autograder" / "sandbox" / "confine.py"
    text = confine.read_text(encoding="utf-8")
    assert text.count(f"\n    {line}\n") == 1, line
    confine.write_text(text.replace(f"\n    {line}\n", f"\n    {instead}\n"), encoding="utf-8")
    site = folder / "env" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    site.mkdir(parents=True)
    others = [path for path in sys.path if path.endswith("-packages")]
    (site / "all.pth").write_text("\n".join([str(kit), *others]) + "\n", encoding="utf-8")
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    home = Path(sys.executable).resolve().parent
    (folder / "env" / "pyvenv.cfg").write_text(f"home = {home}\n", encoding="utf-8")
    return python


def main(folder: Path, line: str, instead: str) -> None:
    """Break, examine, print."""
    spec = importlib.util.spec_from_file_location("layers", HERE.parent / "sandbox" / "layers.py")
    assert spec is not None
    assert spec.loader is not None
    layers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layers)
    layers.enter()
    layers.seal(folder)
    python = copy_with(line, instead, folder)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
    done = subprocess.run([str(python), "-B", "-c", ASK], env=environment, cwd="/", check=True, capture_output=True)
    print(json.dumps(json.loads(done.stdout)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
