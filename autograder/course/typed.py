"""Data files into typed values: an unknown, missing or mistyped field is refused with its place and what is allowed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from autograder.model import KitError

T = TypeVar("T", bound=msgspec.Struct)


def read_typed(path: Path, kind: type[T]) -> T:
    """A TOML file as a value of this type.

    Args:
        path: The file.
        kind: A msgspec Struct with `forbid_unknown_fields`.

    Raises:
        KitError: The file is missing, no TOML, or has a field that the type does not allow.
    """
    return typed(read_toml(path), kind, path)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; KitError if it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(f"{path} is missing.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KitError(f"{path} is no valid TOML: {error}.") from None


def rows_of(path: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table in a data file; none, if there is no such file yet."""
    rows: list[dict[str, Any]] = read_toml(path).get(table, []) if path.is_file() else []
    return rows


def typed(content: dict[str, Any], kind: type[T], path: Path) -> T:
    """The content of a TOML file as a value of this type.

    Args:
        content: As TOML has it.
        kind: A msgspec Struct with `forbid_unknown_fields`.
        path: The file it comes from, for what is said of a slip.

    Raises:
        KitError: It has a field that the type does not allow.
    """
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise KitError(f"{path}{_where(place)}: {_plain(problem)} {_allowed(kind, place)}") from None


def _where(place: str) -> str:
    """A place as msgspec names it (`$.gap[0].name`) in words; nothing for the top of the file."""
    parts = re.findall(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]", place.strip("`"))
    words = [name or f"row {int(row) + 1}" for name, row in parts if name or row]
    return f", {', '.join(words)}" if words else ""


def _plain(problem: str) -> str:
    """What msgspec says, without its word for a table."""
    return f"{problem.removeprefix('Object contains ').removeprefix('Object ')}."


def _allowed(kind: Any, place: str) -> str:
    """The fields that the table at a place may have; nothing if a single field is meant."""
    for name in re.findall(r"\.(\w+)", place):
        kind = _innermost(_fields(kind).get(name, object))
    if not _is_table(kind):
        return "Write a value of that type."
    return f"Allowed are {', '.join(_fields(kind))}."


def _fields(kind: Any) -> dict[str, Any]:
    """Names and types of the fields of a table."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)} if _is_table(kind) else {}


def _innermost(kind: Any) -> Any:
    """The type of the rows of a list of tables; of anything else, itself."""
    return next((one for one in get_args(kind) if _is_table(one)), kind)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
