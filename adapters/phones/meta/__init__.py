"""The parts of the fake of Meta's Cloud API (adapters/phones/fake_meta.py): its rules, its answers, its webhooks."""
