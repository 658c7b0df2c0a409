// Parts that several lists of billing have.
import { Icon, html, useEffect } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { sentence, words } from "../core/problem.js";
import { lasting } from "../core/time.js";
import { hrefOf } from "./known.js";

/** What a list cannot show, or what came meanwhile: its rows stay as they were. */
export function Stand({ list }) {
  return html`${list.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(list.problem)} ${list.at > 0 && t("This is {age} old.", { age: lasting(Date.now() - list.at) })}</span><button type="button" class="b s" onClick=${list.again}>${t("Try again")}</button></p>`}
    ${list.waiting && html`<p class="came"><button type="button" class="b s" onClick=${list.release}>${t("There is something newer: show it")}</button></p>`}
    ${!list.data && !list.problem && html`<${Bars} />`}`;
}

/** Several lists that one table shows: what is wrong with any of them is said once. @param {any[]} lists */
export function together(lists) {
  const each = (act) => () => lists.forEach((list) => list[act]());
  return {
    problem: lists.map((list) => list.problem).find(Boolean) ?? null,
    waiting: lists.some((list) => list.waiting) || null,
    data: lists.every((list) => list.data) || null,
    at: Math.min(...lists.map((list) => list.at)),
    again: each("again"),
    release: each("release"),
  };
}

/** Grey bars in the shape of rows, after 300 ms. */
export function Bars() {
  return html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4, 5].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`;
}

/** A link within the page. @param {{said: object, go: (change: object) => void, change: object, children: any}} props */
export function To({ said, go, change, children }) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(change);
  };
  return html`<a href=${hrefOf(said, change)} onClick=${press}>${children}</a>`;
}

/** How much of a list is shown, and the way to more. */
export function More({ list }) {
  if (list.cut) return html`<p class="more small quiet">${t("The first {n} of {all} are shown: choose a shorter period.", { n: list.rows.length, all: list.count })}</p>`;
  if (!list.more) return null;
  return html`<p class="more small quiet">${t("{done} of {total}", { done: list.rows.length, total: list.count })} <button type="button" class="b s" onClick=${list.more}>${t("More rows")}</button></p>`;
}

/** Up and down through rows, in the order of the page. */
export function useSteps(ids, current, choose) {
  const step = (by) => () => {
    const next = ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(current) + by))];
    if (!next) return;
    choose(next);
    requestAnimationFrame(() => document.getElementById(`row-${next}`)?.focus());
  };
  useKeys({ ArrowUp: step(-1), ArrowDown: step(1) });
}

/** A row of a table: a link that opens it, and a press anywhere on it that does the same. */
export function Row({ id, current, href, open, first, name, children }) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.target.closest("input, label, button, a:not(.open)")) return;
    event.preventDefault();
    open(id);
  };
  return html`<tr class="r" aria-selected=${current ? "true" : undefined} onClick=${press}>
    ${first}
    <td class="nm"><a class="open" id=${`row-${id}`} href=${href} aria-current=${current ? "true" : undefined}>${name}</a></td>
    ${children}
  </tr>`;
}

/** What was refused, and each thing that it names; it takes the focus. @param {{problem: any, lines?: {code: string}[], children?: any}} props */
export function Refused({ problem, lines = [], children }) {
  useEffect(() => {
    if (problem) document.getElementById("refused")?.focus();
  }, [problem]);
  if (!problem) return null;
  const named = (problem.errors ?? []).map((error) => ({ ...error, line: lines[Number(error.pointer.split("/")[2])] }));
  return html`<div class="note high" role="alert" tabindex="-1" id="refused"><${Icon} name="stop" /><div class="grow">
    ${named.length ? named.map((error) => html`<p key=${error.pointer + error.code}>${error.line && html`<b>${error.line.code}: </b>`}${error.code === "units_above" && error.line?.rule ? t("it is already charged.") : sentence(error)}</p>`) : html`<p>${words(problem)}</p>`}
    ${children}
  </div></div>`;
}

/** "3 lines", or the one code. @param {{code: string, units: number}[]} services */
export function servicesName(services) {
  if (!services.length) return "–";
  if (services.length === 1) return services[0].code;
  return many(services.length, "{n} line", "{n} lines");
}
