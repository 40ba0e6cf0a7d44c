"""Charts written elsewhere – SCXML, XState, a table – as a process of ours."""
