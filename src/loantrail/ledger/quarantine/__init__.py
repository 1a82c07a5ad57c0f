"""Refused rows: kept with their bytes, listed, corrected, replayed."""
