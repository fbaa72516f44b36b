"""The keys that seal what says who signed: are they here, and how one takes the place of another."""
