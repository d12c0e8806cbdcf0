"""Slack: the zip that a workspace's owner exports."""
