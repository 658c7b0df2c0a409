// A worklist and one object: rows by what runs out next on the left, the chosen one on the right with its one filled button.
import { Icon, html, useEffect, useRef } from "../../core/h.js";
import { many, t } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { words } from "../../core/problem.js";
import { clock, dayIn, dayShort, lasting } from "../../core/time.js";

const DAY = 24 * 3600000;

/** A span in words, in days where hours say little. */
export function span(ms) {
  const days = Math.floor(ms / DAY);
  return days < 2 ? lasting(ms) : many(days, "{n} day", "{n} days");
}

/** "in 12 min", or how late it is. */
export function due(moment, at) {
  const left = Date.parse(moment) - at;
  return left > 0 ? t("in {time}", { time: span(left) }) : t("{time} late", { time: span(-left) });
}

/** "Tue 1 Dec 13:00" */
export function when(moment, zone) {
  return `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;
}

/** "Tue 1 Dec 13:00–16:00" */
export function whenTo(row, zone) {
  return `${when(row.starts_at, zone)}–${clock(row.ends_at, zone)}`;
}

/** Up and down through rows, which are in the order of the page. */
export function useRows(ids, chosen, choose) {
  const step = (by) => () => {
    const next = ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(chosen) + by))];
    if (!next || next === chosen) return;
    choose(next);
    requestAnimationFrame(() => document.getElementById(`row-${next}`)?.focus());
  };
  useKeys({ ArrowUp: step(-1), ArrowDown: step(1) });
}

/** A row that was settled takes the focus with it: the next one gets it. @returns {() => void} to be called once it is settled */
export function useNextFocus(data) {
  const wanted = useRef(false);
  useEffect(() => {
    if (!wanted.current) return;
    wanted.current = false;
    /** @type {HTMLElement | null} */ (document.querySelector(".il [aria-current]"))?.focus();
  }, [data]);
  return () => {
    wanted.current = true;
  };
}

/** @param {{id: string, current: boolean, late?: boolean, name: string, age: string, text: string, onChoose: () => void}} props */
export function Row({ id, current, late, name, age, text, onChoose }) {
  return html`<button type="button" id=${`row-${id}`} aria-current=${current ? "true" : undefined} onClick=${onChoose}>
    <span class="row"><b class="cut grow">${name}</b><span class=${late ? "age high" : "age"}>${late && html`<${Icon} name="stop" />`}${age}</span></span>
    <span class="small quiet">${text}</span>
  </button>`;
}

/** What a list cannot show, or what came meanwhile: its rows stay as they were. */
export function Stand({ poll }) {
  return html`${poll.problem && html`<p class="note med pad" role="status"><${Icon} name="warn" /><span>${words(poll.problem)} ${poll.at > 0 && t("What you see is {age} old.", { age: lasting(Date.now() - poll.at) })}</span><button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`}
    ${poll.waiting && html`<p class="pad"><button type="button" class="b s" onClick=${poll.release}>${t("There is something newer: show it")}</button></p>`}
    ${!poll.data && !poll.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}`;
}

/** @param {{title: string, aside?: any, foot?: any, children: any}} props */
export function Chosen({ title, aside, foot, children }) {
  return html`<section class="wo" aria-labelledby="object">
    <header class="row"><h1 class="grow" id="object">${title}</h1>${aside}</header>
    <div class="wb stack">${children}</div>
    ${foot && html`<footer class="row wrap">${foot}</footer>`}
  </section>`;
}
