"""What befalls runs at random: a schedule from a seed, then calm, then every row is counted."""
