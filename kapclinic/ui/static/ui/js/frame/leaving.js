// Signing out, and what stays on the tablet then.
import { Dialog } from "../core/dialog.js";
import { html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { leave } from "../core/me.js";
import { unsaved, useStore } from "../core/store.js";
import { mine, outbox } from "../outbox/outbox.js";

/** Without a network nobody is signed out: that is said, and tried again for as long as it stands here. */
export function Leaving({ onClose }) {
  const left = mine(useStore(outbox)).length;
  const here = useStore(unsaved);
  const [state, set] = useState({ sure: false, problem: null });
  const goes = state.sure || (!left && !here);
  useEffect(() => {
    if (!goes) return undefined;
    const out = () => leave().catch((problem) => (problem.passing ? set({ sure: true, problem }) : location.assign("/sign-in")));
    out();
    const timer = setInterval(out, 5000);
    return () => clearInterval(timer);
  }, [goes]);
  if (!left && !here && !state.problem) return null;
  return html`<${Dialog} title=${t("Sign out")} onClose=${onClose}>
    <div class="db">
      ${left > 0 && html`<p>${many(left, "{n} entry is on this tablet and not on the server.", "{n} entries are on this tablet and not on the server.")}</p>
      <p>${t("They stay here, and are sent when you sign in at this tablet again.")}</p>`}
      ${here > 0 && html`<p class="note high" role="alert">${t("Words of a note are on this page alone. Whoever signs out now loses them.")}</p>`}
      ${state.problem && html`<p class="note high" role="alert">${t("No answer from the server: you are still signed in here, and what is written now is under your name. Leave this open: you are signed out once it answers.")}</p>`}
    </div>
    <div class="df">
      <button type="button" class="b" disabled=${goes || undefined} onClick=${() => set({ sure: true, problem: null })}>${goes ? t("Signing out…") : t("Sign out all the same")}</button>
      <button type="button" class="b go" onClick=${onClose}>${t("Stay")}</button>
    </div>
  <//>`;
}
