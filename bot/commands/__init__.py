"""What a chat may ask, and who may."""
