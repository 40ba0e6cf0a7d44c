"""The manual of the checker: what each finding means, with an example that is wrong and one that is right."""
