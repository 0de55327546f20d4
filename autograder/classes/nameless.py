"""Records to be looked at by others, or passed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from autograder.classes.report.examples import bare
from autograder.model import Record


def under_pseudonyms(records: Iterable[Record], table: Mapping[str, str]) -> tuple[Record, ...]:
    """Records by which nobody is known: under pseudonyms, without remarks, which name files, and with bare code.

    Args:
        records: Of a class.
        table: Pseudonyms of every student in them.
    """
    return tuple(
        msgspec.structs.replace(
            record,
            student=table[record.student],
            remarks=(),
            gaps=tuple(msgspec.structs.replace(gap, source=bare(gap.source)) for gap in record.gaps),
        )
        for record in records
    )
