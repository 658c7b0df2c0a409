// What the parts of an account share: a list by pages, a form in a dialog with its one write, an amount as it is typed.
import { announce } from "../core/announce.js";
import { all, get } from "../core/api.js";
import { parse, wire } from "../core/cents.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { Problem, words } from "../core/problem.js";
import { useKeys } from "../core/keys.js";
import { Faults, Field, wrongOf } from "../desk/parts/fields.js";
import { unreadAmount, unsure } from "../till/words.js";
import { stateName } from "./words.js";

const SIZE = 50;

/**
 * The rows of a list, a page more each time somebody asks; asked anew when `turn` changes, and the old rows stay meanwhile.
 *
 * @param {string} path @param {Record<string, any>} query @param {any} turn
 */
export function useList(path, query, turn) {
  const [state, set] = useState({ rows: null, count: 0, problem: null });
  const [pages, turnPages] = useState(1);
  const [tries, tryAgain] = useState(0);
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    let over = false;
    pagesOf(path, query, pages).then(
      (found) => !over && set({ ...found, problem: null }),
      (problem) => !over && set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [key, pages, tries, turn]);
  return { ...state, more: () => turnPages(pages + 1), again: () => tryAgain(tries + 1) };
}

async function pagesOf(path, query, pages) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const found = await get(path, { ...query, page, page_size: SIZE });
    rows.push(...found.results);
    if (page >= pages || !found.next) return { rows, count: found.count };
  }
}

