"""Who was related to whom on a given day. Pure: frames in, frames out.

A relation holds from `valid_from` on and before `valid_to`; without `valid_to` it still holds.
"""

from __future__ import annotations

import datetime

import polars as pl


def relations_on(relations: pl.DataFrame, day: datetime.date) -> pl.DataFrame:
    """The rows of `relations` (columns of `parties.model.PARTY_RELATION`) that hold on `day`."""
    return relations.filter(
        pl.col("valid_from") <= day, pl.col("valid_to").is_null() | (pl.lit(day) < pl.col("valid_to"))
    )


def related_parties(relations: pl.DataFrame, party_ids: list[str], day: datetime.date) -> pl.DataFrame:
    """Parties that one relation connects with any of `party_ids` on `day`, in either direction.

    Returns `party_id` (one of those asked for), `related_party_id`, `kind`, `share_ppm`, one row per relation and
    direction, sorted; a relation between two of those asked for shows from both ends.
    """
    valid = relations_on(relations, day)
    columns = ("party_id", "related_party_id", "kind", "share_ppm")
    forth = valid.select(
        pl.col("from_party_id").alias("party_id"),
        pl.col("to_party_id").alias("related_party_id"),
        "kind",
        "share_ppm",
    )
    back = valid.select(
        pl.col("to_party_id").alias("party_id"),
        pl.col("from_party_id").alias("related_party_id"),
        "kind",
        "share_ppm",
    )
    return pl.concat([forth, back]).filter(pl.col("party_id").is_in(party_ids)).select(columns).sort(columns)
