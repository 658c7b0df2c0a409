// An order above the cap: a second prescriber reads why, and approves it or writes another order.
import { all } from "../core/api.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useKept } from "../care/loaded.js";
import { Before, Order, loadOrder } from "./order.js";
import { Form, Refusal, Send, Where, Words, toFault, tooShort } from "../care/parts.js";
import { Who, when } from "../care/who.js";

export async function loadCap(row) {
  const [order, orders] = await Promise.all([loadOrder(row), all("orders/", { program: row.program, waits: "true" })]);
  return { ...order, waiting: orders.find((one) => one.id === row.subject.id) ?? null };
}

const bare = (text) => String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

export function Cap({ row, about, subject, onDone }) {
  const [other, write2] = useState(false);
  const [form, set] = useKept(row.subject.id, { why: "" });
  const [tried, tell] = useState(false);
  const write = useWrite(() => onDone(t("The dose above the cap is approved.")));
  const order = subject.waiting;
  if (other) return html`<${Order} row=${{ ...row, subject: { ...row.subject, id: `${row.subject.id} anew` } }} about=${about} subject=${subject} onDone=${onDone} onBack=${order && (() => write2(false))} />`;
  if (!order) return html`<section class="de"><${Who} about=${about} /><p class="empty">${t("This order waits for nobody any more.")}</p></section>`;
  function send() {
    tell(true);
    if (tooShort(form.why)) return toFault();
    return write.write(`sessions/${order.session}/orders/${order.id}/approve-cap/`, { reason: form.why.trim() });
  }
  return html`<section class="de">
    <${Who} about=${about} />
    <${Form} label=${t("Approval")} onSend=${send}>
      <div class="de-b pad">
        <h2 class="h1">${t("{mg} mg of {drug}, above the cap", { mg: bare(order.dose_mg), drug: order.drug })}</h2>
        <dl class="dl"><dt>${t("For the dose of")}</dt><dd>${when(order.starts_at, about.zone)}</dd>
          <dt>${t("Ordered by")}</dt><dd>${order.assigned_to}, ${when(order.created_at, about.zone)}</dd>
          <dt>${t("In all at most")}</dt><dd>${bare(order.max_total_mg)} mg</dd>
          <dt>${t("Protocol's cap")}</dt><dd>${about.protocol.dose.cap} ${about.protocol.dose.unit}</dd>
          <dt>${t("Why above the cap?")}</dt><dd>${order.above_cap_reason}</dd></dl>
        ${order.warnings.map((one) => html`<p key=${one.code} class="note med"><${Icon} name="warn" />${one.detail}</p>`)}
        <${Before} orders=${subject.orders.filter((one) => one.id !== order.id)} zone=${about.zone} />
        <div><button type="button" class="b" onClick=${() => write2(true)}>${t("Write another order instead")}</button></div>
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        <${Words} id="cap-why" label=${t("Why do you approve it?")} value=${form.why} set=${(why) => set({ why })} wrong=${tried && tooShort(form.why) ? t("Say why.") : ""} />
        <div class="end"><${Where} write=${write} dirty=${form.why} /><${Send} busy=${write.busy} word=${t("Approve")} /></div>
      </footer>
    <//>
  </section>`;
}
