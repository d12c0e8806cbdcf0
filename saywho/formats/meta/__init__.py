"""Downloads of Meta: chats of Messenger and Instagram, own posts and comments, Threads."""
