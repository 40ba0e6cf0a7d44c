"""A desk played with drawn lots: what a process would come to with so many cases, and so many people at these hours."""
