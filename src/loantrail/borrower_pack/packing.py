"""A pack as one file: the prints in Chinese and English, and the spreadsheet. The same pack gives the same bytes."""

from __future__ import annotations

import datetime
import zipfile
from io import BytesIO
from typing import Final

from loantrail.borrower_pack.model import Pack
from loantrail.borrower_pack.printing import pack_document
from loantrail.borrower_pack.workbook import pack_workbook

_STAMP: Final = (1980, 1, 1, 0, 0, 0)
"""The oldest date that a ZIP can hold: when a file was packed says nothing about what it holds."""


def files_of(pack: Pack) -> dict[str, bytes]:
    """Name -> content of each file of the pack. Nothing of when it was made or by whom: that stands in the audit log."""
    # Imported when first needed: fonts and typesetter would make every start of the server wait.
    from loantrail.reports.typeset import pdf

    day = pack.data_date or pack.issued_on
    created = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return {
        f"{pack.loan_id}-借款人材料.pdf": pdf(pack_document(pack, "zh"), created),
        f"{pack.loan_id}-borrower-pack.pdf": pdf(pack_document(pack, "en"), created),
        f"{pack.loan_id}.xlsx": pack_workbook(pack, created),
    }


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as a ZIP, in the order given."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Whatever system packs it: made on Unix, readable by its owner.
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, content)
    return stream.getvalue()
