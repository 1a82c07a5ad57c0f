"""What became of one loan: everything in one list, its classification, its documents."""
