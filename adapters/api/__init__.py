"""The owner's API: what a shop's own programs may ask of it, and its OpenAPI document.

Each file holds one noun's endpoints, declared where they are handled (``adapters.api.endpoint``): their types are what
validates, what the document says, and what is answered.
"""
