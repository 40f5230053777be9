"""Parts of the payment provider ``ghala``: what its dialects call things, and how their bodies are read."""
