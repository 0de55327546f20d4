"""A real Jupyter server and Debian's Chromium, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or ""
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
TOKEN = "browser-tests"
BOOT_S = 120
JUPYTERS_FOLDERS = (
    *("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; one at a time, since playwright's event loop stays the thread's own until it is closed."""
    assert CHROMIUM, "no chromium on PATH: `make browser` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(
    folder: Path, home: Path, application: str = "jupyterlab", *, formgrader: bool = False, python: str = sys.executable
) -> Iterator[str]:
    """`jupyterlab` or `notebook` in a folder, with nothing of the user's own; its address.

    Args:
        folder: What the server shows.
        home: An empty folder for its settings and its log.
        application: The module that is run.
        formgrader: Load nbgrader's page, too: it takes seconds.
        python: The interpreter of the environment that Jupyter is installed in.
    """
    folders = {name: home / name.lower() for name in JUPYTERS_FOLDERS}
    quiet = folders["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / "apputils-extension"
    for path in (*folders.values(), quiet):
        path.mkdir(parents=True, exist_ok=True)
    news = quiet / "notification.jupyterlab-settings"
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    port = _free_port()
    expose = "LabApp" if application == "jupyterlab" else "JupyterNotebookApp"
    command = [
        *(python, "-m", application, "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", f"--{expose}.expose_app_in_browser=True"),
    ]
    if not formgrader:
        command.append("--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': False}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))}
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    environment = kept | {name: str(place) for name, place in folders.items()} | {"PATH": path}
    log = home / "log"
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status?token={TOKEN}", process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + BOOT_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise AssertionError(f"no answer from {url}: {log.read_text(errors='replace')[-3000:]}")
