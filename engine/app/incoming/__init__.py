"""What other systems tell: it finds its case, or waits."""
