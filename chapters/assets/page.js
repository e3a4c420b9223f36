// Small things that the theme leaves to the page.
(function () {
  "use strict";
  const page = document.documentElement.dataset;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");
  function setTheme() {
    const wished = page.mode === "auto" ? (dark.matches ? "dark" : "light") : page.mode;
    page.theme = print.matches ? "light" : wished; // paper is white, whatever the screen was
  }
  page.mode ||= "auto"; // a first visit has no stored choice: follow the machine, before anything is drawn
  setTheme();
  print.addEventListener("change", setTheme);

  // The theme's button that unfolds the pages under a page in the contents has no name.
  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("nav details > summary").forEach((button) => {
      button.setAttribute("aria-label", `Pages under ${button.parentElement.previousElementSibling.textContent}`);
    });
    // The theme drops the focus of its switch at each click, and the keyboard starts from the top again.
    document.querySelector(".theme-switch-button").addEventListener("click", (event) => {
      if (event.detail === 0) event.currentTarget.focus(); // a key, not a pointer
    });
    // A notebook is text to a server that does not know it: say that it is to be kept, not shown.
    document.querySelectorAll(".btn-download-notebook-button, .btn-download-source-button").forEach((link) => {
      link.download = "";
    });
  });

  // A full stop behind a formula must not start the next line, nor a bracket before it end a line.
  addEventListener("DOMContentLoaded", () => {
    const marks = (text, pattern) => (text?.nodeType === Node.TEXT_NODE && text.data.match(pattern)?.[0].length) || 0;
    document.querySelectorAll("main span.math").forEach((formula) => {
      const before = marks(formula.previousSibling, /[(\[“‘]+$/);
      const after = marks(formula.nextSibling, /^[.,;:!?)\]”’-]+/);
      if (!before && !after) return;
      const together = document.createElement("span");
      together.style.whiteSpace = "nowrap";
      const opening = before ? formula.previousSibling.splitText(formula.previousSibling.length - before) : "";
      if (after) formula.nextSibling.splitText(after);
      const closing = after ? formula.nextSibling : "";
      formula.replaceWith(together);
      together.append(opening, formula, closing);
    });
  });

  // MathJax shows nothing until the last formula of a page is set. Section after section, the first ones come at once.
  if (window.MathJax) {
    window.MathJax.startup = {
      async pageReady() {
        for (const block of document.querySelectorAll("main article > section > *")) {
          await window.MathJax.typesetPromise([block]);
          await new Promise((drawn) => setTimeout(drawn)); // the browser draws it meanwhile
        }
        await window.MathJax.typesetPromise(); // what stands elsewhere: titles in the contents
      },
    };
  }

  // What is wider than the column scrolls by itself. A reader must see that there is more, and the keyboard reach it.
  function showMore(box) {
    const hidden = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("goes-on", box.tabIndex === 0 && hidden > 4); // a hat sticks out by 3
  }
  function reachable() {
    document.querySelectorAll("main pre, main div.math, main mjx-container, main .pst-scrollable-table-container")
      .forEach((box) => {
        // Widths are whole pixels: a formula of 9.6 px counts as 10 in 9.
        const rounding = box.matches("mjx-container") ? 1 : 0;
        if (box.scrollWidth > box.clientWidth + rounding && getComputedStyle(box).overflowX !== "visible") {
          box.tabIndex = 0;
        } else {
          box.removeAttribute("tabindex");
        }
        showMore(box);
      });
  }
  addEventListener("load", () => {
    (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reachable)
      .then(() => document.fonts.ready).then(reachable); // widths change when the fonts of formulas arrive
    addEventListener("resize", reachable);
    document.querySelector("main").addEventListener("scroll", (event) => showMore(event.target), true);
  });
})();
