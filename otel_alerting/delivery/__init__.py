"""Message -> Receipt: pacing, merging, retrying, remembering what became of it."""
