"""What happened to cases, as the tools of process mining read it: each format a stream of pieces of text."""
