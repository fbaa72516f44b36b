"""Tests. They mirror the folders of the app."""

import gc

# What importing makes is kept, so searching it for garbage only takes time; conftest.py starts the collector after it.
gc.disable()
