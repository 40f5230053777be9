"""Parts of adapters/payments/mpesa.py."""
