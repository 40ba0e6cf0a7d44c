"""Cases brought in from outside."""
