"""The operator's touch: the name, colour, logo and texts of the site."""
