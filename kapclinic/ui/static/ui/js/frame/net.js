// The network badge: what is not on the server yet, and what stops it from getting there.
import { Icon, html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { me } from "../core/me.js";
import { store, useStore } from "../core/store.js";
import { lasting, now } from "../core/time.js";
import { mine, outbox, signedOut } from "../outbox/outbox.js";

/** Does the browser say that there is a network? What counts is an answer: see `outbox`. */
const wired = store(navigator.onLine);
for (const name of ["online", "offline"]) window.addEventListener(name, () => wired.set(navigator.onLine));

const LONG = 30 * 60000; // so old, an unsent item is worth a louder word

export function useNow(ms = 1000) {
  const [at, set] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => set(now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return at;
}

export function NetBadge({ onOpen }) {
  const items = mine(useStore(outbox));
  useStore(me);
  const [online, out, at] = [useStore(wired), useStore(signedOut), useNow(10000)];
  const rejected = items.filter((item) => item.state === "rejected").length;
  if (out && items.length) {
    return html`<button type="button" class="net out" onClick=${() => signedOut.set(true)}>
      <${Icon} name="lock" />${t("Sign in to send {n}", { n: items.length })}
    </button>`;
  }
  if (!items.length) {
    return html`<span class=${online ? "net" : "net off"}>
      <${Icon} name=${online ? "wifi" : "off"} /><span class="wd">${online ? t("Online") : t("Offline")}</span>
    </span>`;
  }
  const oldest = at - items[0].at;
  const count = many(items.length, "{n} on this tablet", "{n} on this tablet");
  const said = !online ? t("Offline") : items[0].tries ? t("Not sent yet") : t("Sending");
  return html`<button type="button" class="net off" onClick=${onOpen}>
    <${Icon} name=${rejected ? "warn" : "off"} />
    ${rejected ? t("{n} refused", { n: rejected }) : said} · ${count}${oldest > 60000 && `, ${t("oldest {age}", { age: lasting(oldest) })}`}
    ${oldest > LONG && html` <b>${t("tell somebody")}</b>`}
  </button>`;
}
