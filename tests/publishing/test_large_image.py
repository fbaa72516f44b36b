"""Large header images: resized in little memory, one at a time, with the same result as small ones."""

import io
import subprocess
import sys
import threading

import pytest
from PIL import Image, ImageChops

import config
from app.petitions import image
from app.petitions.image import BadImage, resize_image
from tests.concurrency.test_races import at_once
from tests.publishing.test_image import encoded

pytestmark = pytest.mark.slow
PEAK = """
import io, resource, sys
from app.petitions.image import resize_image

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resize_image(io.BytesIO(sys.stdin.buffer.read()))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(("kind", "size", "mode"), [("PNG", (6100, 4090), "RGBA"), ("JPEG", (8660, 5770), "RGB")])
def test_the_largest_images_are_resized_in_little_memory(kind: str, size: tuple[int, int], mode: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", PEAK],
        input=encoded(kind, size, mode),
        cwd=config.ROOT,
        capture_output=True,
        check=True,
    )
    assert int(child.stdout) < 250, "megabytes"


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "method": 0}), ("JPEG", {"progressive": True})]
)
def test_images_that_must_be_decoded_whole_have_a_lower_limit(kind: str, options: dict[str, object]) -> None:
    large = encoded(kind, (5100, 5000), **options)
    with pytest.raises(BadImage, match="at most 25 million pixels, or 50 million as a plain JPEG"):
        resize_image(io.BytesIO(large))


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_a_large_image_gives_the_same_picture(turned: int) -> None:
    small = Image.effect_noise((1000, 600), 100).resize((1600, 960)).convert("RGBA")
    small.putalpha(Image.linear_gradient("L").resize(small.size))
    large = small.resize((4800, 2880))
    exif = Image.Exif()
    exif[0x0112] = turned
    made = []
    for picture in (small, large):
        file = io.BytesIO()
        picture.save(file, "PNG", exif=exif, compress_level=1)
        made.append(Image.open(io.BytesIO(resize_image(io.BytesIO(file.getvalue()))[0].data)))
    assert made[0].size == made[1].size
    furthest = max(high for _, high in ImageChops.difference(*made).getextrema())
    assert furthest < 60
    histogram = ImageChops.difference(*made).convert("L").histogram()
    assert sum(histogram[16:]) < made[0].width * made[0].height / 100


def test_images_are_resized_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = threading.Semaphore(1), []
    decoded = image._decoded

    def watched(upload: io.BytesIO) -> Image.Image:
        most.append(under_way.acquire(blocking=False))
        try:
            return decoded(upload)
        finally:
            under_way.release()

    monkeypatch.setattr(image, "_decoded", watched)
    picture = encoded()
    at_once(8, lambda _: resize_image(io.BytesIO(picture)))
    assert most == [True] * 8
