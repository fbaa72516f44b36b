"""Labels of a petition's parts, by key of a petition file: for pages of forms, differences and the log."""

from flask_babel import lazy_gettext as lazy

LABELS = {
    "owners_write": lazy("Who may change the text"),
    "title": lazy("Title"),
    "statement": lazy("What people sign"),
    "body": lazy("The reasons"),
    "started_by": lazy("Started by"),
    "started_on": lazy("Started on"),
    "goal": lazy("Goal"),
    "closes_on": lazy("Last day for signing"),
    "discreet": lazy("Discreet"),
    "default_visibility": lazy("Who may see a name, unless its signer chooses otherwise"),
    "thanks": lazy("Words of thanks"),
    "outcome": lazy("What became of it"),
    "outcome_on": lazy("Day of the outcome"),
    "labels": lazy("How the form's questions are called"),
    "fields": lazy("What the form asks"),
    "initiators": lazy("Initiators"),
    "links": lazy("Links"),
    "elsewhere": lazy("Paper and other signatures"),
    "controller": lazy("Who answers for the data"),
    "addressed_to": lazy("Addressee"),
    "contact": lazy("Where signers can write to"),
    "erase_after_days": lazy("When the data is erased"),
    "privacy": lazy("More about what happens with the data"),
    "donations": lazy("Donations"),
    "words": lazy("Short words"),
    "translations": lazy("Translations"),
    "image": lazy("Image"),
}


def labels_of(keys: str) -> str:
    """Return the labels of these keys, which are separated by commas."""
    return ", ".join(str(LABELS.get(key, key)) for key in keys.split(", ") if key)
