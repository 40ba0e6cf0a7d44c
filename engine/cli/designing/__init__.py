"""What the commands for the designer of a process have in common."""
