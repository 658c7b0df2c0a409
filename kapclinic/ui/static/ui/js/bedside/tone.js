// A tone when a reading is due: chosen per device, and honest where the browser will not play it.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { store, useStore } from "../core/store.js";

export const tone = store(localStorage.getItem("kap.tone") === "on");
const blocked = store(false);
let context = null;

export async function ring() {
  if (!tone.get()) return;
  context ??= new AudioContext();
  if (context.state === "suspended") await context.resume().catch(() => {});
  blocked.set(context.state !== "running");
  if (blocked.get()) return;
  for (const [start, pitch] of [[0, 660], [0.22, 880]]) {
    const [sound, gain] = [context.createOscillator(), context.createGain()];
    sound.frequency.value = pitch;
    gain.gain.setValueAtTime(0.12, context.currentTime + start);
    gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + start + 0.2);
    sound.connect(gain).connect(context.destination);
    sound.start(context.currentTime + start);
    sound.stop(context.currentTime + start + 0.2);
  }
}

export function Tone() {
  const [on, silent] = [useStore(tone), useStore(blocked)];
  const [, again] = useState(0);
  const turn = (to) => {
    localStorage.setItem("kap.tone", to ? "on" : "off");
    tone.set(to);
    if (to) ring().then(() => again((n) => n + 1)); // a press is what a browser wants before it plays anything
  };
  return html`<div class="row small quiet tone" role="group" aria-label=${t("Tone at due")}>
    <${Icon} name="bell" /> <span aria-hidden="true">${t("Tone at due")}</span>
    <span class="seg">
      <button type="button" aria-pressed=${on} onClick=${() => turn(true)}>${t("On")}</button>
      <button type="button" aria-pressed=${!on} onClick=${() => turn(false)}>${t("Off")}</button>
    </span>
    ${on && silent && html`<span class="chip med">${t("the browser blocks it: press On")}</span>`}
  </div>`;
}
