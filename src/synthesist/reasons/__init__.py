"""Why synthetic rows can be told from real ones: reasons, realism of rows, what would make a row real."""
