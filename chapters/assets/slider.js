// The sliders of the static page: swap the parts of a picture that differ from frame to frame.
// Their markup is written by optlib.plots.explorer; without this file a page shows key frames.
(function () {
  "use strict";
  document.documentElement.classList.add("explorer-js");

  function start(explorer) {
    const data = JSON.parse(explorer.querySelector('script[type="application/json"]').textContent);
    const live = explorer.querySelector(".explorer-live");
    const picture = live.querySelector("svg");
    const input = live.querySelector("input");
    const value = live.querySelector(".explorer-value");
    const output = live.querySelector("output");
    const slots = data.slots.map((_, i) => picture.querySelector(`[data-slot="${i}"]`));

    function show() {
      const frame = Number(input.value);
      data.slots.forEach((slot, i) => {
        slots[i].innerHTML = slot.parts[slot.at[frame]];
      });
      picture.setAttribute("aria-label", data.alts[frame]);
      input.setAttribute("aria-valuetext", data.values[frame]);
      value.textContent = data.values[frame];
      output.textContent = data.sentences[frame];
    }

    input.addEventListener("input", show);
    live.hidden = false;
    show(); // a browser may have kept the slider where the reader left it
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".explorer").forEach(start);
  });
})();
