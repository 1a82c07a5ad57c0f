"""The glossary: the words of the pages and what they mean."""
