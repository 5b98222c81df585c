"""The fault matrix: every operation of the client, everything that may go wrong, and what must hold in each cell."""
