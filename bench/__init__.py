"""The figures: what the site does in a second, each beside something known on the same machine at the same moment."""
