"""Reasons of refused values in plain words, as they stand in a message. Their Chinese is in the list `refusal_reason` of the catalogue,
beside that of the names themselves, which messages of earlier versions hold."""

from __future__ import annotations

from typing import Final

SAID: Final = {
    "account_masked": "a part of the number is hidden",
    "amount_not_a_number": "it is no number",
    "number_not_a_number": "it is not a number",
    "amount_not_positive": "it is not above zero",
    "amount_negative": "it is below zero",
    "amount_finer_than_minor_unit": "it is finer than the currency's smallest unit",
    "amount_too_large": "the amount is too large",
    "number_too_small": "the number is too small",
    "number_too_large": "the number is too large",
    "currency_unknown": "it is no known currency",
    "date_impossible": "there is no such day",
    "date_unreadable": "it cannot be read as a date",
    "instant_unreadable": "it cannot be read as a time",
    "date_out_of_range": "the year is out of range",
    "instant_not_in_zone": "the zone has no such time",
    "choice_unknown": "it is none of the known values",
    "boolean_unreadable": "it is neither yes nor no",
    "text_has_nul": "the text holds a zero byte",
    "text_too_long": "the text is too long",
}
"""Reason -> words without a comma."""
