"""The list of loans: searched, filtered, sorted, summed."""
