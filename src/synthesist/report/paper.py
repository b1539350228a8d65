"""A page on paper: printed by a browser that is on this machine, as a reader's own would print it."""

import os
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from synthesist.errors import OutputError

__all__ = ["pdf"]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
SECONDS = 120


def pdf(page: str) -> bytes:
    """The page as a PDF.

    Raises:
        OutputError: there is no browser, or it does not print.
    """
    browser = next((found for name in (*BROWSERS, *PLACES) if (found := which(name))), None)
    if browser is None:
        raise OutputError(
            "A PDF is printed by Chromium, Chrome or Edge, and none is on the PATH. Install one (on Debian: "
            "apt-get install chromium), or write the report as .html and print it."
        )
    with TemporaryDirectory(prefix="synthesist-print-") as name:
        source, target = Path(name) / "page.html", Path(name) / "page.pdf"
        source.write_text(page, "utf-8")
        options = [
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
            f"--user-data-dir={name}/profile",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium refuses its sandbox to root; the page runs no script
        asked = [browser, *options, f"--print-to-pdf={target}", source.as_uri()]
        try:
            done = subprocess.run(asked, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OutputError(f"{browser} does not print: {error}. Write the report as .html and print it.") from None
        if not target.exists():
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise OutputError(
                f"{browser} does not print: {' '.join(told[-1:])}. Write the report as .html and print it."
            )
        return target.read_bytes()
