"""A CSV file as spreadsheets and learning platforms write it, read into cells and written back in its own form."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.model import KitError

ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")
DELIMITERS = ",;\t"
MOST_BYTES = 50 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The cells of a CSV file, and how it was written.

    Attributes:
        path: Where it lies.
        rows: Without the header; each as long as that.
        quoted: Every cell was in quotes.
        mark: The file began with a byte order mark.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    encoding: str
    quoted: bool
    mark: bool
    line_end: str

    def column(self, name: str) -> int | None:
        """Where a column stands, by its header in any capitals; None if there is none."""
        wanted = name.strip().casefold()
        return next((at for at, cell in enumerate(self.header) if cell.strip().casefold() == wanted), None)

    def named(self, name: str) -> int:
        """Where a column stands that has to be there.

        Raises:
            KitError: There is none.
        """
        at = self.column(name)
        if at is None:
            columns = ", ".join(self.header)
            raise KitError(f'{self.path} has no column "{name}". Its columns are: {columns}.')
        return at


def read_table(path: Path) -> Table:
    """Read a CSV file, whatever its encoding and delimiter.

    Raises:
        KitError: It cannot be read, or has rows that are longer than its header.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from None
    text, encoding = _decoded(path, data)
    delimiter = _delimiter(text)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise KitError(f"{path} is no CSV file ({error}). Download it again, and do not open it in between.") from None
    if len(rows) < 2:
        raise KitError(f"{path} has no rows. A header and a row for each student are expected.")
    header, *others = rows
    long = next((number for number, row in enumerate(others, 2) if len(row) > len(header)), None)
    if long:
        raise KitError(f"{path}, row {long} has more cells than the header. Download the file again.")
    first = text.splitlines()[0]
    return Table(
        path=path,
        header=tuple(header),
        rows=tuple((*row, *[""] * (len(header) - len(row))) for row in others),
        delimiter=delimiter,
        encoding=encoding,
        quoted=all(cell.startswith('"') for cell in first.split(delimiter)),
        mark=data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")),
        line_end="\r\n" if "\r\n" in text else "\n",
    )


def as_bytes(table: Table, rows: Sequence[Sequence[str]]) -> bytes:
    """Other rows under the same header, in the form that the file was written in.

    Args:
        table: As read.
        rows: What stands below its header now.
    """
    made = io.StringIO(newline="")
    form: Literal[0, 1] = csv.QUOTE_ALL if table.quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(made, delimiter=table.delimiter, quoting=form, lineterminator=table.line_end)
    writer.writerow(table.header)
    writer.writerows(rows)
    encoding = table.encoding if table.mark else table.encoding.removesuffix("-sig")
    return made.getvalue().encode(encoding, errors="replace")


def _decoded(path: Path, data: bytes) -> tuple[str, str]:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in [one for one in ENCODINGS if (one == "utf-16") == wide]:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise KitError(f"{path} is no text. Save it as CSV, UTF-8.")


def _delimiter(text: str) -> str:
    """The delimiter by which the header has most cells."""
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=lambda one: len(next(csv.reader([header], delimiter=one))))
