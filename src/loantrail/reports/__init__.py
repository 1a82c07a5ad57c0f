"""Printed reports: what stands in them, and how they are typeset."""
