"""Much at once, and for long: what runs take of the servers is watched, and has bounds."""
