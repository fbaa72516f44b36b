"""A petition is signed and confirmed by keys alone, with the focus always seen, and enlarged four times."""

import io
import os
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import EXAMPLE, overflows
from tests.flows.visitor import letter_to
from tests.site import Site

IS_SEEN = """() => {
  const one = document.activeElement;
  if (one === document.body) return true; // the browser's own buttons have it
  const box = one.getBoundingClientRect();
  const marked = getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
  const down = Math.min(box.height / 2, innerHeight / 3);
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + down);
  return marked && (one === middle || one.contains(middle) || middle?.contains(one) || box.width <= 1);
}"""
COLOURS = """([focused, error]) => {
  const ring = getComputedStyle(document.querySelector(focused)).outlineColor;
  const wrong = document.body.appendChild(document.createElement("i"));
  wrong.style.setProperty("color", error);
  return [ring, getComputedStyle(wrong).color, getComputedStyle(document.body).backgroundColor];
}"""
WHAT = "document.activeElement.outerHTML.slice(0, 200)"


def press_until(page: Page, wanted: str, key: str = "Tab") -> None:
    """Press a key until what has the focus fits a selector; what has it meanwhile is marked, and hidden by nothing."""
    for _ in range(80):
        page.keyboard.press(key)
        assert page.evaluate(IS_SEEN), page.evaluate(WHAT)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{wanted} is not reached by {key}")


def write_into(page: Page, summary: str, field: str, typed: str) -> None:
    """Open what is folded, and type into a field in it, over what stands there."""
    press_until(page, summary)
    assert not page.locator(field).is_visible()
    page.keyboard.press("Enter")
    press_until(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(typed)


@pytest.mark.parametrize(("width", "name"), [(1280, "Kaya Broad"), (390, "Kaya Narrow")])
def test_from_the_page_to_the_count(browser: Browser, site: Site, width: int, name: str) -> None:
    address = f"keys{os.urandom(4).hex()}@example.org"
    context = browser.new_context(
        viewport={"width": width, "height": 844}, base_url=f"http://localhost:{site.port}", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}")
    press_until(page, ".skip-link")
    page.keyboard.press("Enter")
    for field, typed in {"#name": "Kay Example", "#country": "Sw", "#email": address}.items():
        press_until(page, field)
        page.keyboard.type(typed)
    write_into(page, "form .add summary", "#comment", "By bus, each day.")
    press_until(page, "[name=visibility]")
    page.keyboard.press("ArrowUp")
    press_until(page, "#updates")
    press_until(page, "form [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check-your-email/**")
    page.goto(letter_to(page, address))
    write_into(page, ".change summary", "#name", name)
    press_until(page, "form [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signed*")
    page.goto(f"/petitions/{EXAMPLE}")
    expect(page.locator("li", has_text=name)).to_contain_text("By bus, each day.")
    context.close()


def test_the_languages_open_and_close_by_keys(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=f"http://localhost:{site.port}")
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}")
    press_until(page, ".site-languages summary")
    page.keyboard.press("Enter")
    press_until(page, "[hreflang=ar]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{EXAMPLE}/ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_enlarged_four_times_nothing_is_lost(browser: Browser, site: Site, language: str) -> None:
    """WCAG 1.4.10: 1280 by 1024 pixels at 400 % are 320 by 256."""
    context = browser.new_context(
        viewport={"width": 320, "height": 256}, base_url=f"http://localhost:{site.port}", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}/{language}")
    assert not overflows(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(IS_SEEN), page.evaluate(WHAT)
    assert page.locator(".sign-bar").first.evaluate("bar => getComputedStyle(bar).position") == "static"
    context.close()


def test_in_forced_colours_the_bar_and_the_focus_are_still_told(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=f"http://localhost:{site.port}", forced_colors="active")
    page = context.new_page()
    page.goto(f"/petitions/{EXAMPLE}")
    page.locator("[data-goals]").evaluate_all("all => all.forEach(one => { one.hidden = false })")
    bar = page.get_by_role("progressbar").first
    bar.evaluate("bar => { bar.value = bar.max / 2 }")
    drawn = Image.open(io.BytesIO(bar.screenshot())).convert("RGB")
    middle = drawn.height // 2
    assert drawn.getpixel((drawn.width // 4, middle)) != drawn.getpixel((drawn.width * 3 // 4, middle))
    press_until(page, "#name")
    assert page.locator("#name").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_does_not_look_like_an_error(browser: Browser, site: Site, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(base_url=f"http://localhost:{site.port}", color_scheme=scheme)
    page = context.new_page()
    for path, focused in ((f"/petitions/{EXAMPLE}", "#name"), (f"/petitions/{EXAMPLE}/embed", ".button")):
        page.goto(path)
        error = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--stamp')")
        press_until(page, focused)
        ring, as_error, paper = page.evaluate(COLOURS, [focused, error])
        assert ring not in (as_error, paper)
    context.close()
