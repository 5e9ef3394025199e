"""What the operator's pages may be asked for in their addresses; anything else is read as the first choice."""
