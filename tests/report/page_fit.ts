/** What a browser is asked to tell whether a report fits its page. */

/** Elements wider than the page, but for those in a box that scrolls. */
export const WIDER = `[...document.querySelectorAll("body *")].filter((element) => {
  if (element.closest(".scroll") && !element.matches(".scroll")) return false;
  const { left, right, width } = element.getBoundingClientRect();
  return width > 0 && (left < -1 || right > document.documentElement.clientWidth + 1);
}).map((element) => element.outerHTML.slice(0, 120))`;

/** Tables of which a reader sees a part alone. */
export const SCROLLED = `[...document.querySelectorAll(".scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.textContent.slice(0, 80))`;
