// Two small things that the theme leaves to the page.
(function () {
  "use strict";
  // A first visit has no stored choice: follow the machine, before anything is drawn.
  const page = document.documentElement.dataset;
  page.mode ||= "auto";
  page.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  // What is wider than the column scrolls by itself; then the keyboard must be able to scroll it.
  function reachable() {
    document.querySelectorAll("main pre, main div.math, main mjx-container, main .pst-scrollable-table-container")
      .forEach((box) => {
        if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible") {
          box.tabIndex = 0;
        } else {
          box.removeAttribute("tabindex");
        }
      });
  }
  addEventListener("load", () => {
    (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reachable);
    addEventListener("resize", reachable);
  });
})();
