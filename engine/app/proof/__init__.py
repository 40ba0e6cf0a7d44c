"""The audit proved: chains, replay, checkpoints kept elsewhere, evidence for somebody who trusts nobody here."""
