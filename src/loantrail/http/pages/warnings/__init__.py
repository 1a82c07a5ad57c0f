"""Early warnings as a page shows them."""
