// @ts-check
// The life of a token as a bar, from when it was issued to when it ends, with a mark where now is.
import { TIMES, dateOf, instant } from "./check-claims.js";
import { make } from "./dom.js";

const WORDS = /** @type {Record<string, string>} */ ({ iat: "issued", nbf: "not before", exp: "expires", auth_time: "signed in" });

/** How much of the bar is kept free at each end, so that a mark there is seen: a share of its length. */
const MARGIN = 0.04;

/** @param {Readonly<Record<string, unknown>>} payload */
export function timesBar(payload) {
  const now = Date.now() / 1000;
  const times = TIMES.flatMap((name) => {
    const at = instant(payload[name]);
    return at === undefined ? [] : [{ name, at }];
  });
  // A sign-in of last week would leave no room for the token itself.
  const drawn = times.filter(({ name }) => name !== "auth_time");
  const all = [now, ...drawn.map(({ at }) => at)];
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const place = (/** @type {number} */ at) => {
    const share = last === first ? 0.5 : (at - first) / (last - first);
    return `${(100 * (MARGIN + share * (1 - 2 * MARGIN))).toFixed(2)}%`;
  };

  const begin = instant(payload.nbf) ?? instant(payload.iat);
  const end = instant(payload.exp);
  const life = make("span.life", {});
  if (begin !== undefined && end !== undefined && begin <= end) {
    life.style.left = place(begin);
    life.style.right = `calc(100% - ${place(end)})`;
  }
  life.hidden = life.style.left === "";
  const marks = [...drawn.map(({ name, at }) => mark(name, name, place(at))), mark("now", "now", place(now))];
  const isOver = end !== undefined && end <= now;
  const state = isOver || (begin !== undefined && begin > now) ? "outside" : "inside";
  return make(
    "section.times",
    { "aria-labelledby": "times-title", "data-testid": "check-times", "data-now": state },
    make("h3", { id: "times-title" }, "Its time"),
    // The list below says the same in words.
    make("div.bar-of-time", { "aria-hidden": "true" }, life, ...marks),
    make(
      "ul",
      {},
      ...times.map(({ name, at }) =>
        make("li", { "data-time": name }, make("b", {}, name === "exp" && isOver ? "expired" : WORDS[name]), ` ${relative(at - now)}`, make("small", {}, dateOf(at))),
      ),
    ),
  );
}

/** @param {string} kind @param {string} label @param {string} left */
function mark(kind, label, left) {
  const made = make("span.mark", { "data-mark": kind }, make("span", {}, label));
  made.style.left = left;
  return made;
}

const inWords = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {number} seconds from now */
function relative(seconds) {
  const units = /** @type {const} */ ([["day", 86_400], ["hour", 3600], ["minute", 60]]);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? /** @type {const} */ (["second", 1]);
  return inWords.format(Math.trunc(seconds / length), unit);
}
