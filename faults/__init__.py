"""Faults: whatever breaks, nothing that was promised is lost, and the count is right."""