/** One answer, asked anew when `turn` changes. @param {string | null} path */
export function useOne(path, query, turn) {
  const [state, set] = useState({ data: null, problem: null });
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    let over = false;
    if (!path) return undefined;
    get(path, query).then((data) => !over && set({ data, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [key, turn]);
  return state;
}

/** All rows of a list, asked anew when `turn` changes. */
export function useAll(path, query, turn) {
  const [rows, set] = useState([]);
  useEffect(() => {
    let over = false;
    all(path, query).then((found) => !over && set(found), () => !over && set([]));
    return () => {
      over = true;
    };
  }, [path, turn]);
  return rows;
}

/** Why an entry is there; of a reversed one why it was reversed, which the entry says that reverses it. */
export function useWhy(path, row) {
  const by = useOne(row.reversed_by ? `${path}${row.reversed_by}/` : null, {}, 0).data;
  return by?.reason || row.reason;
}

/** The row of the address: of the list, else asked for alone. @param {string | null} path of one row */
export function useRow(list, path, id, turn) {
  const listed = list.rows?.find((row) => row.id === id);
  const alone = useOne(id && list.rows && !listed ? `${path}${id}/` : null, {}, turn);
  return listed ?? (id && alone.data?.id === id ? alone.data : null);
}

/** What a list cannot show, that it is empty, and how much more of it there is. @param {{list: any, empty: string}} props */
export function Foot({ list, empty }) {
  return html`${list.problem && html`<p class="note med pad" role="status"><${Icon} name="warn" /><span>${words(list.problem)}</span><button type="button" class="b s" onClick=${list.again}>${t("Try again")}</button></p>`}
    ${!list.rows && !list.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
    ${list.rows?.length === 0 && html`<p class="quiet pad">${empty}</p>`}
    ${list.rows?.length > 0 && html`<p class="pad row small quiet"><span>${t("{n} of {count}", { n: list.rows.length, count: list.count })}</span>
      ${list.rows.length < list.count && html`<button type="button" class="b s" onClick=${list.more}>${t("Show more")}</button>`}</p>`}`;
}

/** A refusal of what was typed, before anything is sent. */
export function wrong(name, detail) {
  return new Problem({ status: 400, code: "invalid", title: detail, errors: [{ pointer: `/${name}`, detail }] });
}

/** An amount above zero as it was typed, for the API. @throws {Problem} for anything else */
export function amountIn(form, name) {
  const cents = parse(form.get(name));
  if (cents === null) throw wrong(name, unreadAmount());
  if (cents <= 0) throw wrong(name, t("Type an amount above zero."));
  return wire(cents);
}

const MEND = {
  over_allocated: (why) => t("Allocate less: {why}", { why }),
  over_refunded: (why) => t("Refund less: {why}", { why }),
  over_adjusted: (why) => t("Take off less: {why}", { why }),
  must_reduce: (why) => t("Choose “takes off”: {why}", { why }),
  in_future: () => t("Choose today or an earlier day."),
  same_card_only: (why) => t("Choose the card that paid: {why}", { why }),
  not_hsa_eligible: (why) => t("Choose another way to pay: {why}", { why }),
};

/** The server's refusal with the verb that mends it; `named` says what a field is called here. */
function mended(problem, named) {
  if (!problem?.errors?.length) return problem;
  const errors = problem.errors.map((error) => ({
    ...error,
    pointer: named ? `/${named(error.pointer.slice(1))}` : error.pointer,
    detail: MEND[error.code]?.(error.detail) ?? error.detail,
  }));
  return new Problem({ ...problem, title: problem.title, errors });
}

/**
 * A form in a dialog and its one write. `bodyOf` answers the body, or throws what `wrong` makes.
 *
 * @param {{title: string, verb: string, path: string, labels: Record<string, string>, bodyOf: (form: FormData) => any,
 *   onDone: (row: any, replayed: boolean) => void, onClose: () => void, children: (wrong: Record<string, string>) => any, wide?: boolean,
 *   named?: (field: string) => string, how?: {method?: string, match?: string}}} props
 */
export function Form({ title, verb, path, labels, bodyOf, onDone, onClose, children, wide, named, how }) {
  const writing = useWrite((row, replayed) => {
    announce(t("It is on the server."));
    onDone(row, replayed);
  }, unsure);
  const problem = mended(writing.problem, named);
  function send(event) {
    event.preventDefault();
    try {
      writing.write(path, bodyOf(new FormData(event.target)), how);
    } catch (refused) {
      if (!(refused instanceof Problem)) throw refused;
      writing.fail(refused);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${wide}>
    <form onSubmit=${send} novalidate>
      <div class="db">
        <${Faults} problem=${problem} labels=${labels} />
        ${children(wrongOf(problem))}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${writing.busy || undefined}>${writing.busy ? t("Saving…") : verb}</button>
      </div>
    </form>
  <//>`;
}

/** A field for dollars. */
export function Amount(props) {
  return html`<${Field} inputmode="decimal" maxlength="14" ...${props} />`;
}

/**
 * Why something is reversed, voided or ended, in a dialog.
 *
 * @param {{title: string, verb: string, path: string, about: any, onDone: (row: any) => void, onClose: () => void}} props
 */
export function Why({ title, verb, path, about, onDone, onClose }) {
  const labels = { reason: t("Why?") };
  const bodyOf = (form) => ({ reason: said(form, "reason", t("Say why, in three letters or more.")) });
  return html`<${Form} title=${title} verb=${verb} path=${path} labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(wrongs) => html`<div>${about}</div><${Field} name="reason" label=${labels.reason} wrong=${wrongs} autofocus maxlength="1000" />`}
  <//>`;
}

/** Words that must be there. */
export function said(form, name, detail) {
  const text = String(form.get(name) ?? "").trim();
  if (text.length < 3) throw wrong(name, detail);
  return text;
}

/** @param {{status: string}} props */
export function State({ status }) {
  if (status === "standing" || status === "active") return null;
  const waits = status === "review";
  return html`<span class=${waits ? "chip med" : "chip"}>${waits && html`<${Icon} name="warn" />`}${stateName(status)}</span>`;
}

/** A button of a row in a list, which the arrow keys move along. */
export function Pick({ id, current, onChoose, children }) {
  return html`<button type="button" class="lnk" id=${`row-${id}`} aria-current=${current ? "true" : undefined} onClick=${onChoose}>${children}</button>`;
}

/** A paper, in a tab of its own; `small` within a list. @param {{href: string, small?: boolean, children?: any}} props */
export function Paper({ href, small, children }) {
  return html`<a class=${small ? "b s" : "b"} href=${href} target="_blank" rel="noopener"><${Icon} name="doc" />${children ?? t("Open the PDF")}</a>`;
}

/** Where nothing is chosen. */
export function Unchosen({ children }) {
  return html`<div class="wo"><p class="quiet pad">${children}</p></div>`;
}

/** The chosen row: what it is, and what may be done with it. @param {{title: string, aside?: any, foot?: any, children: any}} props */
export function Chosen({ title, aside, foot, children }) {
  return html`<section class="wo" aria-labelledby="object">
    <header class="row"><h2 class="grow h1" id="object">${title}</h2>${aside}</header>
    <div class="wb stack">${children}</div>
    ${foot && html`<footer class="row wrap">${foot}</footer>`}
  </section>`;
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

function readAddress() {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** What the address says, ids and choices alone, so that Back and a reload come back here; and how it is changed. */
export function useAddress() {
  const [said, set] = useState(readAddress);
  useEffect(() => {
    const back = () => set(readAddress());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change) => {
    const query = Object.entries({ ...readAddress(), ...change }).filter(([, value]) => value);
    const text = new URLSearchParams(Object.fromEntries(query)).toString();
    if (window.location.search === (text && `?${text}`)) return;
    history.pushState(null, "", window.location.pathname + (text && `?${text}`));
    set(readAddress());
  };
  return [said, go];
}
