"""Parts of adapters/phones/fake_daraja.py."""
