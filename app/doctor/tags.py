"""Records that are lists of tags, as `v=DMARC1; p=none`: of DKIM keys, DMARC, MTA-STS (RFC 6376, 3.2)."""


def tags_of(record: str) -> dict[str, str]:
    """Return the tags of a record by their names in lower case; parts that are no tags are left out."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, is_tag, value in pairs if is_tag}
