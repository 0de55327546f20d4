"""The course's secret, which hidden twins are drawn from."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from autograder.model import KitError

SECRET_VARIABLE, SECRET_FILE = "AUTOGRADER_SECRET", ".autograder-secret"


def secret_of(root: Path) -> str:
    """The course's secret: from AUTOGRADER_SECRET, or a private file that the first grading makes."""
    given = os.environ.get(SECRET_VARIABLE)
    if given:
        return given
    path = root / SECRET_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise KitError(f"{path} is empty. Remove it; the next grading makes a new secret.")
    return secret
