// Parts of a page that are fetched when they are first opened, so that the page itself is small.
import { html, useEffect, useState } from "./h.js";
import { Dialog } from "./dialog.js";
import { t } from "./i18n.js";
import { holdKeys } from "./keys.js";

/**
 * @param {() => Promise<object>} fetch `import(…)` of a literal path: only such a path leads to the collected file
 * @param {string} name what the module exports
 * @param {{early?: boolean}} [options] `early`: fetched in the page's first idle moment, for whoever opens it when the network
 *   is gone
 */
export function lazy(fetch, name, { early = false } = {}) {
  let known = null;
  const bring = () => fetch().then((module) => (known = module[name]));
  if (early) whenIdle(() => bring().catch(() => {}));
  return function Part(props) {
    const [state, set] = useState(known ? "here" : "waiting");
    useEffect(() => (known || state !== "waiting" ? undefined : holdKeys()), [state]);
    useEffect(() => {
      if (known) return;
      bring().then(
        () => set("here"),
        () => set("lost"),
      );
    }, []);
    if (known) return html`<${known} ...${props} />`;
    if (state === "waiting") return null;
    return html`<${Dialog} title=${t("Not loaded")} onClose=${props.onClose}>
      <p class="db">${t("This part of the page could not be fetched. Close it, and open it again when the network is back.")}</p>
    <//>`;
  };
}

function whenIdle(act) {
  if (window.requestIdleCallback) requestIdleCallback(act);
  else setTimeout(act, 2000);
}
