"""A screenshot as a small PNG: 256 colours are enough for a page of text, and make it a third of the size."""

import struct
import zlib
from base64 import b64decode, b64encode

from playwright.sync_api import Page

#: The picture's most frequent colours, and for each pixel the nearest of them.
_COUNT_COLOURS = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const rgba = new Uint32Array(canvas.getImageData(0, 0, picture.width, picture.height).data.buffer);
  const counts = new Map();
  for (const colour of rgba) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([colour]) => colour);
  const part = (colour, shift) => (colour >>> shift) & 255;
  const apart = (one, other) => [0, 8, 16].reduce((sum, at) => sum + (part(one, at) - part(other, at)) ** 2, 0);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const find = (colour) => {
    if (!places.has(colour)) {
      const near = palette.reduce((best, one, at) => apart(one, colour) < apart(palette[best], colour) ? at : best, 0);
      places.set(colour, near);
    }
    return places.get(colour);
  };
  const pixels = Uint8Array.from(rgba, find);
  let text = "";
  for (let at = 0; at < pixels.length; at += 8192) text += String.fromCharCode(...pixels.subarray(at, at + 8192));
  return { width: picture.width, height: picture.height, pixels: btoa(text),
           palette: palette.flatMap((colour) => [part(colour, 0), part(colour, 8), part(colour, 16)]) };
}"""


def shrink_png(page: Page, png: bytes) -> bytes:
    """Return a picture with at most 256 colours (https://www.w3.org/TR/png-3/); any page's browser does the counting."""
    found = page.evaluate(_COUNT_COLOURS, b64encode(png).decode())
    width, height, pixels = found["width"], found["height"], b64decode(found["pixels"])
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits a pixel, by palette
        (b"PLTE", bytes(found["palette"])),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_write_chunk(name, data) for name, data in chunks)


def _write_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
