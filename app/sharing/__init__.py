"""Passing a petition on: links, the image of a shared link, QR code, poster, and the count on other sites."""
