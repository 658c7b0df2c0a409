// What one has signed, or waits for a second signature.
import { get } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { me } from "../core/me.js";
import { words } from "../core/problem.js";
import { Rows } from "./rows.js";

/** What one has signed, the newest first, a page more each time. */
export function Mine({ route, go, zone, turn }) {
  const [state, set] = useState({ rows: null, more: false, problem: null });
  const [pages, turnPages] = useState(1);
  useEffect(() => {
    let over = false;
    signedRows(pages).then((found) => !over && set({ ...found, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [pages, turn]);
  return html`${state.problem && html`<p class="note med pad" role="status">${words(state.problem)}</p>`}
    ${state.rows && html`<${Rows} rows=${state.rows} route=${route} go=${go} zone=${zone} />`}
    ${state.rows?.length === 0 && html`<p class="quiet pad">${t("You have signed no note yet.")}</p>`}
    ${state.more && html`<p class="pad"><button type="button" class="b s" onClick=${() => turnPages(pages + 1)}>${t("More of them")}</button></p>`}`;
}

const SIZE = 25;

async function signedRows(pages) {
  const ask = (status) => get("notes/", { author: me.get().id, status, ordering: "-signed_at", page: 1, page_size: Math.min(100, SIZE * pages) });
  const [waiting, signed] = await Promise.all([ask("cosign_pending"), ask("signed")]);
  const rows = [...waiting.results, ...signed.results].map((row) => ({
    key: row.id,
    note: row.id,
    name: row.client_name,
    kind: row.session_kind,
    number: row.session_number,
    starts_at: row.session_starts_at,
    age: row.status === "signed" ? "" : t("waits"),
    said: row.status === "signed" ? many(row.addenda.length, "{n} addendum", "{n} addenda") : t("Co-signature"),
    late: false,
  }));
  return { rows, more: !!signed.next && SIZE * pages < 100 };
}
