// Parts of a page that are fetched when they are first opened.
import { html, useEffect, useLayoutEffect, useState } from "./h.js";
import { Dialog } from "./dialog.js";
import { t } from "./i18n.js";
import { holdKeys } from "./keys.js";

/**
 * @param {() => Promise<object>} fetch `import(…)` of a literal path: only such a path leads to the collected file
 * @param {string} name what the module exports
 * @param {{early?: boolean, pane?: boolean}} [options] `early`: fetched when idle; `pane`: no dialog
 */
export function lazy(fetch, name, { early = false, pane = false } = {}) {
  let known = null;
  const bring = () => fetch().then((module) => (known = module[name]));
  if (early) whenIdle(() => bring().catch(() => {}));
  return function Part(props) {
    const [state, set] = useState(known ? "here" : "waiting");
    // Let go as it is drawn: whoever sees the part can press its keys.
    useLayoutEffect(() => (known || pane || state !== "waiting" ? undefined : holdKeys()), [state]);
    useEffect(() => {
      if (state !== "waiting") return; // it may be here by now
      bring().then(
        () => set("here"),
        // if the server answers, an upgrade took the file
        () => window.fetch("/healthz").then(({ ok }) => set(ok ? "old" : "lost"), () => set("lost")),
      );
    }, [state]);
    if (known) return html`<${known} ...${props} />`;
    if (state === "waiting") return null;
    const old = state === "old" && t("Something went wrong on this page. Reload it.");
    if (pane) return html`<p class="note med" role="status"><span>${old || t("No answer from the server")}</span><button type="button" class="b s" onClick=${() => set("waiting")}>${t("Try again")}</button></p>`;
    return html`<${Dialog} title=${t("Not loaded")} onClose=${props.onClose}>
      <p class="db">${old || t("This part of the page could not be fetched. Close it, and open it again when the network is back.")}</p>
    <//>`;
  };
}

function whenIdle(act) {
  if (window.requestIdleCallback) requestIdleCallback(act);
  else setTimeout(act, 2000);
}
