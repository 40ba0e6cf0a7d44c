"""Pictures of a process: what stands where, as SVG, as Mermaid's text, as one page for a browser, as an outline."""
