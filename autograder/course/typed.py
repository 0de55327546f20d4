"""Data files into typed values: what is misspelt, missing or of another kind is refused in one text.

The text says file, row, field, what is allowed and the next step. What is allowed in a field, its type says: by the
description and the example that it is annotated with.
"""

from __future__ import annotations

import difflib
import json
import tomllib
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from autograder.model import KitError

T = TypeVar("T", bound=msgspec.Struct)

MOST_SHOWN = 60
"""Characters of a wrong value that are repeated in a text."""


def read_typed(path: Path, kind: type[T]) -> T:
    """A TOML file as a value.

    Raises:
        KitError: It is missing or no TOML, or a field in it is misspelt, missing or of another kind.
    """
    return typed(read_toml(path), kind, str(path))


def read_if_there(path: Path, kind: type[T]) -> T:
    """A TOML file as a value; without the file, one that has nothing but defaults.

    Raises:
        KitError: As `read_typed`, but for a missing file.
    """
    return read_typed(path, kind) if path.is_file() else kind()


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as it stands.

    Raises:
        KitError: It is missing, or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(f"{path} is missing. CONTRIBUTING.md of the kit says what belongs into it.") from None
    except UnicodeDecodeError as error:
        raise KitError(f"{path} is no text in UTF-8 ({error}). Save it in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise KitError(f"{path} is no valid TOML: {error}. Mend that place.") from None


def typed(content: Mapping[str, Any], kind: type[T], where: str) -> T:
    """A file or row as a value.

    Args:
        content: As it stands in the file.
        kind: A msgspec Struct; what it has to be.
        where: File and row, for texts.

    Raises:
        KitError: A field is misspelt, missing or of another kind.
    """
    fields = _fields(kind)
    for name in content:
        if name not in fields:
            raise KitError(f"{where}: {_unknown(name, list(fields))}")
    for name, field in fields.items():
        if field.required and name not in content:
            raise KitError(f"{where}: the field `{name}` is missing{_allowed(field)}.{_next_step('Add', field)}")
    values = {name: _value(fields[name], value, where) for name, value in content.items()}
    try:
        return kind(**values)
    except ValueError as error:  # of the type's own __post_init__: fields that do not go together
        raise KitError(f"{where}: {error}.") from None


@cache  # msgspec reads the type's annotations anew at each call
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The fields of a table or row, by the names that a file uses."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


_NAMES = ("slug", "name", "gap")
"""Fields that tell a row from others."""


def place(table: str, at: int, row: object) -> str:
    """Which row of a table it is, by its number and by what it calls itself.

    Args:
        table: Its name.
        at: The row's number, from 1.
        row: As it stands in the file, or the value made of it.
    """
    fields = row if isinstance(row, Mapping) else {name: getattr(row, name, None) for name in _NAMES}
    names = [fields[name] for name in _NAMES if isinstance(fields.get(name), str)]
    return f"row {at} of {table}" + (f' ("{names[0]}")' if names else "")


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"there is no field `{name}`. Did you mean `{close[0]}`? Rename it, or take it out."
    return f"there is no field `{name}`. Take it out, or use one of {', '.join(known)}."


def _value(field: msgspec.structs.FieldInfo, value: Any, where: str) -> Any:
    name, table = field.encode_name, _table_type(field)
    if table and isinstance(value, list) and all(isinstance(one, dict) for one in value):
        value = [typed(one, table, f"{where}, {place(name, at, one)}") for at, one in enumerate(value, 1)]
    elif table and isinstance(value, dict):
        value = typed(value, table, f"{where}, [{name}]")
    try:
        return msgspec.convert(value, field.type)
    except msgspec.ValidationError as error:
        allowed = _allowed(field) or f": {error}"
        raise KitError(
            f"{where}: `{name} = {_shown(value)}` is not what is allowed{allowed}.{_next_step('Write it like', field)}"
        ) from None


def _table_type(field: msgspec.structs.FieldInfo) -> type[msgspec.Struct] | None:
    """What a field is, or its rows are, if it is a table or has rows."""
    kind = typing.get_args(field.type)[0] if _meta(field) else field.type
    inner = (*typing.get_args(kind), None)[0]
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def _meta(field: msgspec.structs.FieldInfo) -> Meta | None:
    if typing.get_origin(field.type) is not Annotated:
        return None
    return next(one for one in reversed(typing.get_args(field.type)) if isinstance(one, Meta))


def _allowed(field: msgspec.structs.FieldInfo) -> str:
    meta = _meta(field)
    return f": {meta.description}" if meta and meta.description else ""


def _next_step(verb: str, field: msgspec.structs.FieldInfo) -> str:
    meta = _meta(field)
    return f" {verb} `{meta.examples[0]}`." if meta and meta.examples else ""


def _shown(value: Any) -> str:
    """A value as TOML would have it, in short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"
