"""What the parts of a petition are called, by the keys of its file: on forms' pages, in differences, in the log."""

from flask_babel import lazy_gettext as lazy

LABELS = {
    "title": lazy("Title"),
    "statement": lazy("What people sign"),
    "body": lazy("The reasons"),
    "started_by": lazy("Started by"),
    "started_on": lazy("Started on"),
    "goal": lazy("Goal"),
    "closes_on": lazy("Last day for signing"),
    "discreet": lazy("Discreet"),
    "fields": lazy("What the form asks"),
    "initiators": lazy("Initiators"),
    "links": lazy("Links"),
    "elsewhere": lazy("Gathered elsewhere"),
    "controller": lazy("Who answers for the data"),
    "addressed_to": lazy("Addressee"),
    "contact": lazy("Where signers can write to"),
    "erase_after_days": lazy("When the data is erased"),
    "privacy": lazy("More about what happens with the data"),
    "donations": lazy("Donations"),
    "translations": lazy("Translations"),
    "image": lazy("Image"),
}


def labels_of(keys: str) -> str:
    """Return what the parts with these keys, parted by commas, are called."""
    return ", ".join(str(LABELS.get(key, key)) for key in keys.split(", ") if key)
