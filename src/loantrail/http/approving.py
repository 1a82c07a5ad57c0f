"""The kinds of proposals that the inbox decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loantrail.approvals.deciding import Kind
from loantrail.approvals.exporting import EXPORT
from loantrail.approvals.unmasking import UNMASKING
from loantrail.destinations.approving import CLASS_CORRECTION
from loantrail.identity.approving import PERSON_CHANGE
from loantrail.policy.approving import PARAMETER_CHANGE
from loantrail.policy.approving_days import CALENDAR_CHANGE

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (PERSON_CHANGE, PARAMETER_CHANGE, CALENDAR_CHANGE, CLASS_CORRECTION, UNMASKING, EXPORT)
}
"""By name."""
