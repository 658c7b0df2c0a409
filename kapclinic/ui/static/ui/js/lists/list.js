// A list by pages or whole, one answer, and what stands below a list; asked anew when somebody says so.
import { all, get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";

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

/** What a list cannot show, that it is empty, and how much more of it there is. @param {{list: any, empty: string}} props */
export function Foot({ list, empty }) {
  return html`${list.problem && html`<p class="note med pad" role="status"><${Icon} name="warn" /><span>${words(list.problem)}</span><button type="button" class="b s" onClick=${list.again}>${t("Try again")}</button></p>`}
    ${!list.rows && !list.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
    ${list.rows?.length === 0 && html`<p class="quiet pad">${empty}</p>`}
    ${list.rows?.length > 0 && html`<p class="pad row small quiet"><span>${t("{n} of {count}", { n: list.rows.length, count: list.count })}</span>
      ${list.rows.length < list.count && html`<button type="button" class="b s" onClick=${list.more}>${t("Show more")}</button>`}</p>`}`;
}

/** A paper, in a tab of its own; `small` within a list. @param {{href: string, small?: boolean, children?: any}} props */
export function Paper({ href, small, children }) {
  return html`<a class=${small ? "b s" : "b"} href=${href} target="_blank" rel="noopener"><${Icon} name="doc" />${children ?? t("Open the PDF")}</a>`;
}
