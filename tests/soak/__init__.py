"""Many submissions through sessions side by side, and what the process that grades them still holds afterwards."""
