"""The bytes of pictures, videos and sounds: types, notes to remove, small versions."""
