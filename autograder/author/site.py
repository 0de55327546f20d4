"""The course as a static site: JupyterLite, where notebooks and their Python run in the student's browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.author.leaks import START_PAGE, in_text, leaks, secrets_of
from autograder.course.course import Course
from autograder.model import KitError

LANGUAGE = {"name": "python"}
"""Notebooks of the site carry it: their kernelspec is not JupyterLite's, and without both it asks for a kernel."""
WHEELS = ("comm", "ipywidgets", "jupyterlab_widgets", "widgetsnbextension")
"""Loaded before the first cell, so that no notebook installs anything."""
BUILDER = ("'jupyterlite-core[contents]==0.8.6'", "jupyterlite-pyodide-kernel==0.8.6", "jupyterlab-widgets")
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager")
"""All that is taken of the builder's extensions: others, such as nbgrader's, call a server."""
APPLICATIONS = ("lab", "notebooks", "tree")
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
FROM_WORKER = "../../../.."
"""The site's top, as the kernel's worker sees it from extensions/@jupyterlite/pyodide-kernel-extension/static/."""
JUPYTERLITES = ("build", "extensions", "static")
"""Folders of the site that hold files of JupyterLite and Pyodide alone."""
TEXTS = {".html", ".ipynb", ".json", ".md", ".py", ".toml", ".txt"}
SETTINGS = "jupyter-lite.json"
START = Path(__file__).with_name("site_start.md")


def build(root: Path, site: Path, builder: Path, pyodide: Path | None = None) -> None:
    """Build the site of a course from its release alone; what stood there as a site before is replaced.

    Args:
        root: The course, with its folder `release`.
        site: Where the site goes.
        builder: The Python of an environment with JupyterLite's builder.
        pyodide: A folder with a Pyodide distribution that the site carries; left out, the CDN's is used.

    Raises:
        KitError: The release, the builder, a wheel or the distribution is missing, or `site` holds something else.
    """
    _look_before(root, site, builder, pyodide)
    with tempfile.TemporaryDirectory() as folder:
        # A new folder each time: JupyterLite's own notes on what is up to date do not see all settings.
        work = Path(folder)
        _contents(root / "release", work / "contents")
        _fetch_wheels(work / "wheels", builder)
        _settings(work, builder, pyodide)
        _run([str(builder), "-m", "jupyterlite_core", "build"], work, "JupyterLite could not build the site")
        if site.exists():
            shutil.rmtree(site)
        shutil.copytree(work / "site", site)


def site_leaks(course: Course, site: Path) -> list[str]:
    """Everything in a built site that students must not get.

    Args:
        course: Its source notebooks and twins.
        site: As `build` made it.

    Raises:
        KitError: The course's own files do not fit together.
    """
    found = [f"{site.name}/{inside}: {text}" for inside, text in _beside_files(course, site)]
    with tempfile.TemporaryDirectory() as folder:
        files = shutil.copytree(site / "files", Path(folder) / "files")
        _undo(files)
        return found + leaks(course, files)


def has_numpy(pyodide: Path | None) -> bool:
    """Whether a Pyodide distribution has numpy, which every notebook needs; the CDN's has."""
    return pyodide is None or any(pyodide.glob("numpy-*.whl"))


def _beside_files(course: Course, site: Path) -> Iterator[tuple[str, str]]:
    """What stands where only JupyterLite's own and the wheels belong: file, and what is wrong."""
    secrets = secrets_of(course)
    for path in sorted(site.rglob("*")):
        inside = path.relative_to(site)
        if inside.parts[0] == "pypi" and path.suffix == ".whl" and not path.name.startswith(WHEELS):
            yield inside.as_posix(), "no package that the notebooks need. Build the site again."
        elif path.suffix in TEXTS and path.is_file() and inside.parts[0] not in ("files", *JUPYTERLITES):
            for text in in_text(_unescaped(path), secrets):
                yield inside.as_posix(), text


def _unescaped(path: Path) -> str:
    """A file's text; JSON's lines and quotes are those of the strings in it."""
    text = path.read_text(encoding="utf-8")
    return text.replace("\\n", "\n").replace('\\"', '"') if path.suffix in (".ipynb", ".json") else text


def _look_before(root: Path, site: Path, builder: Path, pyodide: Path | None) -> None:
    if missing := [name for name in EXTENSIONS if not (_extensions(builder) / name).is_dir()]:
        raise KitError(
            f"The environment of {builder} has no {' and no '.join(missing)}. Make one for JupyterLite's builder "
            f"alone, `python3 -m venv site-builder`, then `site-builder/bin/pip install {' '.join(BUILDER)}`, and "
            "give it: `autograder site --builder site-builder/bin/python`."
        )
    if not any((root / "release").glob("*/*.ipynb")):
        raise KitError(f"{root / 'release'} has no notebooks. Run `autograder generate` first.")
    if pyodide is not None and not (pyodide / "pyodide.mjs").is_file():
        raise KitError(f"{pyodide} is no Pyodide distribution: it has no pyodide.mjs. Name the folder that has it.")
    if site.exists() and any(site.iterdir()) and not (site / SETTINGS).is_file():
        raise KitError(f"{site} holds something else than a site. Name another folder, or empty that one.")


def _contents(release: Path, contents: Path) -> None:
    shutil.copytree(release, contents, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in contents.rglob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["language_info"] = LANGUAGE
        _write(path, notebook)
    shutil.copy(START, contents / START_PAGE)


def _undo(files: Path) -> None:
    """Take away what `_contents` has added, where it is just that: the rest must be as in the release."""
    for path in files.rglob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if notebook.get("metadata", {}).get("language_info") == LANGUAGE:
            del notebook["metadata"]["language_info"]
            _write(path, notebook)
    start = files / START_PAGE
    if start.is_file() and start.read_bytes() == START.read_bytes():
        start.unlink()


def _extensions(builder: Path) -> Path:
    return builder.absolute().parents[1] / "share" / "jupyter" / "labextensions"


def _fetch_wheels(folder: Path, builder: Path) -> None:
    pinned = [f"{name}=={version(name)}" for name in WHEELS]
    command = [str(builder), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    folder.mkdir()
    _run([*command, "--only-binary=:all:", *pinned], folder, f"pip could not fetch {', '.join(pinned)}")


def _settings(work: Path, builder: Path, pyodide: Path | None) -> None:
    """What the builder reads, and what the site reads."""
    build: dict[str, Any] = {
        "contents": [str(work / "contents")],
        "output_dir": str(work / "site"),
        "apps": list(APPLICATIONS),
        "federated_extensions": [str(_extensions(builder) / name) for name in EXTENSIONS],
        "ignore_sys_prefix": ["federated_extensions"],
    }
    for_build: dict[str, Any] = {"LiteBuildConfig": build, "PipliteAddon": {"piplite_urls": [str(work / "wheels")]}}
    if pyodide is not None:
        shutil.copytree(pyodide, work / "static" / "pyodide")
    kernel = {
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": list(_packages(work / "wheels", pyodide))},
    }
    site = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {"exposeAppInBrowser": True, "litePluginSettings": {KERNEL: kernel}},
    }
    _write(work / "jupyter_lite_config.json", for_build)
    _write(work / SETTINGS, site)


def _packages(wheels: Path, pyodide: Path | None) -> Iterator[str]:
    if has_numpy(pyodide):
        yield "numpy"
    for wheel in sorted(wheels.glob("*.whl")):
        yield f"{FROM_WORKER}/pypi/{wheel.name}"


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _run(command: list[str], folder: Path, failed: str) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise KitError(f"{failed}:\n{(ended.stdout + ended.stderr)[-2000:]}")
