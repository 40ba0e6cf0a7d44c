"""What is counted over many cases or handed out of them. Nothing here writes."""
