// Building elements without markup: message text only ever becomes text nodes, so it can't become anything else.

const SVG = "http://www.w3.org/2000/svg";

// el("button.round", {type: "button", "aria-label": "Send", onclick: f}, child, "text", …); null children are left out.
export function el(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const PATHS = {
  send: "M4 12 20 4l-4 16-4.5-6.5z",
  back: "M15 5l-7 7 7 7",
  attach: "M12 5v14M5 12h14",
  phone: "M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2",
  list: "M5 7h.01M5 12h.01M5 17h.01M9 7h10M9 12h10M9 17h10",
  reply: "M10 7 5 12l5 5M5 12h9a5 5 0 0 1 5 5",
  link: "M14 5h5v5M19 5l-9 9M16 14v4a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1h4",
  place: "M12 21s7-6.2 7-11a7 7 0 0 0-14 0c0 4.8 7 11 7 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  picture: "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.5h.01",
  file: "M7 3h7l4 4v13a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v4h4M9 12h6M9 16h6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.6 3.8-5.5 7.5-5.500s6.7 1.9 7.5 5.5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  down: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  sound: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  waiting: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  failed: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v5M12 16h.01",
};

function drawing(box, paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

export function icon(name) {
  const svg = drawing("0 0 24 24", [PATHS[name]]);
  svg.setAttribute("class", "icon");
  return svg;
}

const ONE_TICK = ["M2 7l3.5 3.500L12 3.5"];
const TWO_TICKS = ["M1 7l3.5 3.500L11 3.5", "M7.5 9.500l1 1L15 3.5"];
const SAID = { waiting: "Waiting to be sent", sent: "Sent", delivered: "Delivered", read: "Read", failed: "Not sent" };

// One grey tick, two grey, two blue; a clock while it waits, a mark when it failed.
export function ticks(state) {
  const ticked = state === "sent" || state === "delivered" || state === "read";
  const svg = ticked ? drawing("0 0 16 14", state === "sent" ? ONE_TICK : TWO_TICKS) : icon(state);
  return el(`span.ticks.${state}`, { role: "img", "aria-label": SAID[state], title: SAID[state] }, svg);
}

// Only addresses that a tap may open: no script:, data: or file: from a message.
export function safeUrl(address) {
  try {
    const url = new URL(address, location.href);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
