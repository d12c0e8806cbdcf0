"""A large upload in Flask: `request.files` has read all of the body before the view sees any."""

import os
import tempfile
from pathlib import Path
from typing import Final

from flask import Flask, request
from werkzeug.utils import secure_filename

MOST_BYTES: Final = 1024**3

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
folder = Path(os.environ.get("UPLOADS") or tempfile.mkdtemp())


@app.post("/files")
def upload() -> tuple[dict[str, int], int]:
    # Werkzeug has put a large file on the disk by now; this copies it. A slow sender holds the
    # thread for as long as the body takes.
    file = request.files["file"]
    path = folder / secure_filename(file.filename or "file")
    file.save(path)
    return {"bytes": path.stat().st_size}, 201


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")), threaded=True)
