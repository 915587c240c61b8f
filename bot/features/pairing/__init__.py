"""Chats join by a link."""
