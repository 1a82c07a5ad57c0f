"""What the books hold, as frames: the inputs of a trace."""
