"""Exports of chat rooms: KakaoTalk, WhatsApp and Telegram."""
