"""HTTP for the outside: pictures of messages; everything it needs is handed in."""
