"""Policies, one file each: what holds around steps and deliveries."""
