"""From located trees to a process definition: names, types, expressions and times, each finding at its place."""
