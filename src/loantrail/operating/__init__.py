"""Running an installation: its settings, its health, its logs and metrics, its back-up."""
