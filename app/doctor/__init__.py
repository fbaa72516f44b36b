"""What is wrong with this site's set-up, told to its operator before people notice."""
