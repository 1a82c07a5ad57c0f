"""What each person sees first in the morning."""
