"""Promises: how time is measured, what a step does to it, what is declared beside it, how many were kept."""
